"""The model digest: equal for the same fit in two processes, whatever their hash seed and memory.

A pickle of one model differs between processes: what is shared and interned, the order of sets,
the bytes between the fields of records. Here the object is walked as pickling would, but each
object is hashed with the digests of what it holds (Merkle, 1987), so that sharing changes
nothing and costs nothing; a cycle is written as the number of levels up. Dicts keep their order,
for it may be a network's; attributes do not. Clocks of a search are left out (mean_fit_time and
the like). A budget of time and bytes stops what explodes: then the caller takes the digest of
the stored bytes.
"""

from __future__ import annotations

import copyreg
import io
import pickle
import struct
import time
import types
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

from blake3 import blake3

from snapbook.flavors import byvalue
from snapbook.flavors.memory import LARGE, Memory, PastBudget

SECONDS = 2.0  # of this thread's processor time
_FLAT = frozenset({type(None), bool, int, float, str, bytes, complex})
_CLOCKS = frozenset({"mean_fit_time", "std_fit_time", "mean_score_time", "std_score_time"})
_NEVER = 1 << 60


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
        self.bytes_left = most_bytes
        self.deadline = deadline
        self.count = 0
        self.memo: dict[int, bytes] = {}
        self.alive: list[object] = []  # an id is only an identity while its object lives
        self.path: dict[int, int] = {}
        self.lowest = _NEVER  # the outermost level that the present object refers back to
        self.cases: dict[type, Callable[[Any], bytes]] = {
            list: self._items,
            tuple: self._items,
            dict: self._dict,
            set: self._set,
            frozenset: self._set,
            bytearray: lambda obj: self._hash(b"bytes", [bytes(obj)]),
            pickle.PickleBuffer: lambda obj: self.memory.buffer(b"buffer", obj.raw()),
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
        self.memory = Memory(known, self._spend, self.node, self._hash, self._other)
        self.cases |= self.memory.cases()

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
        return bytes(blake3(whole).digest())

    def _atom(self, obj: Any, kind: type) -> bytes:
        if kind is str:
            return b"s" + str(obj).encode("utf-8", "surrogatepass")
        if kind is float:
            return b"f" + struct.pack("<d", obj)
        if kind is bytes:
            return b"b" + (obj if len(obj) < LARGE else self.memory.buffer(b"bytes", obj))
        return repr(obj).encode()

    def _flat(self, tag: bytes, obj: Any) -> bytes:
        """A container of atoms by one C call; without a memo the pickle depends on values only."""
        data: bytes = _plain_bytes(obj)
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

    def _other(self, obj: Any) -> bytes:
        kind = type(obj)
        if issubclass(kind, type):
            return self._named(obj, byvalue.class_parts)
        if self.memory.is_scalar(kind) and obj.dtype.kind not in "OV":
            return self._hash(b"scalar" + self.memory.dtype(obj.dtype), [obj.tobytes()])
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
        """Attributes in the order of their names, without those of the moment."""
        if type(state) is not dict or not all(type(key) is str for key in state):
            return self.node(state)
        parts = []
        for key, value in sorted(_lasting(state).items(), key=itemgetter(0)):
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


def _lasting(state: dict[str, Any]) -> dict[str, Any]:
    """Attributes without what scikit-learn notes of clocks and addresses."""
    if "_stop_words_id" in state and "stop_words" in state:
        state = {key: value for key, value in state.items() if key != "_stop_words_id"}
    results = state.get("cv_results_")
    if type(results) is dict:
        lasting = {name: value for name, value in results.items() if name not in _CLOCKS}
        state = {**state, "cv_results_": lasting}
        state.pop("refit_time_", None)
    return state


def _plain_bytes(obj: object) -> bytes:
    """The pickle of a container of atoms without a memo (`Pickler.fast`)."""
    sink = io.BytesIO()
    pickler = pickle.Pickler(sink, 4)
    pickler.fast = True
    pickler.dump(obj)
    return sink.getvalue()
