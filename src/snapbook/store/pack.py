"""The pack file: many blobs in one immutable file, each found and verified alone.

Knows the bytes of a pack (docs/format.md) and how they are read: magic, frames, index, trailer. A
frame is one stretch of bytes, raw or one zstd frame, and holds one large blob or a group of small
ones. Where the bytes lie is its engine's: in a file here, in a bucket in `store.objects`. Knows
nothing of folders, names or which packs exist; `store.packer` writes.
"""

from __future__ import annotations

import os
import struct
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

import zstandard

from snapbook import canonical
from snapbook.errors import Damaged

MAGIC = b"snapack1"
RAW, ZSTD = 0, 1
_FEW = 4096  # up to this many blobs a dict is made at the first question, else they are bisected
_local = threading.local()
NONCE_SIZE = 8
TRAILER = struct.Struct("<QII32s8s")  # index offset, frames, blobs, BLAKE3 of the index, magic
FRAME = struct.Struct("<QQB")  # stored size, raw size, codec
BLOB = struct.Struct("<32sIIQ")  # digest, frame, offset in the raw frame, size


class Frame(NamedTuple):
    """A stretch of the file: where it begins, its size there and unpacked, how it is packed."""

    start: int
    stored: int
    raw: int
    codec: int


class Place(NamedTuple):
    """Where a blob lies: number of the frame, offset in the unpacked frame, size."""

    frame: int
    offset: int
    size: int


class Packed(ABC):
    """A pack by its index, for reading. Raises Damaged where the bytes are no pack."""

    slice_bytes = 1 << 20  # what is read at once of a large frame that is passed on

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size_bytes = size
        if size < len(MAGIC) + NONCE_SIZE + TRAILER.size:
            raise _damaged(name, "it is cut")
        trailer = self.read(size - TRAILER.size, TRAILER.size)
        if len(trailer) != TRAILER.size:
            raise _damaged(name, "it is cut")
        start, frames, blobs, checksum, magic = TRAILER.unpack(trailer)
        length = size - TRAILER.size - start
        if magic != MAGIC:
            raise _damaged(name, "it is cut")
        if self.read(0, len(MAGIC)) != MAGIC:
            raise _damaged(name, "its beginning was changed")
        if length != NONCE_SIZE + frames * FRAME.size + blobs * BLOB.size:
            raise _damaged(name, "its trailer was changed")
        index = self.read(start, length)
        if canonical.digest(index) != name or checksum.hex() != name:
            raise _damaged(name, "its index was changed")
        self._table = memoryview(index)[NONCE_SIZE + frames * FRAME.size :]
        self.frames = _frames(index, frames)
        self._count: int = blobs
        self._known: dict[bytes, Place] | None = None
        end = self.frames[-1].start + self.frames[-1].stored if self.frames else len(MAGIC)
        if end != start:
            raise _damaged(name, "its frames do not fill it")

    @abstractmethod
    def read(self, start: int, size: int) -> bytes:
        """Stored bytes of the pack; fewer where it is cut."""

    def __len__(self) -> int:
        return self._count

    def digests(self) -> Iterator[bytes]:
        """The digests of all blobs, sorted."""
        for position in range(self._count):
            yield self._digest(position)

    def places(self) -> Iterator[tuple[bytes, Place]]:
        """All blobs, sorted by digest."""
        for digest, *place in BLOB.iter_unpack(self._table):
            yield digest, Place(*place)

    def find(self, digest: bytes) -> Place | None:
        """Where the blob lies, if it is here."""
        if self._known is None and self._count <= _FEW:
            self._known = dict(self.places())
        if self._known is not None:
            return self._known.get(digest)
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            if self._digest(middle) < digest:
                low = middle + 1
            else:
                high = middle
        if low == self._count or self._digest(low) != digest:
            return None
        _, *place = BLOB.unpack_from(self._table, low * BLOB.size)
        return Place(*place)

    def frame(self, number: int) -> bytes:
        """A whole frame, unpacked; its blobs are not verified. Raises Damaged."""
        try:
            frame = self.frames[number]
            return unpacked(self.read(frame.start, frame.stored), frame)
        except (ValueError, IndexError, zstandard.ZstdError) as error:
            raise _damaged(self.name, str(error)) from error

    def _digest(self, position: int) -> bytes:
        start = position * BLOB.size
        return bytes(self._table[start : start + 32])


class Pack(Packed):
    """An open pack file, which owns ``fd``.

    Reads with pread and not through a memory map: when a file is cut under a map, or its disk
    fails, the kernel that holds our user's work would be killed by a signal.
    """

    def __init__(self, fd: int, name: str) -> None:
        self.fd = fd
        super().__init__(name, os.fstat(fd).st_size)

    def __del__(self) -> None:
        # The last user closes the file, so that a thread may read while another lets go.
        os.close(self.fd)

    def read(self, start: int, size: int) -> bytes:
        """Stored bytes of the file; fewer where it is cut."""
        return os.pread(self.fd, size, start)


def read_frame(fd: int, frame: Frame) -> bytes:
    """The unpacked bytes of ``frame``. Raises ValueError or ZstdError where they are not whole."""
    return unpacked(os.pread(fd, frame.stored, frame.start), frame)


def unpacked(stored: bytes, frame: Frame) -> bytes:
    """The bytes that ``stored`` was packed from. Raises ValueError or ZstdError, as above."""
    if len(stored) != frame.stored:
        raise ValueError("a frame is cut")
    if frame.codec == RAW:
        return stored
    if frame.codec != ZSTD:
        raise ValueError(f"codec {frame.codec} is unknown")
    # The size in the frame's own header decides how much is allocated: it must be the index's.
    if zstandard.frame_content_size(stored) != frame.raw:
        raise ValueError("a frame has another size than the index says")
    return _decompressor().decompress(stored)


def _decompressor() -> zstandard.ZstdDecompressor:
    """One for each thread: it is not made to be shared, and to make one costs like a small read."""
    found: zstandard.ZstdDecompressor | None = getattr(_local, "decompressor", None)
    if found is None:
        found = _local.decompressor = zstandard.ZstdDecompressor()
    return found


def cut(raw: bytes, place: Place) -> bytes:
    """The blob at ``place`` in its unpacked frame; without a copy where it is the whole frame."""
    if place.size == len(raw):
        return raw
    return raw[place.offset : place.offset + place.size]


def _frames(index: bytes, count: int) -> list[Frame]:
    frames = []
    start = len(MAGIC)
    table = memoryview(index)[NONCE_SIZE : NONCE_SIZE + count * FRAME.size]
    for stored, raw, codec in FRAME.iter_unpack(table):
        frames.append(Frame(start, stored, raw, codec))
        start += stored
    return frames


def _damaged(name: str, why: str) -> Damaged:
    return Damaged(f"Pack {name[:12]} cannot be read", why)
