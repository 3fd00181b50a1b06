"""Where to cut bytes, or the rows of a table, so that what did not change is cut alike again.

Content-defined chunking in the manner of LBFS (Muthitacharoen, Chen, Mazieres, 2001): a cut depends
on the few bytes (or rows) before it alone, so that an insertion or a deletion moves the cuts near
it and no others. The hash is computed by numpy in passes over 8-bit lanes, which filters one place
in 256; only those are looked at with 64 bits. Knows nothing of what the bytes mean or where they
go. The cuts are part of what makes storage cheap, not of the format: a reader never needs them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from numpy.typing import NDArray

Buffer: TypeAlias = "bytes | bytearray | memoryview"

WINDOW = 32  # bytes before a cut that decide it
_TILE = 1 << 18
_MIX = 0x9E3779B97F4A7C15
_MIX2 = 0xD6E8FEB86659FD93
_SIGN = 0x5B  # not what a run of equal bytes gives: runs are cut at their greatest length instead


def cut(data: Buffer, average: int = 16 * 1024) -> Iterator[memoryview]:
    """The pieces of ``data`` in order, about ``average`` bytes each; nothing for no bytes."""
    view = memoryview(data).cast("B")
    start = 0
    for end in cuts(view, average):
        yield view[start:end]
        start = end


def cuts(data: Buffer, average: int = 16 * 1024) -> list[int]:
    """The end of each piece of ``data`` (bytes from its start), the last being its length.

    Pieces have between a quarter and four times ``average`` bytes, the last one perhaps fewer.
    """
    import numpy as np

    view = memoryview(data).cast("B")
    least, most = max(average // 4, WINDOW), average * 4
    if len(view) <= least:
        return [len(view)] if len(view) else []
    octets = np.frombuffer(view, dtype=np.uint8)
    # One place in 256 passes the first sieve, so the second lets 256 in (average - least) through.
    limit = min(2**64 - 1, (256 << 64) // max(average - least, 256))
    found: list[NDArray[Any]] = []
    for start in range(0, len(view) - WINDOW + 1, _TILE):
        tile = octets[start : start + _TILE + WINDOW - 1]
        places = np.flatnonzero(_sieve(tile) == _SIGN)
        if places.size:
            windows = np.lib.stride_tricks.sliding_window_view(tile, WINDOW)[places]
            kept = places[_strong(windows) <= np.uint64(limit)]
            found.append(kept + (start + WINDOW))
    places = np.concatenate(found) if found else np.empty(0, dtype=np.int64)
    return choose(places.tolist(), len(view), least, most)


def row_cuts(hashes: NDArray[Any], average: int = 4096) -> list[int]:
    """The end of each group of rows, given one well mixed unsigned 64-bit hash for each row.

    Groups have between half and four times ``average`` rows, the last one perhaps fewer. A row
    whose hash is low ends a group: rows that go or come elsewhere do not move the cut.
    """
    import numpy as np

    total = len(hashes)
    # Even lengths matter: the group that an edit hits is the longer, the more lengths vary.
    least, most = max(average // 2, 1), average * 4
    if total <= least:
        return [total] if total else []
    limit = (1 << 64) // max(average - least, 1) - 1
    places = np.flatnonzero(hashes <= np.uint64(limit)) + 1
    return choose(places.tolist(), total, least, most)


def choose(places: list[int], total: int, least: int, most: int) -> list[int]:
    """From the rising candidate ``places``, those that leave pieces of ``least`` to ``most``."""
    ends: list[int] = []
    start = 0
    while total - start > least:
        at = bisect_left(places, start + least)
        end = min(places[at] if at < len(places) else total, start + most, total)
        ends.append(end)
        start = end
    if start < total:
        ends.append(total)
    return ends


def _sieve(octets: NDArray[Any]) -> NDArray[Any]:
    """An 8-bit hash of each window of 32 bytes, by doubling: 1, 2, 4, 8, 16, 32 bytes."""
    import numpy as np

    lanes = octets * np.uint8(0x9D)
    lanes ^= lanes >> np.uint8(5)
    for width, odd in ((1, 0x2F), (2, 0x65), (4, 0xA3), (8, 0x3B), (16, 0xC7)):
        wider = lanes[:-width] * np.uint8(odd)
        wider += lanes[width:]
        lanes = wider
    return lanes


def _strong(windows: NDArray[Any]) -> NDArray[Any]:
    """A 64-bit hash of each row of 32 bytes (places, 32)."""
    import numpy as np

    words = np.ascontiguousarray(windows).view("<u8")
    hashes = np.full(len(words), _MIX, dtype=np.uint64)
    for column in range(words.shape[1]):
        hashes ^= words[:, column]
        hashes *= np.uint64(_MIX2)
        hashes ^= hashes >> np.uint64(32)
    hashes *= np.uint64(_MIX)
    return hashes ^ (hashes >> np.uint64(29))
