"""Canonical values as blobs: groups of rows of one column, and back.

A blob is a header (version, number of buffers, rows) with one entry for each buffer (coding, width,
length), and then the buffers. Numbers wider than a byte are shuffled: all first bytes, then all
second ones, and so on, which is what lets the store's compression find equal exponents and high
zeros. Knows nothing of frames; docs/format-frames.md gives every byte.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from snapbook.canonical import Json
from snapbook.errors import Damaged
from snapbook.parts.frame.values import (
    Coded,
    Fixed,
    Leaf,
    Pair,
    Text,
    Values,
    leaves,
    rows_of,
    sides,
    starts_of,
)
from snapbook.store.base import Writer

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = 1
_PLAIN, _SHUFFLED = 0, 1
_HEAD = struct.Struct("<BBI")
_ENTRY = struct.Struct("<BBQ")
_TEXTS = ("str", "bytes", "mixed")


def form_of(values: Values) -> Json:
    """What reading needs beside the blobs: a tag, or a tag's structure."""
    match values:
        case Coded():
            codes = leaves(values)[0]
            form = {"codes": codes.tag, "categories": form_of(values.categories)}
            return form if rows_of(values.categories) else {**form, "none": True}
        case Pair():
            return {"pair": [form_of(values.left), form_of(values.right)]}
        case _:
            return values.tag


def write(values: Values, ends: Sequence[int], writer: Writer) -> list[str]:
    """Blobs of ``values``: for each leaf its groups of rows up to each of ``ends``, then the sides.

    Gives their digests in that order.
    """
    digests = []
    for leaf in leaves(values):
        starts = starts_of(leaf).tolist() if isinstance(leaf, Text) else None
        begin = 0
        for end in ends:
            digests.append(writer.add(encode(leaf, begin, end, starts)))
            begin = end
    for side in sides(values):
        digests.extend(write(side, whole(side), writer))
    return digests


def whole(values: Values) -> list[int]:
    """The ends of one group of all rows; none for no rows."""
    rows = rows_of(values)
    return [rows] if rows else []


def count(form: Any, groups: int) -> int:
    """How many blobs `write` made of values of ``form``. A side is one group (none if empty)."""
    if isinstance(form, str):
        return groups
    if "pair" in form:
        return sum(count(part, groups) for part in form["pair"])
    return groups + _side_count(form)


def _side_count(form: Any) -> int:
    return count(form["categories"], 0 if "none" in form else 1)


def read(form: Any, groups: int, digests: Sequence[str], get: Callable[[str], bytes]) -> Values:
    """The values that `write` took, from its ``digests``. Raises Damaged."""
    if isinstance(form, str):
        return join(form, [decode(form, get(digest)) for digest in digests[:groups]])
    if "pair" in form:
        left, right = form["pair"]
        # Leaves of both come first and then the sides of both; pairs of coded values do not occur.
        middle = count(left, groups)
        return Pair(
            read(left, groups, digests[:middle], get), read(right, groups, digests[middle:], get)
        )
    codes = read(form["codes"], groups, digests[:groups], get)
    rest = digests[groups:]
    categories = read(form["categories"], 0 if "none" in form else 1, rest, get)
    assert isinstance(codes, Fixed)
    return Coded(codes.data, categories)


def dtype_of(tag: str) -> str:
    """The numpy dtype in which the values of a tag are stored."""
    if tag[:2] in ("M8", "m8") or tag.startswith("period["):
        return "<i8"
    named = {"date32": "<i4", "time32": "<i4", "date64": "<i8", "time64": "<i8", "null": "|u1"}
    if (name := tag.partition("[")[0]) in named:
        return named[name]
    return ("|" if tag[1:] == "1" else "<") + tag


def encode(leaf: Leaf, start: int, end: int, starts: list[int] | None = None) -> bytes:
    """The blob of rows ``start`` to ``end``; ``starts`` are those of `starts_of`, if known."""
    import numpy as np

    buffers: list[tuple[int, int, bytes]] = []
    if isinstance(leaf, Fixed):
        buffers.append(_numbers(np.ascontiguousarray(leaf.data[start:end])))
    else:
        starts = starts_of(leaf).tolist() if starts is None else starts
        buffers.append(_numbers(np.ascontiguousarray(leaf.lengths[start:end], dtype="<u4")))
        buffers.append((_PLAIN, 1, leaf.data[starts[start] : starts[end]].tobytes()))
    if leaf.nulls is not None and leaf.nulls[start:end].any():
        bits = np.packbits(leaf.nulls[start:end], bitorder="little")
        buffers.append((_PLAIN, 1, bits.tobytes()))
    head = _HEAD.pack(VERSION, len(buffers), end - start)
    entries = [_ENTRY.pack(coding, width, len(data)) for coding, width, data in buffers]
    return b"".join([head, *entries, *(data for _, _, data in buffers)])


def decode(tag: str, blob: bytes) -> Leaf:
    """The rows of one blob. Raises Damaged for bytes that `encode` does not write."""
    import numpy as np

    try:
        version, number, rows = _HEAD.unpack_from(blob)
        if version != VERSION:
            raise ValueError("an unknown version")
        at, begin = _HEAD.size, _HEAD.size + number * _ENTRY.size
        buffers: list[NDArray[Any]] = []
        for _ in range(number):
            coding, width, length = _ENTRY.unpack_from(blob, at)
            at += _ENTRY.size
            octets = np.frombuffer(blob, dtype=np.uint8, count=length, offset=begin)
            begin += length
            buffers.append(_unshuffled(octets, width) if coding == _SHUFFLED else octets)
        needed = 2 if tag in _TEXTS else 1
        nulls = None
        if number > needed:
            nulls = np.unpackbits(buffers[needed], count=rows, bitorder="little").view(bool)
        if tag in _TEXTS:
            return Text(tag, buffers[0].view("<u4"), buffers[1], nulls)
        return Fixed(tag, buffers[0].view(dtype_of(tag)), nulls)
    except (struct.error, ValueError, IndexError, TypeError) as error:
        raise Damaged("Stored rows cannot be read", str(error)) from error


def join(tag: str, parts: list[Leaf]) -> Leaf:
    """Groups of rows one after another."""
    import numpy as np

    if len(parts) == 1:
        return parts[0]
    nulls = None
    if any(part.nulls is not None for part in parts):
        nulls = np.concatenate(
            [np.zeros(rows_of(p), bool) if p.nulls is None else p.nulls for p in parts]
        )
    data = [part.data for part in parts]
    if tag in _TEXTS:
        lengths = [part.lengths for part in parts if isinstance(part, Text)]
        return Text(tag, _concat(lengths, "<u4"), _concat(data, "|u1"), nulls)
    return Fixed(tag, _concat(data, dtype_of(tag)), nulls)


def _concat(arrays: list[NDArray[Any]], dtype: str) -> NDArray[Any]:
    import numpy as np

    return np.concatenate(arrays) if arrays else np.empty(0, dtype=dtype)


def _numbers(array: NDArray[Any]) -> tuple[int, int, bytes]:
    """An array as a buffer: shuffled if wider than a byte."""
    import numpy as np

    width = array.dtype.itemsize
    if width == 1:
        return _PLAIN, 1, array.tobytes()
    return _SHUFFLED, width, array.view(np.uint8).reshape(-1, width).T.tobytes()


def _unshuffled(octets: NDArray[Any], width: int) -> NDArray[Any]:
    import numpy as np

    return np.ascontiguousarray(octets.reshape(width, -1).T).reshape(-1)
