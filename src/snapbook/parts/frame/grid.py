"""Where the rows of a frame are cut into groups, the same for all its columns.

Cuts follow the content of one key column, so that deleted or inserted rows change only the groups
they lie in. Knows values and numpy; which cuts were taken stands in the part, so no reader needs
this.
"""

from __future__ import annotations

from collections.abc import Sequence

from snapbook import chunk
from snapbook.parts.frame.numbers import numbers, row_hashes, windowed
from snapbook.parts.frame.values import Fixed, Leaf, Values, leaves, rows_of

AVERAGE = 4096  # rows in a group
_EVEN = 16 * 1024  # values in a group where there is nothing to align
_LOOK = 256  # rows that tell how well a column tells rows apart
_WINDOW = 16  # rows hashed together where single rows look alike


def even(rows: int) -> list[int]:
    """Ends of groups of equal length."""
    return [*range(_EVEN, rows, _EVEN), rows] if rows else []


def cuts(rows: int, key: Sequence[Leaf], window: int) -> list[int]:
    """Ends of groups by the content of the ``key`` leaves, ``window`` rows at a time."""
    if rows <= AVERAGE:
        return [rows] if rows else []
    return chunk.row_cuts(windowed(row_hashes(list(key), rows), window), AVERAGE)


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
