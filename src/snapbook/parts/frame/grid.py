"""Where the rows of a frame are cut into groups, the same for all its columns.

Cuts follow the content of one key column, so that deleted or inserted rows change only the groups
they lie in. Knows values and numpy; which cuts were taken stands in the part, so no reader needs
this.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from snapbook import chunk
from snapbook.parts.frame.values import Fixed, Leaf, Text, Values, leaves, rows_of, starts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

AVERAGE = 4096  # rows in a group
_EVEN = 16 * 1024  # values in a group where there is nothing to align
_LOOK = 256  # rows that tell how well a column tells rows apart
_WINDOW = 16  # rows hashed together where single rows look alike
_MIX = 0x9E3779B97F4A7C15
_MIX2 = 0xD6E8FEB86659FD93


def even(rows: int) -> list[int]:
    """Ends of groups of equal length."""
    return [*range(_EVEN, rows, _EVEN), rows] if rows else []


def cuts(rows: int, key: Sequence[Leaf], window: int) -> list[int]:
    """Ends of groups by the content of the ``key`` leaves, ``window`` rows at a time."""
    if rows <= AVERAGE:
        return [rows] if rows else []
    import numpy as np

    hashes = np.full(rows, _MIX, dtype=np.uint64)
    for leaf in key:
        hashes = mixed(hashes ^ numbers(leaf))
    step = 1
    while step < window:
        wider = hashes.copy()
        wider[step:] += hashes[:-step] * np.uint64(_MIX2)
        hashes, step = wider, step * 2
    return chunk.row_cuts(mixed(hashes), AVERAGE)


def pick(columns: Sequence[Values], rows: int) -> tuple[list[int], int]:
    """Places of the key columns and the window: the first column that tells rows apart well.

    Where there is none, all columns together over several rows.
    """
    import numpy as np

    fit = [place for place, values in enumerate(columns) if rows_of(values) == rows]
    for place in fit:
        leaf = leaves(columns[place])[0]
        if isinstance(leaf, Fixed) and leaf.data.dtype.itemsize < 4:
            continue
        sample = numbers(leaf, np.linspace(0, max(rows - 1, 0), min(rows, _LOOK)).astype(np.int64))
        if len(np.unique(sample)) > 0.9 * len(sample):
            return [place], 1
    return fit, _WINDOW


def numbers(leaf: Leaf, chosen: NDArray[Any] | None = None) -> NDArray[Any]:
    """A 64-bit number for each row of ``leaf`` (or each ``chosen`` one), equal for equal values."""
    import numpy as np

    if isinstance(leaf, Text):
        return _text_numbers(leaf, chosen)
    data = leaf.data if chosen is None else leaf.data[chosen]
    if data.dtype.itemsize == 16:
        pair = np.ascontiguousarray(data).view("<u8").reshape(-1, 2)
        return mixed(pair[:, 0].copy()) ^ pair[:, 1]
    unsigned = np.ascontiguousarray(data).view(f"<u{data.dtype.itemsize}")
    return unsigned.astype(np.uint64)


def mixed(hashes: NDArray[Any]) -> NDArray[Any]:
    """Well mixed 64-bit numbers, one to one."""
    import numpy as np

    hashes = hashes * np.uint64(_MIX2)
    hashes ^= hashes >> np.uint64(32)
    hashes *= np.uint64(_MIX)
    hashes ^= hashes >> np.uint64(29)
    return hashes


def _text_numbers(leaf: Text, chosen: NDArray[Any] | None) -> NDArray[Any]:
    """By length, the first eight and the last eight bytes: enough to cut by and to guess by."""
    import numpy as np

    starts = starts_of(leaf)
    lengths = leaf.lengths.astype(np.int64)
    begins = starts[:-1]
    if chosen is not None:
        begins, lengths = begins[chosen], lengths[chosen]
    padded = np.zeros(len(leaf.data) + 16, dtype=np.uint8)
    padded[8 : 8 + len(leaf.data)] = leaf.data
    found = lengths.astype(np.uint64)
    for edge in (begins + 8, begins + lengths):  # the eight from the start, the eight to the end
        word = np.zeros(len(begins), dtype=np.uint64)
        for byte in range(8):
            inside = (edge + byte >= begins + 8) & (edge + byte < begins + 8 + lengths)
            word |= np.where(inside, padded[edge + byte], 0).astype(np.uint64) << np.uint64(
                8 * byte
            )
        found = mixed(found) ^ word
    return found
