"""Tensors by name as one file in the form of safetensors, and out of that the storages again.

Knows the layout of stored tensors and numpy; of PyTorch nothing is needed, and nothing is executed.
The file is a length, a list of the tensors as JSON, and their bytes in that order, rows first
(https://github.com/huggingface/safetensors, "Format"). All but those bytes is told by the layout,
so of a file that comes from elsewhere it is compared, and never parsed.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from snapbook.canonical import Json
from snapbook.errors import Damaged, NotRestorable

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

STATE = "torch-state"  # the form of tensors by name, without a module
Get = Callable[[str], bytes]
_ABOUT = "__metadata__"
# What torch calls a type, what the file does, and how many bytes one number has.
_TYPES: Mapping[str, tuple[str, int]] = {
    "float64": ("F64", 8), "float32": ("F32", 4), "float16": ("F16", 2), "bfloat16": ("BF16", 2),
    "float8_e4m3fn": ("F8_E4M3", 1), "float8_e5m2": ("F8_E5M2", 1), "bool": ("BOOL", 1),
    "int64": ("I64", 8), "int32": ("I32", 4), "int16": ("I16", 2), "int8": ("I8", 1),
    "uint64": ("U64", 8), "uint32": ("U32", 4), "uint16": ("U16", 2), "uint8": ("U8", 1),
}  # fmt: skip
_GRAIN = 16  # bytes: small storages in one blob begin at multiples of it
_MOST_DIMENSIONS = 64
_AT_ONCE = 1 << 26  # bytes of a tensor that are laid out anew in one piece


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: where its numbers lie in a blob, in bytes from ``start``; strides in numbers."""

    name: str
    type: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    blob: int
    start: int

    @property
    def width(self) -> int:
        """Bytes of one number."""
        return _TYPES[self.type][1]

    @property
    def size(self) -> int:
        """Its bytes in the file."""
        return prod(self.shape) * self.width

    @property
    def end(self) -> int:
        """Where it ends in its blob, in bytes."""
        pairs = zip(self.shape, self.strides, strict=True)
        last = sum((extent - 1) * stride for extent, stride in pairs)
        return self.start + (last + 1) * self.width if self.size else 0

    @property
    def dense(self) -> bool:
        """Whether its numbers lie in its blob as they do in the file."""
        step = 1
        for extent, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if extent != 1 and stride != step:
                return False
            step *= extent
        return True


def listed(layout: Mapping[str, Any], blobs: int) -> tuple[Tensor, ...]:
    """The tensors of a ``layout`` with so many blobs, in the order of the file.

    Raises NotRestorable for those that the file has no word for, Damaged.
    """
    try:
        found = [_tensor(blobs, *one) for one in layout["state"]]
    except (KeyError, TypeError, ValueError) as error:
        raise _unsound() from error
    if len({one.name for one in found}) != len(found):
        raise _unsound()
    for one in found:
        if one.type not in _TYPES:
            raise _refused(f"{one.name} is of {one.type}, which safetensors has no word for")
        if one.name == _ABOUT:
            raise _refused(f"one of its tensors is called {_ABOUT}")
    # Large numbers first: then each lies where its own size divides the place.
    return tuple(sorted(found, key=lambda one: (-one.width, one.name)))


def pieces(
    tensors: Sequence[Tensor], about: Mapping[str, str], blobs: Sequence[str], get: Get
) -> Iterator[bytes]:
    """The bytes of the file, with one blob at a time in memory. Raises Damaged."""
    yield _head(tensors, about)
    number, held = -1, b""
    for one in tensors:
        if not one.size:
            continue
        if one.blob != number:  # small ones come from one blob, one after another
            number, held = one.blob, get(blobs[one.blob])
        yield from _rows(_laid(one, held))


def storages(
    tensors: Sequence[Tensor], layout: Mapping[str, Any], blobs: int, data: memoryview
) -> list[memoryview] | None:
    """The blobs that ``data`` was made of, for whoever knows their digests; None where it is not
    what `pieces` makes of any. It takes no more memory than ``data`` does.
    """
    head, lengths = _head(tensors, {}), _lengths(tensors, layout, blobs)
    if lengths is None or len(data) != len(head) + sum(one.size for one in tensors):
        return None
    if data[: len(head)] != head:
        return None
    shown: list[list[tuple[Tensor, memoryview]]] = [[] for _ in range(blobs)]
    place = len(head)
    for one in tensors:
        if one.size:
            shown[one.blob].append((one, data[place : place + one.size]))
        place += one.size
    found: list[memoryview] = []
    for length, those in zip(lengths, shown, strict=True):
        held = _gathered(length, those)
        if held is None:
            return None
        found.append(held)
    return found


def hidden(
    tensors: Sequence[Tensor], layout: Mapping[str, Any], blobs: Sequence[str], get: Get
) -> str | None:
    """The name of a tensor that shows a part of its storage, the rest of which no other shows:
    `storages` could not give that back. None where there is none. Raises Damaged.
    """
    shown: dict[int, list[Tensor]] = {}
    for one in tensors:
        shown.setdefault(one.blob, []).append(one)
    if any(number not in shown for number in range(len(blobs))):
        raise _unsound()
    lengths = _lengths(tensors, layout, len(blobs)) or [-1] * len(blobs)
    for number, (digest, length) in enumerate(zip(blobs, lengths, strict=True)):
        held = get(digest)
        if len(held) != length or not _whole(shown[number], held):
            return shown[number][0].name
    return None


