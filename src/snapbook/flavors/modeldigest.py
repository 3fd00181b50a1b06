"""The model digest: equal for the same fit in two processes, whatever their hash seed and memory.

A pickle of one model differs between processes: what is shared and interned, the order of sets, the
bytes between the fields of records. Here the object is walked as pickling would, but each object is
hashed with the digests of what it holds (Merkle, 1987), so that sharing changes nothing and costs
nothing; a cycle is written as the number of levels up. Dicts keep their order, for it may be a
network's; attributes do not. Clocks of a search are left out (mean_fit_time and the like).
A budget of time and bytes stops what explodes: then the caller takes the digest of the stored bytes.
"""

from __future__ import annotations

import copyreg
import pickle
import struct
import sys
import time
import types
from collections.abc import Callable, Mapping
from typing import Any

from blake3 import blake3

from snapbook.flavors import byvalue, records, tensors

SECONDS = 2.0  # of this thread's processor time
_FLAT = frozenset({type(None), bool, int, float, str, bytes, complex})
_LARGE = 4096
_CLOCKS = frozenset({"mean_fit_time", "std_fit_time", "mean_score_time", "std_score_time"})
_TIMED = frozenset({"refit_time_"})
_NEVER = 1 << 60


class PastBudget(Exception):
    """The walk took longer, or met more bytes, than it may."""


def model_digest(
    model: object, known: Mapping[tuple[int, int], str], most_bytes: int, seconds: float = SECONDS
) -> str | None:
    """The canonical digest of ``model`` (64 hex digits); None where the budget does not reach.

    ``known`` gives the digest of buffers by address and length; their memory must be held by the
    caller. Objects that do not let themselves be walked give None, too.
    """
    walk = _Walk(known, most_bytes, time.thread_time() + seconds)
    try:
        return blake3(walk.node(model)).hexdigest()
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - the user's own __reduce__ may raise anything
        return None


