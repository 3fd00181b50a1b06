"""Canonical values of a column: what its digest is over and what its blobs hold.

Four forms cover every dtype. `Fixed`: numbers, times, booleans of one width. `Text`: strings, bytes
or tagged objects of any length. `Coded`: small codes into categories. `Pair`: two columns side by
side (intervals). Knows numpy arrays, and neither frames nor dtypes of any library: the ``from_``
modules make values, `restore` turns them back. Arrays in values are never written to.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST = 2**32 - 1  # bytes in one text value


class NotCanonical(Exception):
    """A value has no canonical form; the text says which and is fit for a user."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Values of one width: ``data`` (rows), little-endian; ``nulls`` (rows), None if none is.

    ``tag`` says what the bytes mean: numpy's kind and width ("f8"), with the unit for times
    ("M8[ns]") and the frequency for periods ("period[M]").
    """

    tag: str
    data: NDArray[Any]
    nulls: NDArray[Any] | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """Values of any length: ``lengths`` (rows) uint32 and ``data``, their bytes one after another.

    ``tag`` is "str" (UTF-8, lone surrogates passed), "bytes" or "mixed" (`tagged` objects). A null
    has length 0.
    """

    tag: str
    lengths: NDArray[Any]
    data: NDArray[Any]
    nulls: NDArray[Any] | None = None


@dataclass(frozen=True, slots=True)
class Coded:
    """``codes`` (rows) signed, -1 for missing, into ``categories``."""

    codes: NDArray[Any]
    categories: Values


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns of the same length, as the ends of intervals."""

    left: Values
    right: Values


Values: TypeAlias = "Fixed | Text | Coded | Pair"
Leaf: TypeAlias = "Fixed | Text"


def rows_of(values: Values) -> int:
    """How many rows."""
    match values:
        case Fixed():
            return len(values.data)
        case Text():
            return len(values.lengths)
        case Coded():
            return len(values.codes)
        case Pair():
            return rows_of(values.left)


def leaves(values: Values) -> list[Leaf]:
    """The row-aligned arrays of ``values``, in the order in which `assemble` takes them back."""
    match values:
        case Coded():
            return [Fixed(_tag(values.codes), values.codes)]
        case Pair():
            return leaves(values.left) + leaves(values.right)
        case _:
            return [values]


def sides(values: Values) -> list[Values]:
    """What belongs to ``values`` but is not row-aligned: categories, in the order of `assemble`."""
    match values:
        case Coded():
            return [values.categories]
        case Pair():
            return sides(values.left) + sides(values.right)
        case _:
            return []


def take(values: Values, rows: NDArray[Any]) -> Values:
    """The values at ``rows``, in that order."""
    match values:
        case Fixed():
            return Fixed(values.tag, values.data[rows], _at(values.nulls, rows))
        case Text():
            return _take_text(values, rows)
        case Coded():
            return Coded(values.codes[rows], values.categories)
        case Pair():
            return Pair(take(values.left, rows), take(values.right, rows))


def starts_of(text: Text) -> NDArray[Any]:
    """Where each value begins in ``text.data``, and at last where the data end (rows + 1)."""
    import numpy as np

    starts = np.zeros(len(text.lengths) + 1, dtype=np.int64)
    np.cumsum(text.lengths, out=starts[1:])
    return starts


def pieces(text: Text) -> list[bytes | None]:
    """Each value's bytes, None for nulls."""
    raw = text.data.tobytes()
    ends = starts_of(text).tolist()
    found: list[bytes | None] = [raw[a:b] for a, b in pairwise(ends)]
    if text.nulls is not None:
        for row in text.nulls.nonzero()[0].tolist():
            found[row] = None
    return found


def text_from(tag: str, items: list[bytes | None]) -> Text:
    """The Text of ``items``, None for nulls. Raises NotCanonical past 4 GiB a value."""
    import numpy as np

    lengths = np.fromiter((len(i) if i is not None else 0 for i in items), np.int64, len(items))
    if len(lengths) and int(lengths.max()) > LONGEST:
        raise NotCanonical("a value longer than 4 GiB")
    data = np.frombuffer(b"".join(i for i in items if i is not None), dtype=np.uint8)
    nulls = np.fromiter((i is None for i in items), np.bool_, len(items))
    return Text(tag, lengths.astype("<u4"), data, nulls if nulls.any() else None)


def _take_text(text: Text, rows: NDArray[Any]) -> Text:
    import numpy as np

    starts = starts_of(text)
    lengths = text.lengths[rows]
    ends = np.cumsum(lengths, dtype=np.int64)
    # Each output byte's source is its own place, shifted by how far its value has moved.
    shifts = np.repeat(starts[:-1][rows] - (ends - lengths), lengths)
    data = text.data[shifts + np.arange(len(shifts), dtype=np.int64)]
    return Text(text.tag, lengths, data, _at(text.nulls, rows))


def _at(nulls: NDArray[Any] | None, rows: NDArray[Any]) -> NDArray[Any] | None:
    if nulls is None:
        return None
    chosen: NDArray[Any] = nulls[rows]
    return chosen if chosen.any() else None


def _tag(array: NDArray[Any]) -> str:
    return f"{array.dtype.kind}{array.dtype.itemsize}"
