"""Arrays whose memory holds more than their values: the bytes between the fields of records.

What lies in the padding of a structured array is whatever was there before, so two equal trees
of a forest differ as bytes. Knows numpy's layout rules; imports nothing.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any


def address(buffer: Any) -> tuple[int, int]:
    """Where the memory of ``buffer`` lies, an array or memoryview: (start, bytes)."""
    array: Any = buffer
    if isinstance(buffer, memoryview):
        array = sys.modules["numpy"].frombuffer(buffer, dtype="u1")
    return array.ctypes.data, array.nbytes


def clean(array: Any) -> Any:
    """``array`` itself, or a copy in C order where bytes that belong to no field are not zero."""
    dtype = array.dtype
    if dtype.names is None or not array.size or dtype.hasobject:
        return array
    unit, masks = _masks(dtype)
    if not masks:
        return array
    if array.flags.c_contiguous and not any(
        (column & mask).any() for column, mask in _columns(array, unit, masks)
    ):
        return array
    copy = array.copy(order="C")
    for column, mask in _columns(copy, unit, masks):
        column &= ~mask
    return copy


def _columns(array: Any, unit: str, masks: tuple[tuple[int, int], ...]) -> list[tuple[Any, Any]]:
    """The words of each record that have padding, (records,), with the mask of the padding."""
    words = array.reshape(-1).view(unit).reshape(-1, array.dtype.itemsize // int(unit[1:]))
    kind = words.dtype.type
    return [(words[:, number], kind(mask)) for number, mask in masks]


@lru_cache(maxsize=256)
def _masks(dtype: Any) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The words to look at ("u8" if they divide a record), and (word, mask of its padding)."""
    taken = bytearray(dtype.itemsize)
    _mark(dtype, 0, taken)
    width = 8 if dtype.itemsize % 8 == 0 else 1
    padding = bytes(0 if used else 255 for used in taken)
    masks = [
        (start // width, int.from_bytes(padding[start : start + width], sys.byteorder))
        for start in range(0, dtype.itemsize, width)
    ]
    return f"u{width}", tuple((word, mask) for word, mask in masks if mask)


def _mark(dtype: Any, start: int, taken: bytearray) -> None:
    """Set the bytes of ``taken`` that hold values of a ``dtype`` at ``start``."""
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        count = 1
        for extent in shape:
            count *= extent
        for item in range(count):
            _mark(base, start + item * base.itemsize, taken)
    elif dtype.names is not None:
        for name in dtype.names:
            inner, offset = dtype.fields[name][:2]
            _mark(inner, start + offset, taken)
    else:
        taken[start : start + dtype.itemsize] = b"\x01" * dtype.itemsize