def check_asked(named: str, form: object, act: str = "Version the module itself") -> None:
    """Raise NotRestorable where the model that a message calls ``named`` is kept in the ``form`` of
    tensors alone, which nobody can ask anything; ``act`` says what to do.
    """
    if form == STATE:
        raise NotRestorable(
            f"{named} cannot be asked",
            "it is a state_dict, tensors without the module that they belong to",
            act=act,
        )


def _tensor(
    blobs: int, name: Any, kind: Any, shape: Any, strides: Any, blob: Any, start: Any
) -> Tensor:
    """One line of a layout. Raises ValueError or TypeError for one that none of ours is."""
    extents, steps = tuple(shape), tuple(strides)
    numbers = (*extents, *steps, start)
    if (
        type(name) is not str
        or type(kind) is not str
        or type(blob) is not int
        or not all(type(one) is int and 0 <= one < 1 << 62 for one in numbers)
        or len(extents) != len(steps)
        or len(extents) > _MOST_DIMENSIONS
        or not (0 <= blob < blobs or 0 in extents)
    ):
        raise ValueError("no tensor")
    name.encode()  # or it can be no name in a file
    return Tensor(name, kind, extents, steps, blob, start)


def _head(tensors: Sequence[Tensor], about: Mapping[str, str]) -> bytes:
    """What stands before the numbers."""
    told: dict[str, Json] = {_ABOUT: {"format": "pt", **about}}
    place = 0
    for one in tensors:
        entry: dict[str, Json] = {
            "dtype": _TYPES[one.type][0],
            "shape": list(one.shape),
            "data_offsets": [place, place + one.size],
        }
        told[one.name] = entry
        place += one.size
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def _lengths(tensors: Sequence[Tensor], layout: Mapping[str, Any], blobs: int) -> list[int] | None:
    """How long each blob is if tensors show all of it; None where they show too little of it."""
    found = [0] * blobs
    for one in tensors:
        if one.size:
            found[one.blob] = max(found[one.blob], one.end)
    small = layout.get("small")
    if type(small) is int and 0 <= small < blobs:
        found[small] += -found[small] % _GRAIN
    most = sum(one.size for one in tensors) + _GRAIN * (len(tensors) + 1)
    return found if sum(found) <= most else None


def _gathered(length: int, shown: Sequence[tuple[Tensor, memoryview]]) -> memoryview | None:
    """A blob of which tensors show these numbers; None where they contradict each other."""
    import numpy as np

    for one, numbers in shown:
        if one.dense and one.start == 0 and one.size == length and len(shown) == 1:
            return numbers  # as nearly all are: nothing is copied
    held = bytearray(length)
    laid = [
        (_laid(one, held), np.frombuffer(numbers, f"u{one.width}").reshape(one.shape))
        for one, numbers in shown
    ]
    for lying, wanted in laid:
        lying[...] = wanted
    same = all(np.array_equal(lying, wanted) for lying, wanted in laid)
    return memoryview(held) if same else None


def _whole(shown: Sequence[Tensor], held: bytes) -> bool:
    """Whether these tensors show all of a blob that is not zero."""
    if any(one.dense and one.start == 0 and one.size == len(held) for one in shown):
        return True
    again = bytearray(len(held))
    for one in shown:
        if one.size:
            _laid(one, again)[...] = _laid(one, held)
    return again == held


def _laid(one: Tensor, held: bytes | bytearray | memoryview) -> Array:
    """The numbers of a tensor as they lie in its blob, as unsigned ones. Raises Damaged."""
    import numpy as np

    if one.end > len(held):
        raise Damaged("A stored model cannot be read", f"{one.name} reaches out of its bytes")
    count = (one.end - one.start) // one.width
    numbers: Array = np.frombuffer(held, f"u{one.width}", count, one.start)
    strides = [stride * one.width for stride in one.strides]
    try:
        return np.lib.stride_tricks.as_strided(numbers, one.shape, strides)
    except (OverflowError, ValueError) as error:  # more numbers than can be counted
        raise _unsound() from error


def _rows(laid: Array) -> Iterator[bytes]:
    """Numbers, rows first. One number may stand for very many: they are never all laid out."""
    if laid.nbytes <= _AT_ONCE:
        yield laid.tobytes()
        return
    row = laid.nbytes // len(laid)
    if row > _AT_ONCE:
        for one in laid:
            yield from _rows(one)
        return
    count = _AT_ONCE // row
    for place in range(0, len(laid), count):
        yield laid[place : place + count].tobytes()


def _unsound() -> Damaged:
    return Damaged("A stored model cannot be read", "its list of tensors is none")


def _refused(why: str) -> NotRestorable:
    return NotRestorable("No file can be made of it", why)
