"""Single cells: where two columns differ, and a value's short text. Knows canonical values."""

from __future__ import annotations

from typing import Any

from snapbook.parts.frame import tagged
from snapbook.parts.frame.values import Fixed, Leaf, Text, starts_of

_LONGEST = 40
_NAT = -(2**63)


def differing(one: Leaf, other: Leaf) -> list[int]:
    """The rows in which two leaves of equal length and tag differ; every NaN equals every NaN."""
    import numpy as np

    if isinstance(one, Fixed) and isinstance(other, Fixed):
        width = one.data.dtype.itemsize
        a, b = np.ascontiguousarray(one.data), np.ascontiguousarray(other.data)
        raw = a.view(np.uint8).reshape(-1, width) != b.view(np.uint8).reshape(-1, width)
        other_bits = raw.any(axis=1)
        if one.data.dtype.kind in "fc":
            other_bits &= ~(np.isnan(one.data) & np.isnan(other.data))
    elif isinstance(one, Text) and isinstance(other, Text):
        other_bits = _texts_differ(one, other)
    else:
        raise TypeError("leaves of different kinds")
    if one.nulls is not None or other.nulls is not None:
        x = np.zeros(len(other_bits), bool) if one.nulls is None else one.nulls
        y = np.zeros(len(other_bits), bool) if other.nulls is None else other.nulls
        other_bits = (other_bits & ~(x & y)) | (x != y)
    found: list[int] = np.flatnonzero(other_bits).tolist()
    return found


def _texts_differ(one: Text, other: Text) -> Any:
    import numpy as np

    unlike = one.lengths != other.lengths
    a, b = starts_of(one), starts_of(other)
    same = np.flatnonzero(~unlike)
    lengths = one.lengths[same].astype(np.int64)
    ends = np.cumsum(lengths)
    if len(ends) and ends[-1]:
        within = np.arange(int(ends[-1])) - np.repeat(ends - lengths, lengths)
        x = one.data[np.repeat(a[same], lengths) + within]
        y = other.data[np.repeat(b[same], lengths) + within]
        owners = np.repeat(same, lengths)[x != y]
        unlike[owners] = True
    return unlike


def cell_text(leaves: list[Leaf], row: int) -> str:
    """One cell as short text; a cell of several leaves (an interval) as their texts."""
    texts = [_text(leaf, row) for leaf in leaves]
    return texts[0] if len(texts) == 1 else "(" + ", ".join(texts) + ")"


def _text(leaf: Leaf, row: int) -> str:
    if leaf.nulls is not None and leaf.nulls[row]:
        return "missing"
    if isinstance(leaf, Fixed):
        return _number(leaf, row)
    starts = starts_of(leaf)
    raw = leaf.data[int(starts[row]) : int(starts[row + 1])].tobytes()
    if leaf.tag == "str":
        return _clipped(repr(raw.decode("utf-8", "replace")))
    if leaf.tag == "bytes":
        return _clipped(repr(raw))
    return _clipped(repr(tagged.decode(raw)))


def _number(leaf: Fixed, row: int) -> str:
    value = leaf.data[row]
    kind = leaf.tag[:2]
    if kind in ("M8", "m8") or leaf.tag.startswith("period"):
        if int(value) == _NAT:
            return "missing"
        if kind in ("M8", "m8"):
            return str(value.view(leaf.tag))
    return repr(value.item())


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
