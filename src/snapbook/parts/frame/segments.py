"""Canonical values as blobs: groups of rows of one column, and back.

Each blob stands alone: a header, an entry for each buffer (coding, width, length), the buffers.
Values of which few are distinct are a dictionary and codes. Knows nothing of frames or of where
rows are cut; docs/format.md gives every byte.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from snapbook.canonical import Json
from snapbook.errors import Damaged
from snapbook.parts.frame import coded, codings
from snapbook.parts.frame.codings import Plan
from snapbook.parts.frame.numbers import numbers
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
    take,
)
from snapbook.store.base import Writer

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = 1
_NULLS, _DICTIONARY = 1, 2  # flags
_HEAD = struct.Struct("<BBBII")  # version, flags, buffers, rows, distinct values
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


def write(
    values: Values,
    ends: Sequence[int],
    writer: Writer,
    known: AbstractSet[str] = frozenset(),
) -> list[str]:
    """Blobs of ``values``: for each leaf its groups of rows up to each of ``ends``, then the sides.

    Gives their digests in that order. Groups that this process coded before and whose blobs are
    among ``known`` (kept, and relied on) are neither coded nor added again.
    """
    digests = []
    for leaf in leaves(values):
        plan = plan_of(leaf)
        starts = starts_of(leaf) if isinstance(leaf, Text) else None
        begin = 0
        for end in ends:
            group = cut(leaf, begin, end, starts)
            name = coded.name_of(group, plan)
            digest = coded.blob_of(name, known)
            if digest is None:
                digest = writer.add(encode(group, plan))
                coded.remember(name, digest)
            digests.append(digest)
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
    return groups + count(form["categories"], 0 if "none" in form else 1)


def leaf_tags(form: Any) -> list[str]:
    """The tags of the row-aligned leaves."""
    if isinstance(form, str):
        return [form]
    if "pair" in form:
        return [tag for part in form["pair"] for tag in leaf_tags(part)]
    return [form["codes"]]


def read(form: Any, groups: int, digests: Sequence[str], get: Callable[[str], bytes]) -> Values:
    """The values that `write` took, from its ``digests``. Raises Damaged."""
    if isinstance(form, str):
        return join(form, [decode(form, get(digest)) for digest in digests[:groups]])
    if "pair" in form:
        left, right = form["pair"]
        middle = count(left, groups)  # the ends of intervals have no sides
        return Pair(
            read(left, groups, digests[:middle], get), read(right, groups, digests[middle:], get)
        )
    codes = read(form["codes"], groups, digests[:groups], get)
    categories = read(form["categories"], 0 if "none" in form else 1, digests[groups:], get)
    assert isinstance(codes, Fixed)
    return Coded(codes.data, categories)


def dtype_of(tag: str) -> str:
    """The numpy dtype in which the values of a tag are stored."""
    name = tag.partition("[")[0]
    if name in ("M8", "m8", "period", "date64", "time64"):
        return "<i8"
    if name in ("date32", "time32"):
        return "<i4"
    if name == "null":
        return "|u1"
    return ("|" if tag[1:] == "1" else "<") + tag


def plan_of(leaf: Leaf) -> Plan:
    """What may pay for a leaf, from a few of its values."""
    few = take(leaf, codings.sample_rows(rows_of(leaf)))
    return codings.plan(numbers(few) if isinstance(few, Text) else leaves(few)[0].data)


def cut(leaf: Leaf, start: int, end: int, starts: NDArray[Any] | None = None) -> Leaf:
    """Rows ``start`` to ``end``, sharing memory; ``starts`` are those of `starts_of`, if known."""
    nulls = None if leaf.nulls is None else leaf.nulls[start:end]
    if isinstance(leaf, Fixed):
        return Fixed(leaf.tag, leaf.data[start:end], nulls)
    starts = starts_of(leaf) if starts is None else starts
    data = leaf.data[int(starts[start]) : int(starts[end])]
    return Text(leaf.tag, leaf.lengths[start:end], data, nulls)


def encode(group: Leaf, plan: Plan) -> bytes:
    """The blob of a group of rows."""
    nulls = group.nulls
    found = _dictionary(group) if plan.dictionary and rows_of(group) else None
    flags, distinct = 0, 0
    if found is None:
        buffers = _buffers(group, plan)
    else:
        words, codes = found
        flags, distinct = _DICTIONARY, rows_of(words)
        buffers = [*_buffers(words, plan), codings.encode(codes)]
    if nulls is not None and nulls.any():
        flags |= _NULLS
        buffers.append(codings.encode(nulls))
    head = _HEAD.pack(VERSION, flags, len(buffers), rows_of(group), distinct)
    entries = [_ENTRY.pack(coding, width, len(data)) for coding, width, data in buffers]
    return b"".join([head, *entries, *(data for _, _, data in buffers)])


def decode(tag: str, blob: bytes) -> Leaf:
    """The rows of one blob. Raises Damaged for bytes that `encode` does not write."""
    try:
        return _decode(tag, blob)
    except (struct.error, ValueError, IndexError, TypeError, ZeroDivisionError) as error:
        raise Damaged("Stored rows cannot be read", str(error)) from error


def _decode(tag: str, blob: bytes) -> Leaf:
    import numpy as np

    version, flags, number, rows, distinct = _HEAD.unpack_from(blob)
    if version != VERSION:
        raise ValueError("an unknown version")
    at, begin = _HEAD.size, _HEAD.size + number * _ENTRY.size
    raw: list[tuple[int, int, NDArray[Any]]] = []
    for _ in range(number):
        coding, width, length = _ENTRY.unpack_from(blob, at)
        raw.append((coding, width, np.frombuffer(blob, np.uint8, length, begin)))
        at, begin = at + _ENTRY.size, begin + length
    nulls = codings.decode(*raw.pop(), rows, bool) if flags & _NULLS else None
    codes = None
    if flags & _DICTIONARY:
        codes = codings.decode(*raw.pop(), rows, "|u1" if distinct <= 256 else "<u2")
    held = rows if codes is None else distinct
    leaf: Leaf
    if tag in _TEXTS:
        leaf = Text(tag, codings.decode(*raw[0], held, "<u4"), raw[1][2])
    else:
        leaf = Fixed(tag, codings.decode(*raw[0], held, dtype_of(tag)))
    if rows_of(leaf) != held:
        raise ValueError("a group of another number of rows")
    if codes is not None:
        taken = take(leaf, codes)
        assert isinstance(taken, (Fixed, Text))
        leaf = taken
    if isinstance(leaf, Text):
        if int(leaf.lengths.sum(dtype=np.int64)) != len(leaf.data):
            raise ValueError("texts of other lengths")
        return Text(tag, leaf.lengths, leaf.data, nulls)
    return Fixed(tag, leaf.data, nulls)


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


def _buffers(leaf: Leaf, plan: Plan) -> list[tuple[int, int, bytes]]:
    import numpy as np

    if isinstance(leaf, Text):
        lengths = np.ascontiguousarray(leaf.lengths, dtype="<u4")
        return [codings.encode(lengths), (codings.PLAIN, 1, leaf.data.tobytes())]
    return [codings.encode(np.ascontiguousarray(leaf.data), plan.places)]


def _dictionary(group: Leaf) -> tuple[Leaf, NDArray[Any]] | None:
    """Distinct values in the order of their hashes, and codes; None where that does not pay."""
    import numpy as np

    rows = rows_of(group)
    _, first, codes = np.unique(numbers(group), return_index=True, return_inverse=True)
    if len(first) * 8 > rows:
        return None
    words = take(group, first)
    assert isinstance(words, (Fixed, Text))
    narrow = codes.astype("|u1" if len(first) <= 256 else "<u2")
    if isinstance(group, Text):  # hashes of texts may collide: look at every byte
        back = take(words, narrow)
        assert isinstance(back, Text)
        if not (
            np.array_equal(back.lengths, group.lengths) and np.array_equal(back.data, group.data)
        ):
            return None
    return words, narrow
