"""Row numbers that a seeded shuffle made: kept as the seed instead of the numbers.

``train_test_split(..., random_state=42)`` and ``sample(..., random_state=42)`` take a run of
``RandomState(42).permutation(rows)``, whose stream numpy has frozen for ever (NEP 19). A few seeds
that people use are tried, and one is taken only if it gives every number. Knows numbers, not
frames.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LIKELY = (42, 0, 1)
_TRIED = (*range(128), 1234, 12345, 123456, 1337, 2020, 2021, 2022, 2023, 2024, 2025, 2026)
_LEAST = 1024  # fewer numbers are small enough as they are


@dataclass(frozen=True, slots=True)
class Shuffle:
    """A run of the permutation of ``rows`` that ``seed`` gives, from ``start``."""

    seed: int
    rows: int
    start: int


def find(numbers: NDArray[Any], rows: int, hints: Iterable[int] = ()) -> Shuffle | None:
    """The shuffle of which ``numbers`` are the end or the beginning; ``hints`` are tried first."""
    import numpy as np

    count = len(numbers)
    if count < _LEAST or count > rows or rows >= 2**32:
        return None
    hinted = tuple(dict.fromkeys(hints))
    for seed in dict.fromkeys((*hinted, *_TRIED)):
        if _last(seed, rows) == int(numbers[-1]):
            found = Shuffle(seed, rows, rows - count)
            if np.array_equal(replay(found, count), numbers):
                return found
    for seed in dict.fromkeys((*hinted, *_LIKELY)):
        found = Shuffle(seed, rows, 0)
        if np.array_equal(replay(found, count), numbers):
            return found
    return None


def replay(shuffle: Shuffle, count: int) -> NDArray[Any]:
    """The ``count`` numbers."""
    import numpy as np

    order: NDArray[Any] = np.random.RandomState(shuffle.seed).permutation(shuffle.rows)
    return order[shuffle.start : shuffle.start + count]


def _last(seed: int, rows: int) -> int:
    """The last number of the permutation, which its first draw decides.

    The draw is a 32-bit number cut to the bits of ``rows`` - 1, again until it is small enough.
    """
    import numpy as np

    most = rows - 1
    mask = (1 << most.bit_length()) - 1
    for drawn in np.random.RandomState(seed).randint(0, 2**32, 64, dtype=np.uint32).tolist():
        if (drawn & mask) <= most:
            return int(drawn & mask)
    return -1
