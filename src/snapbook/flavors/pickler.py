"""Turns an object into a pickle stream and its large buffers, and back.

Protocol 5 with out-of-band buffers (PEP 574). Plain C pickling is tried first; what is defined
in the notebook (module ``__main__``) or nowhere goes by value through cloudpickle, so that
another kernel can load it. Arrays of records are written with their padding zeroed and tensors
as plain buffers, so that equal contents are equal bytes. Knows nothing of blobs or stores.
"""

from __future__ import annotations

import io
import pickle
import sys
import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from snapbook.errors import NotKept
from snapbook.flavors import records, tensors
from snapbook.flavors.sink import Sink

OUT_OF_BAND = 4096  # bytes from which a buffer is worth a blob of its own
_FUNCTIONS = frozenset({"function", "builtin_function_or_method", "cython_function_or_method"})
ENDLESS = "its pickle has no end (4 GB and more to come)"
_LONGEST = 4 << 30  # bytes of in-band stream after which an object counts as endless


@dataclass(frozen=True, slots=True)
class Pickled:
    """A stream, its out-of-band buffers in order, and what loading it imports ("module:name").

    ``addresses`` are those of the buffers' originals, with their length: while this value lives,
    their memory does, and so the same address and length means the same bytes.
    """

    stream: bytes
    buffers: tuple[memoryview, ...]
    addresses: tuple[tuple[int, int], ...]
    imports: tuple[str, ...]
    by_value: bool
    kept: Sequence[object]


def dump(obj: object) -> Pickled:
    """Pickle ``obj``. Raises NotKept with the reason, but not yet with the path of the culprit."""
    try:
        return _Run().pickle(obj, _Plain)
    except NotKept:
        raise
    except (_ByValue, pickle.PicklingError, AttributeError, TypeError):
        pass  # of the notebook, or a lambda, a local class, a module: cloudpickle may know it
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _not_kept(error) from error
    try:
        return _Run().pickle(obj, _cloud())
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _not_kept(error) from error


def load(stream: bytes, buffers: Iterable[bytes]) -> Any:
    """The object again. Executes what the stream says: the caller has checked trust.

    Buffers are taken one by one and copied into memory that may be written, so that a loaded model
    can be trained on.
    """
    return pickle.loads(stream, buffers=map(bytearray, buffers))


def said(error: BaseException) -> str:
    """An exception as one short line. Its own ``__str__`` may raise."""
    try:
        text = str(error)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - the user's own exception class
        text = ""
    line = " ".join(text.split())[:200].rstrip(".")
    return f"{type(error).__name__}: {line}" if line else type(error).__name__


def _not_kept(error: BaseException) -> NotKept:
    if isinstance(error, NotKept):
        return error
    if isinstance(error, RecursionError) or isinstance(error.__cause__, RecursionError):
        return NotKept("It does not pickle", "it is nested without end")
    return NotKept("It does not pickle", said(error))


class _ByValue(Exception):
    """The plain pickler met something that only exists in this notebook."""


class _Run:
    """One attempt: the buffers, imports and stand-ins met on the way."""

    def __init__(self) -> None:
        self.buffers: list[memoryview] = []
        self.kept: list[object] = []
        self.imports: set[str] = set()
        self.cleaned: dict[tuple[int, int], tuple[int, int]] = {}
        self.reducers: dict[type, Callable[[Any], Any]] = {}
        if (numpy := sys.modules.get("numpy")) is not None:
            self.reducers[numpy.ndarray] = self._array
        self.reducers |= tensors.reducers(self.kept)

    def pickle(self, obj: object, kind: type[Any]) -> Pickled:
        sink = Sink(_LONGEST, ENDLESS)
        pickler = kind(sink, protocol=5, buffer_callback=self._buffer)
        pickler.run = self
        pickler.dump(obj)
        places = [records.address(buffer) for buffer in self.buffers]
        return Pickled(
            bytes(sink.data),
            tuple(self.buffers),
            tuple(self.cleaned.get(place, place) for place in places),
            tuple(sorted(self.imports)),
            kind is not _Plain,
            self.kept,
        )

    def refer(self, obj: Any) -> None:
        """Note a class or function that the stream names."""
        self.imports.add(f"{obj.__module__}:{obj.__qualname__}")

    def _buffer(self, buffer: Any) -> bool:
        """Called for each buffer: True keeps it in the stream."""
        raw = buffer.raw()
        if raw.nbytes < OUT_OF_BAND:
            return True
        self.kept.append(buffer)
        self.buffers.append(raw)
        return False

    def _array(self, array: Any) -> Any:
        """Records go without the garbage between their fields."""
        clean = records.clean(array)
        if clean is array:
            whole = array.flags.c_contiguous or array.flags.f_contiguous
            if whole or array.nbytes < OUT_OF_BAND or array.dtype.hasobject:
                return NotImplemented
            return array.copy(order="C").__reduce_ex__(5)
        self.kept.append(array)
        self.cleaned[records.address(clean)] = records.address(array)
        return clean.__reduce_ex__(5)


def _stands_by_name(kind: type) -> bool:
    """Whether objects of this type are pickled by their name: classes and functions."""
    return kind.__name__ in _FUNCTIONS or issubclass(kind, type)


class _Plain(pickle.Pickler):
    """The C pickler, stopped by whatever another kernel could not import."""

    run: _Run

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        reducer = self.run.reducers.get(kind)
        if reducer is not None:
            return reducer(obj)
        if _stands_by_name(kind):
            if obj.__module__ == "__main__" or "<" in obj.__qualname__:
                raise _ByValue
            self.run.refer(obj)
        return NotImplemented


@cache
def _cloud() -> type[Any]:
    """Cloudpickle's pickler with our reducers, and without its copying of open files."""
    import cloudpickle

    class ByValue(cloudpickle.Pickler):  # type: ignore[misc]  # it has no types
        run: _Run
        dispatch_table = cloudpickle.Pickler.dispatch_table.new_child({io.TextIOWrapper: _no_file})

        def reducer_override(self, obj: Any) -> Any:
            kind = type(obj)
            reducer = self.run.reducers.get(kind)
            if reducer is not None:
                return reducer(obj)
            reduced = _untracked(super().reducer_override(obj))
            if kind is types.ModuleType:
                self.run.imports.add(f"{obj.__name__}:")
            elif reduced is NotImplemented and _stands_by_name(kind):
                self.run.refer(obj)
            return reduced

    return ByValue


def _untracked(reduced: Any) -> Any:
    """A class's reduction without the random mark by which cloudpickle knows it in this process.

    With the mark, loading would write into the live class of the same kernel, and no two pickles
    were alike.
    """
    if type(reduced) is not tuple:
        return reduced
    place = {"_make_skeleton_class": 4, "_make_skeleton_enum": 5}.get(reduced[0].__name__)
    if place is None:
        return reduced
    args = list(reduced[1])
    args[place] = None
    return (reduced[0], tuple(args), *reduced[2:])


def _no_file(_file: object) -> Any:
    raise pickle.PicklingError("an open file")
