"""A 64-bit number for each row of a column: equal for equal values, usually other for others.

What guesses are made with (where to cut, which rows may be equal, which values repeat); never a
proof, so it may change without changing the format. Knows canonical values and numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snapbook.parts.frame.values import Leaf, Text, starts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MIX = 0x9E3779B97F4A7C15
_MIX2 = 0xD6E8FEB86659FD93
_MIX3 = 0xA0761D6478BD642F


def mixed(hashes: NDArray[Any]) -> NDArray[Any]:
    """Well mixed 64-bit numbers, one to one."""
    import numpy as np

    found: NDArray[Any] = hashes * np.uint64(_MIX2)
    found ^= found >> np.uint64(32)
    found *= np.uint64(_MIX)
    found ^= found >> np.uint64(29)
    return found


def row_hashes(key: list[Leaf], rows: int) -> NDArray[Any]:
    """A hash of each row over the ``key`` leaves (rows)."""
    import numpy as np

    hashes = np.full(rows, _MIX, dtype=np.uint64)
    for leaf in key:
        hashes = mixed(hashes ^ numbers(leaf))
    return hashes


def windowed(hashes: NDArray[Any], window: int) -> NDArray[Any]:
    """A hash of each row and the ``window`` - 1 rows before it; ``window`` is a power of two."""
    import numpy as np

    step = 1
    while step < window:
        wider = hashes.copy()
        wider[step:] += hashes[:-step] * np.uint64(_MIX2)
        hashes, step = wider, step * 2
    return mixed(hashes)


def numbers(leaf: Leaf, chosen: NDArray[Any] | None = None) -> NDArray[Any]:
    """The number of each row of ``leaf``, or of each ``chosen`` one."""
    import numpy as np

    if isinstance(leaf, Text):
        return _of_text(leaf, chosen)
    data = leaf.data if chosen is None else leaf.data[chosen]
    if data.dtype.itemsize == 16:
        pair = np.ascontiguousarray(data).view("<u8").reshape(-1, 2)
        folded: NDArray[Any] = mixed(pair[:, 0]) ^ pair[:, 1]
        return folded
    unsigned = np.ascontiguousarray(data).view(f"<u{data.dtype.itemsize}")
    found: NDArray[Any] = unsigned.astype(np.uint64, copy=False)
    return found


def _of_text(leaf: Text, chosen: NDArray[Any] | None) -> NDArray[Any]:
    """By length, the first eight bytes, the middle eight and the last eight."""
    import numpy as np

    begins, lengths = starts_of(leaf)[:-1], leaf.lengths.astype(np.int64)
    if chosen is not None:
        begins, lengths = begins[chosen], lengths[chosen]
    padded = np.zeros(len(leaf.data) + 16, dtype=np.uint8)
    padded[8 : 8 + len(leaf.data)] = leaf.data
    # Every eight bytes in a row as one number, wherever they begin.
    words = np.ndarray((len(padded) - 7,), dtype="<u8", buffer=padded.data, strides=(1,))
    short = (8 * (8 - np.minimum(lengths, 8))).astype(np.uint64)
    top = np.uint64(63)
    begins = begins + 8
    # What lies past a short value is shifted out; a shift by 64 would do nothing, so in two steps.
    first = words[begins] << np.minimum(short, top)
    last = words[begins + lengths - 8] >> np.minimum(short, top)
    middle = words[np.where(lengths > 16, begins + lengths // 2 - 4, begins + lengths - 8)]
    middle = np.where(lengths > 16, middle, np.uint64(0))
    some = lengths > 0
    found: NDArray[Any] = lengths.astype(np.uint64)
    for part, odd in ((first, _MIX), (last, _MIX2), (middle, _MIX3)):
        found *= np.uint64(_MIX)
        found += np.where(some, part, np.uint64(0)) * np.uint64(odd)
    return found
