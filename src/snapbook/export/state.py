"""The tensors of a PyTorch model by their names, as one file in the form of safetensors.

Copied out of stored bytes: nothing of the model is executed, and PyTorch is not needed. The file is
a length, a list of the tensors as JSON, and their bytes in that order, rows first
(https://github.com/huggingface/safetensors, "Format").
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from snapbook.canonical import Json
from snapbook.errors import Damaged, NotRestorable
from snapbook.parts.base import Part

Get = Callable[[str], bytes]
_ABOUT = "__metadata__"
# What torch calls a type, what the file does, and how many bytes one number has.
_TYPES: Mapping[str, tuple[str, int]] = {
    "float64": ("F64", 8), "float32": ("F32", 4), "float16": ("F16", 2), "bfloat16": ("BF16", 2),
    "float8_e4m3fn": ("F8_E4M3", 1), "float8_e5m2": ("F8_E5M2", 1), "bool": ("BOOL", 1),
    "int64": ("I64", 8), "int32": ("I32", 4), "int16": ("I16", 2), "int8": ("I8", 1),
    "uint64": ("U64", 8), "uint32": ("U32", 4), "uint16": ("U16", 2), "uint8": ("U8", 1),
}  # fmt: skip


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
    def size(self) -> int:
        """Its bytes in the file."""
        return prod(self.shape) * _TYPES[self.type][1]


def tensors(named: str, model: Part) -> tuple[Tensor, ...]:
    """The tensors of a model, by name.

    Raises NotRestorable where it has none or some that the file has no word for, Damaged.
    """
    layout: Any = model.facts.get("layout")
    listed = layout.get("state")
    if not isinstance(listed, list) or not listed:
        kind = str(model.facts.get("framework") or "no framework")
        raise _refused(named, f"it is of {kind} and holds no tensors by name")
    try:
        found = [_tensor(*one) for one in listed]
        sound = all(
            min((one.blob, one.start, *one.shape, *one.strides)) >= 0
            and len(one.shape) == len(one.strides)
            and (one.blob < len(model.blobs) or 0 in one.shape)
            for one in found
        )
    except (TypeError, ValueError) as error:
        raise Damaged("A stored model cannot be read", "its list of tensors is none") from error
    if not sound:
        raise Damaged("A stored model cannot be read", "its list of tensors is none")
    for one in found:
        if one.type not in _TYPES:
            raise _refused(named, f"{one.name} is of {one.type}, which safetensors has no word for")
        if one.name == _ABOUT:
            raise _refused(named, f"one of its tensors is called {_ABOUT}")
    # Large numbers first: then each lies where its own size divides the place.
    return tuple(sorted(found, key=lambda one: (-_TYPES[one.type][1], one.name)))


def pieces(
    listed: Sequence[Tensor], about: Mapping[str, str], model: Part, get: Get
) -> Iterator[bytes]:
    """The bytes of the file, with one tensor at a time in memory. Raises Damaged."""
    head: dict[str, Json] = {_ABOUT: {"format": "pt", **about}}
    place = 0
    for one in listed:
        told: dict[str, Json] = {
            "dtype": _TYPES[one.type][0],
            "shape": list(one.shape),
            "data_offsets": [place, place + one.size],
        }
        head[one.name] = told
        place += one.size
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    yield struct.pack("<Q", len(text)) + text
    for one in listed:
        yield _numbers(one, get(model.blobs[one.blob]) if one.size else b"")


def _numbers(one: Tensor, held: bytes) -> bytes:
    """The numbers of a tensor, rows first, whatever way they lie in its blob."""
    import numpy as np

    if not one.size:
        return b""
    size = _TYPES[one.type][1]
    steps = [(extent - 1) * stride for extent, stride in zip(one.shape, one.strides, strict=True)]
    if one.start + (sum(steps) + 1) * size > len(held):
        raise Damaged("A stored model cannot be read", f"{one.name} reaches out of its bytes")
    numbers = np.frombuffer(held, f"V{size}", sum(steps) + 1, one.start)
    strides = [stride * size for stride in one.strides]
    laid = np.lib.stride_tricks.as_strided(numbers, one.shape, strides, writeable=False)
    return laid.tobytes()


def _tensor(name: Any, kind: Any, shape: Any, strides: Any, blob: Any, start: Any) -> Tensor:
    extents, steps = (tuple(int(one) for one in listed) for listed in (shape, strides))
    return Tensor(str(name), str(kind), extents, steps, int(blob), int(start))


def _refused(named: str, why: str) -> NotRestorable:
    return NotRestorable(f"{named} has no state dict", why, act="A bundle serves the model itself")