class _Walk:
    """One walk: what was seen already, the path to where it is, and what is left of the budget."""

    def __init__(
        self, known: Mapping[tuple[int, int], str], most_bytes: int, deadline: float
    ) -> None:
        self.known = known
        self.bytes_left = most_bytes
        self.deadline = deadline
        self.count = 0
        self.memo: dict[int, bytes] = {}
        self.alive: list[object] = []  # an id is only an identity while its object lives
        self.path: dict[int, int] = {}
        self.lowest = _NEVER  # the outermost level that the present object refers back to
        self.dtypes: dict[Any, bytes] = {}
        self.cases: dict[type, Callable[[Any], bytes]] = {
            list: self._items,
            tuple: self._items,
            dict: self._dict,
            set: self._set,
            frozenset: self._set,
            bytearray: lambda obj: self._hash(b"bytes", [bytes(obj)]),
            pickle.PickleBuffer: lambda obj: self._buffer(b"buffer", obj.raw()),
            types.FunctionType: lambda obj: self._named(obj, byvalue.function_parts),
            types.BuiltinFunctionType: lambda obj: self._builtin(obj),
            types.ModuleType: lambda obj: self._hash(b"module", [obj.__name__.encode()]),
            types.CodeType: lambda obj: self._hash(
                b"code", map(self.node, byvalue.code_parts(obj))
            ),
            types.CellType: lambda obj: self._hash(
                b"cell", map(self.node, byvalue.cell_parts(obj))
            ),
            property: lambda obj: self._hash(
                b"property", map(self.node, (obj.fget, obj.fset, obj.fdel))
            ),
            staticmethod: lambda obj: self._hash(b"static", [self.node(obj.__func__)]),
            classmethod: lambda obj: self._hash(b"class", [self.node(obj.__func__)]),
        }
        if (numpy := sys.modules.get("numpy")) is not None:
            self.cases |= {numpy.ndarray: self._array, numpy.ma.MaskedArray: self._masked}
            self.scalar = numpy.generic
        else:
            self.scalar = ()
        if (torch := sys.modules.get("torch")) is not None and hasattr(torch, "nn"):
            self.cases |= {torch.Tensor: self._tensor, torch.nn.Parameter: self._tensor}

    def node(self, obj: Any) -> bytes:
        """What stands for ``obj`` in the hash of the object that holds it."""
        kind = type(obj)
        if kind in _FLAT:
            return self._atom(obj, kind)
        identity = id(obj)
        if (seen := self.memo.get(identity)) is not None:
            return seen
        level = len(self.path)
        if (above := self.path.get(identity)) is not None:
            self.lowest = min(self.lowest, above)
            return b"up %d" % (level - above)
        self._spend(16)
        outer, self.lowest = self.lowest, _NEVER
        self.path[identity] = level
        found: bytes = (self.cases.get(kind) or self._other)(obj)
        del self.path[identity]
        if self.lowest >= level:  # nothing in it refers to what is around it
            self.memo[identity] = found
            self.alive.append(obj)
            self.lowest = outer
        else:
            self.lowest = min(outer, self.lowest)
        return found

    def _spend(self, size: int) -> None:
        self.count += 1
        self.bytes_left -= size
        if self.bytes_left < 0 or (self.count % 64 == 0 and time.thread_time() > self.deadline):
            raise PastBudget

    def _hash(self, tag: bytes, parts: Any) -> bytes:
        """One digest (32 bytes) over the tag and each part with its length."""
        pieces = [b"%d %s" % (len(tag), tag)]
        for part in parts:
            pieces.append(b" %d " % len(part))
            pieces.append(part)
        whole = b"".join(pieces)
        self._spend(len(whole))
        return blake3(whole).digest()

    def _atom(self, obj: Any, kind: type) -> bytes:
        if kind is str:
            return b"s" + obj.encode("utf-8", "surrogatepass")
        if kind is float:
            return b"f" + struct.pack("<d", obj)
        if kind is bytes:
            return b"b" + (obj if len(obj) < _LARGE else self._buffer(b"bytes", obj))
        return repr(obj).encode()

    def _flat(self, tag: bytes, obj: Any) -> bytes:
        """A container of atoms by one C call; without a memo the pickle depends on values only."""
        pickler = _Bytes()
        data: bytes = pickler.of(obj)
        self._spend(len(data))
        return bytes(blake3(tag + data).digest())

    def _items(self, obj: Any) -> bytes:
        tag = b"list" if type(obj) is list else b"tuple"
        if len(obj) > 4 and set(map(type, obj)) <= _FLAT:
            return self._flat(tag, obj)
        return self._hash(tag, map(self.node, obj))

    def _dict(self, obj: dict[Any, Any]) -> bytes:
        if len(obj) > 4 and {*map(type, obj), *map(type, obj.values())} <= _FLAT:
            return self._flat(b"dict", obj)
        return self._hash(b"dict", (self.node(part) for pair in list(obj.items()) for part in pair))

    def _set(self, obj: Any) -> bytes:
        return self._hash(type(obj).__name__.encode(), sorted(map(self.node, obj)))

    def _buffer(self, tag: bytes, data: Any) -> bytes:
        raw = memoryview(data).cast("B")
        if raw.nbytes < _LARGE:
            return self._hash(tag, [raw.tobytes()])
        if (digest := self.known.get(records.address(raw))) is None:
            self._spend(raw.nbytes)
            digest = blake3(raw).hexdigest()
        return self._hash(tag, [bytes.fromhex(digest)])

    def _array(self, array: Any) -> bytes:
        dtype = self._dtype(array.dtype)
        head = b"%s %s" % (dtype, repr(array.shape).encode())
        if array.dtype.hasobject:
            if array.dtype.names is not None:
                raise PastBudget  # records that hold objects: no canonical form
            return self._hash(b"objects" + head, [self.node(array.ravel().tolist())])
        order = b"C" if array.flags.c_contiguous else b"F" if array.flags.f_contiguous else b""
        if not order:
            array, order = array.copy(order="C"), b"C"
        tag = b"array" + order + head
        if array.nbytes < _LARGE:
            return self._hash(tag, [records.clean(array).tobytes("A")])
        digest = self.known.get(records.address(array))
        if digest is None:
            self._spend(array.nbytes)
            octets = records.clean(array).reshape(-1, order="A").view("u1")
            digest = blake3(octets).hexdigest()
        return self._hash(tag, [bytes.fromhex(digest)])

    def _masked(self, array: Any) -> bytes:
        """What lies under a mask is no value; the object's other state is numpy's own business."""
        mask = sys.modules["numpy"].ma.getmaskarray(array)
        data = array.data.copy()
        data[mask] = None if data.dtype.hasobject else sys.modules["numpy"].zeros((), data.dtype)
        return self._hash(b"masked", [self.node(data), self.node(mask)])

    def _dtype(self, dtype: Any) -> bytes:
        if (known := self.dtypes.get(dtype)) is None:
            known = repr((dtype.str, dtype.descr if dtype.names else "")).encode()
            self.dtypes[dtype] = known
        return known

    def _tensor(self, tensor: Any) -> bytes:
        if not tensors.plain(tensor):
            return self._other(tensor)
        flat = tensors.on_cpu(tensor.detach()).contiguous()
        octets = tensors.octets(flat.untyped_storage())
        start = flat.storage_offset() * flat.element_size()
        used = octets[start : start + flat.numel() * flat.element_size()]
        head = (
            f"{tensor.dtype} {tuple(tensor.shape)} {tensor.requires_grad} {type(tensor).__name__}"
        )
        return self._buffer(b"tensor " + head.encode(), used)

    def _other(self, obj: Any) -> bytes:
        kind = type(obj)
        if issubclass(kind, type):
            return self._named(obj, byvalue.class_parts)
        if issubclass(kind, self.scalar) and obj.dtype.kind not in "OV":
            return self._hash(b"scalar" + self._dtype(obj.dtype), [obj.tobytes()])
        reducer = copyreg.dispatch_table.get(kind)
        reduced = reducer(obj) if reducer is not None else obj.__reduce_ex__(5)
        if type(reduced) is str:
            return self._hash(
                b"global", [str(getattr(obj, "__module__", "")).encode(), reduced.encode()]
            )
        return self._reduced(*reduced)

    def _reduced(
        self,
        function: Any,
        args: Any,
        state: Any = None,
        items: Any = None,
        pairs: Any = None,
        setter: Any = None,
    ) -> bytes:
        self.alive.append((function, args, state))
        parts = [self.node(function), self.node(args), self._state(state), self.node(setter)]
        for item in items or ():
            parts.append(self.node(item))
            self.alive.append(item)
        parts.append(b"pairs")
        for pair in pairs or ():
            parts.extend(map(self.node, pair))
            self.alive.append(pair)
        return self._hash(b"object", parts)

    def _state(self, state: Any) -> bytes:
        """Attributes in the order of their names, without clocks."""
        if type(state) is not dict or not all(type(key) is str for key in state):
            return self.node(state)
        parts = []
        searched = "cv_results_" in state
        for key in sorted(state):
            value = state[key]
            if searched and key in _TIMED:
                continue
            if searched and key == "cv_results_" and type(value) is dict:
                value = {name: item for name, item in value.items() if name not in _CLOCKS}
                self.alive.append(value)
            parts += [key.encode("utf-8", "surrogatepass"), self.node(value)]
        return self._hash(b"state", parts)

    def _builtin(self, obj: Any) -> bytes:
        owner = obj.__self__
        if owner is None or type(owner) is types.ModuleType:
            return self._hash(b"name", [f"{obj.__module__}:{obj.__qualname__}".encode()])
        return self._hash(b"method", [self.node(owner), obj.__name__.encode()])

    def _named(self, obj: Any, parts: Callable[[Any], tuple[Any, ...]]) -> bytes:
        """A class or function by its name, or by its content where the name leads nowhere."""
        name = f"{obj.__module__}:{obj.__qualname__}".encode()
        if byvalue.by_name(obj):
            return self._hash(b"name", [name])
        return self._hash(b"value", [name, *map(self.node, parts(obj))])


class _Bytes:
    """A C pickler without a memo, into memory."""

    def of(self, obj: object) -> bytes:
        import io

        sink = io.BytesIO()
        pickler = pickle.Pickler(sink, 4)
        pickler.fast = True
        pickler.dump(obj)
        return sink.getvalue()
