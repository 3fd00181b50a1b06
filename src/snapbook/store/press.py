"""Compression beside the caller: frames are pressed by threads while the next ones are made.

Knows when bytes are worth packing and who packs them; zstd lets go of the interpreter while it
works. The threads live as long as one pack is written: a kernel at rest has none. Knows no file:
order, and what becomes of the bytes, is `store.packer`'s.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeAlias

import zstandard

from snapbook.store.base import Buffer
from snapbook.store.pack import RAW, ZSTD

LEVEL = 1
THREADS = min(4, os.cpu_count() or 1)
LEAST = 32 * 1024  # below, handing over costs as much as packing
COPIED = 8 * 1024 * 1024  # above, the copy that handing over takes costs too much memory
_local = threading.local()


class Pressed(NamedTuple):
    """A frame as it is stored."""

    codec: int
    stored: Buffer


Pending: TypeAlias = Callable[[], Pressed]


class Press:
    """Packs frames, at most `THREADS` at a time."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    def begin(self, data: Buffer) -> Pending:
        """Start on ``data``; call what comes back to wait for it.

        The caller may change ``data`` after return, unless it is larger than `COPIED`: that is
        packed when it is asked for, and must be asked for at once.
        """
        size = memoryview(data).nbytes
        if size > COPIED:
            return lambda: press(data)
        copy = bytes(data)
        if size < LEAST or THREADS == 1:
            pressed = press(copy)
            return lambda: pressed
        if self._pool is None:
            self._pool = ThreadPoolExecutor(THREADS, "snapbook-press")
        return self._pool.submit(press, copy).result

    def close(self) -> None:
        """End the threads; what was begun and not asked for is dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def press(data: Buffer) -> Pressed:
    """``data`` packed, or as it is: an eighth saved is what reading through zstd is worth.

    The weights of networks shrink by a fourteenth, and are then read five times slower.
    """
    packed = _compressor().compress(data)
    raw = memoryview(data).nbytes
    return Pressed(ZSTD, packed) if len(packed) < raw - raw // 8 else Pressed(RAW, data)


def _compressor() -> zstandard.ZstdCompressor:
    """One for each thread: it is not made to be shared."""
    found: zstandard.ZstdCompressor | None = getattr(_local, "compressor", None)
    if found is None:
        found = _local.compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=False)
    return found
