"""Arrays whose memory holds more than their values: the bytes between the fields of records.

What lies in the padding of a structured array is whatever was there before, so two equal trees
of a forest differ as bytes. Knows numpy's layout rules; imports nothing.
"""

from __future__ import annotations

import sys
from typing import Any


def address(buffer: Any) -> tuple[int, int]:
    """Where the memory of ``buffer`` lies, an array or memoryview: (start, bytes)."""
    array: Any = buffer
    if isinstance(buffer, memoryview):
        array = sys.modules["numpy"].frombuffer(buffer, dtype="u1")
    return array.__array_interface__["data"][0], array.nbytes


def clean(array: Any) -> Any:
    """``array`` itself, or where its dtype has padding a copy in which the padding is zero.

    The copy is contiguous in C order.
    """
    dtype = array.dtype
    if dtype.names is None or not array.size or dtype.hasobject:
        return array
    gaps = _gaps(dtype)
    if not gaps:
        return array
    copy = array.copy(order="C")
    octets = copy.reshape(-1).view("u1").reshape(-1, dtype.itemsize)
    for start, end in gaps:
        octets[:, start:end] = 0
    return copy


def _gaps(dtype: Any) -> list[tuple[int, int]]:
    """The (start, end) of bytes of a record that belong to no field, nested records included."""
    taken = bytearray(dtype.itemsize)
    _mark(dtype, 0, taken)
    gaps: list[tuple[int, int]] = []
    for place, used in enumerate(taken):
        if used:
            continue
        if gaps and gaps[-1][1] == place:
            gaps[-1] = (gaps[-1][0], place + 1)
        else:
            gaps.append((place, place + 1))
    return gaps


def _mark(dtype: Any, start: int, taken: bytearray) -> None:
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
