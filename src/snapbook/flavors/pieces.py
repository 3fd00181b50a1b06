"""Where to cut a pickle stream, so that a little more training costs little more.

A model that grew differs in three places: counts near the start, the end, and nowhere between. So
the stream is cut finely (by content, 1 KiB), and fine pieces are joined up to every sixteenth or
so that is marked by its own content; the start, and what follows the last mark, stay fine. As with
any cutting by content, an insertion moves the cuts near it and no others.
"""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

from snapbook import chunk

_FINE = 1024
_START = 8 * 1024  # bytes at the start in which fine pieces are not joined
_MARK = 16  # one fine piece in so many ends a joined one
_MOST = 24 * 1024  # bytes of a joined piece
_LARGE = 4 << 20  # a stream beyond this is cut by 16 KiB throughout: the list would grow long


def cut(stream: bytes) -> Iterator[memoryview]:
    """The pieces of ``stream`` in order."""
    if len(stream) > _LARGE:
        yield from chunk.cut(stream)
        return
    start = 0
    waiting: list[memoryview] = []
    for piece in chunk.cut(stream, _FINE):
        start += len(piece)
        if start <= _START:
            yield piece
            continue
        waiting.append(piece)
        length = sum(map(len, waiting))
        if crc32(piece) % _MARK == 0 or length >= _MOST:
            yield memoryview(stream)[start - length : start]
            waiting.clear()
    yield from waiting
