"""A model in the form of skops read without trust: its nodes followed by us, and nothing called.

skops' own reader looks at types alone, and hands what it finds to compiled code that follows the
indices in it; so it is not used. A file is an archive with a tree of JSON, in which each node says
what loads it, and with the arrays that the tree names (skops.io, protocol 2). What a node describes
is made by `rebuilt`, as what a pickle describes is, and `looked` goes through all that came of it.
"""

from __future__ import annotations

import io
import json
import math
import tokenize
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from snapbook.flavors import looked, neighbours, rebuilt
from snapbook.flavors.allowed import COMPILED
from snapbook.flavors.arrays import Name, NotAllowed

_PROTOCOL = 2
_SCHEMA = "schema.json"
_LONGEST_TREE = 256 << 20  # bytes of JSON
_PLAIN = (type(None), bool, int, float, str)
_KEYS: Mapping[str, Callable[[str], Any]] = {"str": str, "int": int, "float": float}


def load(data: bytes) -> Any:
    """The model that ``data`` describes, if it is one that nobody has to be trusted for.

    Raises NotAllowed, which says what is more than that, or that it is no such file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            tree, files = _opened(archive, len(data))
            found = _Reader(archive, files).made(tree)
    except (
        zipfile.BadZipFile,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RuntimeError,  # of archives that are encrypted or newer, and of trees that are too deep
        EOFError,
        SyntaxError,
        tokenize.TokenError,  # numpy reads what an array is as if it were Python
    ) as error:
        # Of a file that skops did not write; MemoryError is the user's to see.
        raise NotAllowed("it is put together as skops does not") from error
    looked.check(found)
    return found


def _opened(archive: zipfile.ZipFile, size: int) -> tuple[Any, set[str]]:
    """The tree, and the names of the files beside it, none of which is packed or there twice."""
    listed = archive.infolist()
    names = {one.filename for one in listed}
    # What is packed may be of any size when it is unpacked.
    stored = all(one.compress_type == zipfile.ZIP_STORED for one in listed)
    if not stored or len(names) != len(listed) or sum(one.file_size for one in listed) > size:
        raise NotAllowed("it is packed as skops does not")
    if archive.getinfo(_SCHEMA).file_size > _LONGEST_TREE:
        raise NotAllowed("it is longer than a model is")
    tree = json.loads(archive.read(_SCHEMA))
    if type(tree) is not dict or tree.get("protocol") != _PROTOCOL:
        raise NotAllowed("it was written by another skops")
    return tree, names - {_SCHEMA}


class _Reader:
    """One file: what in it was not read yet, and what was made of its nodes, by their numbers."""

    def __init__(self, archive: zipfile.ZipFile, files: set[str]) -> None:
        self._archive = archive
        self._unread = files
        self._known: dict[int, Any] = {}
        self._loaders: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            "JsonNode": _plain,
            "DictNode": self._table,
            "ListNode": self._list,
            "TupleNode": self._tuple,
            "SetNode": self._set,
            "SliceNode": _slice,
            "BytesNode": self._file,
            "TypeNode": _named,
            "FunctionNode": lambda node: Name(_text(node)),
            "NdArrayNode": self._array,
            "MaskedArrayNode": self._masked,
            "DTypeNode": lambda node: self.made(node["content"]).dtype,
            "RandomStateNode": self._random,
            "RandomGeneratorNode": self._generator,
            "ObjectNode": self._object,
            "TreeNode": self._tree,
            "LossNode": self._loss,
        }

    def made(self, node: Any) -> Any:
        """What ``node`` describes; one that stands in several places is one object."""
        number = node.get("__id__")
        if type(number) is int and number in self._known:
            return self._known[number]
        load = self._loaders.get(node["__loader__"])
        if load is None:
            raise NotAllowed(f"it keeps {_text(node).replace(':', '.')}")
        found = load(node)
        if type(number) is int:
            self._known[number] = found
        return found

    def _all(self, nodes: Any) -> list[Any]:
        if type(nodes) is not list:
            raise NotAllowed("it is put together as skops does not")
        return [self.made(one) for one in nodes]

    def _table(self, node: Mapping[str, Any]) -> Any:
        if _text(node) == "builtins:dict":
            target: Any = {}
        else:
            target = rebuilt.made(Name(_text(node)), ())
            if not looked.is_table(target):
                raise NotAllowed(f"it keeps {_text(node).replace(':', '.')}")
        kinds = node["key_types"]["content"]
        for kind, (key, one) in zip(kinds, node["content"].items(), strict=True):
            dict.__setitem__(target, _key(kind, key), self.made(one))
        return target

    def _list(self, node: Mapping[str, Any]) -> list[Any]:
        return self._all(_own(node, "builtins:list")["content"])

    def _tuple(self, node: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(self._all(_own(node, "builtins:tuple")["content"]))

    def _set(self, node: Mapping[str, Any]) -> set[Any]:
        items = self._all(_own(node, "builtins:set")["content"])
        if not all(type(one) in _PLAIN for one in items):
            raise NotAllowed("a key in it is no plain one")
        return set(items)

    def _file(self, node: Mapping[str, Any]) -> bytes:
        """What lies beside the tree, once: what is one object has one number."""
        if node["file"] not in self._unread:
            raise NotAllowed("it is put together as skops does not")
        self._unread.discard(node["file"])
        return self._archive.read(node["file"])

    def _array(self, node: Mapping[str, Any]) -> Any:
        if node["type"] == "json":
            return self._objects(_own(node, "numpy:ndarray"))
        found = _numbers(self._file(node))
        if _text(node) == "numpy:ndarray":
            return found
        number = found[()]
        if found.shape or f"numpy:{type(number).__name__}" != _text(node):
            raise NotAllowed("a number in it is none")
        return number

    def _objects(self, node: Mapping[str, Any]) -> Any:
        """An array of objects: lists in lists, as deep as its shape is long."""
        import numpy

        shape, items = self.made(node["shape"]), self._all(node["content"])
        if type(shape) is not tuple or not all(type(size) is int for size in shape):
            raise NotAllowed("an array in it has no shape")
        for size in shape[1:]:
            if not all(type(one) is list and len(one) == size for one in items):
                raise NotAllowed("an array in it is not as large as it says")
            items = [one for inner in items for one in inner]
        if math.prod(shape) != len(items):
            raise NotAllowed("an array in it is not as large as it says")
        found = numpy.empty(len(items), object)
        for place, one in enumerate(items):  # at once numpy would look into each
            found[place] = one
        return found.reshape(shape)

    def _masked(self, node: Mapping[str, Any]) -> Any:
        import numpy

        _own(node, "numpy.ma:MaskedArray", "numpy.ma.core:MaskedArray")
        data, mask = (self.made(node["content"][name]) for name in ("data", "mask"))
        if type(data) is not numpy.ndarray or not isinstance(mask, numpy.ndarray | numpy.bool_):
            raise NotAllowed("an array in it has a state that is none")
        if mask.dtype != bool or mask.shape not in ((), data.shape):
            raise NotAllowed("an array in it is not as large as it says")
        return numpy.ma.MaskedArray(data, mask)

    def _random(self, node: Mapping[str, Any]) -> Any:
        import numpy

        _own(node, "numpy.random.mtrand:RandomState")
        return rebuilt.given(numpy.random.RandomState(0), self.made(node["content"]))

    def _generator(self, node: Mapping[str, Any]) -> Any:
        _own(node, "numpy.random._generator:Generator")
        state = self.made(node["content"]["bit_generator"])
        kind = Name(f"numpy.random._pcg64:{state['bit_generator']}")
        bits = rebuilt.called(Name("numpy.random._pickle:__bit_generator_ctor"), (kind,))
        bits = rebuilt.given(bits, state)
        return rebuilt.called(Name("numpy.random._pickle:__generator_ctor"), (bits,))

    def _object(self, node: Mapping[str, Any]) -> Any:
        text = _text(node)
        if (maker := neighbours.maker(text)) is not None:
            target = rebuilt.called(Name(maker), (Name(text),))
        else:
            target = rebuilt.made(Name(text), ())
        state = self.made(node["content"]) if "content" in node else None
        return target if state is None else rebuilt.given(target, state)

    def _tree(self, node: Mapping[str, Any]) -> Any:
        args = self.made(node["__reduce__"]["args"])
        return rebuilt.given(rebuilt.called(Name(_text(node)), args), self.made(node["content"]))

    def _loss(self, node: Mapping[str, Any]) -> Any:
        """What is compiled, with a number or two, or with nothing beside its class."""
        text, args = _text(node), self.made(node["__reduce__"]["args"])
        maker = text if text in COMPILED else text.replace(":", ":__pyx_unpickle_")
        return rebuilt.called(Name(maker), args)


def _text(node: Mapping[str, Any]) -> str:
    """The class of ``node`` as its module and name."""
    module, name = node["__module__"], node["__class__"]
    if type(module) is not str or type(name) is not str:
        raise NotAllowed("it names what is no name")
    return f"{module}:{name}"


def _own(node: Mapping[str, Any], *texts: str) -> Mapping[str, Any]:
    """``node``, which is of a class that is called so."""
    if _text(node) not in texts:
        raise NotAllowed(f"it keeps {_text(node).replace(':', '.')}")
    return node


def _plain(node: Mapping[str, Any]) -> Any:
    found = json.loads(node["content"])
    if type(found) not in _PLAIN:
        raise NotAllowed("it is put together as skops does not")
    return found


def _named(node: Mapping[str, Any]) -> Any:
    return rebuilt.named(_text(node))


def _key(kind: Mapping[str, Any], key: str) -> Any:
    """A key of a table, which is a text in the file, as what it was."""
    module, name = kind["__module__"], kind["__class__"]
    if module == "builtins" and name in _KEYS:
        return _KEYS[name](key)
    number = rebuilt.named(f"{module}:{name}")
    if type(number) is not type:
        raise NotAllowed("a key in it is no plain one")
    return number(key)


def _slice(node: Mapping[str, Any]) -> Any:
    told = node["content"]
    args = tuple(told[name] for name in ("start", "stop", "step"))
    return rebuilt.called(Name("builtins:slice"), args)


def _numbers(data: bytes) -> Any:
    """The array in a file of numpy's, if it is as large as it says."""
    import numpy

    source = io.BytesIO(data)
    version = numpy.lib.format.read_magic(source)
    if version != (1, 0):
        raise NotAllowed("an array in it has records that do not fit")
    shape, fortran, dtype = numpy.lib.format.read_array_header_1_0(source)
    start = source.tell()
    if dtype.hasobject or dtype.subdtype is not None:
        raise NotAllowed("an array in it is made of what is no number")
    if len(data) - start != math.prod(shape) * dtype.itemsize or min(shape, default=0) < 0:
        raise NotAllowed("an array in it is not as large as it says")
    if len(data) == start:
        return numpy.empty(shape, dtype, "F" if fortran else "C")
    found = numpy.frombuffer(bytearray(data[start:]), dtype)
    return found.reshape(shape, order="F" if fortran else "C")
