"""The pack file: many blobs in one immutable file, each found and verified alone.

Knows the bytes of a pack (docs/format.md): magic, frames, index, trailer. A frame is one stretch of
bytes, raw or one zstd frame, and holds one large blob or a group of small ones: small JSON blobs
compress far better together, large ones stay separately readable. Knows nothing of folders, names
or which packs exist.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import zstandard

from snapbook import canonical
from snapbook.errors import Damaged
from snapbook.store.base import Buffer

MAGIC = b"snapack1"
RAW, ZSTD = 0, 1
LEVEL = 1
SMALL = 8 * 1024  # below this a blob goes into a group
GROUP = 128 * 1024  # a group is closed when it has grown to this
_OPEN = -1  # the frame of blobs whose group is not closed yet
_FEW = 4096  # up to this many blobs a dict is made at the first question, else they are bisected
_local = threading.local()
_NONCE_SIZE = 8
_TRAILER = struct.Struct("<QII32s8s")  # index offset, frames, blobs, BLAKE3 of the index, magic
_FRAME = struct.Struct("<QQB")  # stored size, raw size, codec
_BLOB = struct.Struct("<32sIIQ")  # digest, frame, offset in the raw frame, size


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


@dataclass(frozen=True, slots=True)
class Mark:
    """A point that a `Packer` can return to."""

    position: int
    frames: int
    blobs: int
    group: bytes
    members: int


class Packer:
    """Writes one pack into an open, empty file. The caller opens, syncs and names the file."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._frames: list[Frame] = []
        self._places: dict[bytes, Place] = {}
        # The open group: its bytes, and its blobs in order. Their frame is known when it closes.
        self._group = bytearray()
        self._members: dict[bytes, Place] = {}
        self._position = len(MAGIC)
        self._compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=False)
        _write(fd, MAGIC)

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._places

    def __len__(self) -> int:
        return len(self._places)

    @property
    def size_bytes(self) -> int:
        """What the file takes at most if it is finished now."""
        index = len(self._frames) * _FRAME.size + len(self._places) * _BLOB.size
        overhead: int = _NONCE_SIZE + index + _TRAILER.size
        return self._position + len(self._group) + overhead

    def add(self, digest: bytes, data: Buffer) -> None:
        """Append a blob that is not here yet."""
        size = memoryview(data).nbytes
        if size >= SMALL:
            self._places[digest] = Place(len(self._frames), 0, size)
            self._write_frame(data)
            return
        place = Place(_OPEN, len(self._group), size)
        self._places[digest] = self._members[digest] = place
        self._group += data
        if len(self._group) >= GROUP:
            self._close_group()

    def get(self, digest: bytes) -> bytes:
        """A blob added before, read back from the file and not verified."""
        place = self._places[digest]
        if place.frame == _OPEN:
            return bytes(memoryview(self._group)[place.offset : place.offset + place.size])
        raw = read_frame(self._fd, self._frames[place.frame])
        return cut(raw, place)

    def mark(self) -> Mark:
        """Where we are."""
        return Mark(
            self._position,
            len(self._frames),
            len(self._places),
            bytes(self._group),
            len(self._members),
        )

    def rewind(self, mark: Mark) -> None:
        """Forget what came after ``mark``."""
        while len(self._places) > mark.blobs:
            self._places.popitem()
        if mark.members or self._members:
            # The group of then may have been closed since: its blobs are the last small ones.
            small = [d for d, p in self._places.items() if p.size < SMALL]
            self._reopen(small[len(small) - mark.members :], mark.group)
        del self._frames[mark.frames :]
        os.ftruncate(self._fd, mark.position)
        os.lseek(self._fd, mark.position, os.SEEK_SET)
        self._position = mark.position

    def finish(self) -> str:
        """Write what is open, the index and the trailer; gives the pack's id. Nothing is synced."""
        self._close_group()
        index = self._index()
        name = canonical.digest(index)
        counts = len(self._frames), len(self._places)
        _write(self._fd, index + _TRAILER.pack(self._position, *counts, bytes.fromhex(name), MAGIC))
        return name

    def digests(self) -> list[bytes]:
        """The digests of all blobs added."""
        return list(self._places)

    def _reopen(self, members: list[bytes], group: bytes) -> None:
        offset = 0
        self._members.clear()
        for digest in members:
            size = self._places[digest].size
            self._places[digest] = self._members[digest] = Place(_OPEN, offset, size)
            offset += size
        self._group = bytearray(group)

    def _close_group(self) -> None:
        if not self._members:
            return
        for digest, place in self._members.items():
            self._places[digest] = place._replace(frame=len(self._frames))
        self._members.clear()
        self._write_frame(self._group)
        self._group = bytearray()

    def _write_frame(self, data: Buffer) -> None:
        packed = self._compressor.compress(data)
        raw = memoryview(data).nbytes
        # A sixteenth saved is what reading through zstd is worth: raw bytes need no second pass.
        codec = ZSTD if len(packed) < raw - raw // 16 else RAW
        stored = packed if codec == ZSTD else data
        _write(self._fd, stored)
        self._frames.append(Frame(self._position, memoryview(stored).nbytes, raw, codec))
        self._position += self._frames[-1].stored

    def _index(self) -> bytes:
        """The nonce (so that no two packs share an id, even with equal blobs) and both tables."""
        out = [os.urandom(_NONCE_SIZE)]
        out += [_FRAME.pack(frame.stored, frame.raw, frame.codec) for frame in self._frames]
        out += [_BLOB.pack(digest, *self._places[digest]) for digest in sorted(self._places)]
        return b"".join(out)


class Pack:
    """An open pack file, for reading; it owns ``fd``. Raises Damaged where the file is no pack.

    Reads with pread and not through a memory map: when a file is cut under a map, or its disk
    fails, the kernel that holds our user's work would be killed by a signal.
    """

    def __init__(self, fd: int, name: str) -> None:
        self.fd = fd
        self.name = name
        size = os.fstat(fd).st_size
        if size < len(MAGIC) + _NONCE_SIZE + _TRAILER.size:
            raise _damaged(name, "it is cut")
        trailer = os.pread(fd, _TRAILER.size, size - _TRAILER.size)
        start, frames, blobs, checksum, magic = _TRAILER.unpack(trailer)
        length = size - _TRAILER.size - start
        if magic != MAGIC:
            raise _damaged(name, "it is cut")
        if os.pread(fd, len(MAGIC), 0) != MAGIC:
            raise _damaged(name, "its beginning was changed")
        if length != _NONCE_SIZE + frames * _FRAME.size + blobs * _BLOB.size:
            raise _damaged(name, "its trailer was changed")
        index = os.pread(fd, length, start)
        if canonical.digest(index) != name or checksum.hex() != name:
            raise _damaged(name, "its index was changed")
        self._table = memoryview(index)[_NONCE_SIZE + frames * _FRAME.size :]
        self.frames = _frames(index, frames)
        self._count: int = blobs
        self._known: dict[bytes, Place] | None = None
        end = self.frames[-1].start + self.frames[-1].stored if self.frames else len(MAGIC)
        if end != start:
            raise _damaged(name, "its frames do not fill it")

    def __len__(self) -> int:
        return self._count

    def __del__(self) -> None:
        # The last user closes the file, so that a thread may read while another lets go.
        os.close(self.fd)

    def digests(self) -> Iterator[bytes]:
        """The digests of all blobs, sorted."""
        for position in range(self._count):
            yield self._digest(position)

    def places(self) -> Iterator[tuple[bytes, Place]]:
        """All blobs, sorted by digest."""
        for digest, *place in _BLOB.iter_unpack(self._table):
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
        _, *place = _BLOB.unpack_from(self._table, low * _BLOB.size)
        return Place(*place)

    def frame(self, number: int) -> bytes:
        """A whole frame, unpacked; its blobs are not verified. Raises Damaged."""
        try:
            return read_frame(self.fd, self.frames[number])
        except (ValueError, IndexError, zstandard.ZstdError) as error:
            raise _damaged(self.name, str(error)) from error

    def _digest(self, position: int) -> bytes:
        start = position * _BLOB.size
        return bytes(self._table[start : start + 32])


def read_frame(fd: int, frame: Frame) -> bytes:
    """The unpacked bytes of ``frame``. Raises ValueError or ZstdError where they are not whole."""
    stored = os.pread(fd, frame.stored, frame.start)
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


def _write(fd: int, data: Buffer) -> None:
    view = memoryview(data).cast("B")
    while view.nbytes:
        view = view[os.write(fd, view) :]


def cut(raw: bytes, place: Place) -> bytes:
    """The blob at ``place`` in its unpacked frame; without a copy where it is the whole frame."""
    if place.size == len(raw):
        return raw
    return raw[place.offset : place.offset + place.size]


def _frames(index: bytes, count: int) -> list[Frame]:
    frames = []
    start = len(MAGIC)
    table = memoryview(index)[_NONCE_SIZE : _NONCE_SIZE + count * _FRAME.size]
    for stored, raw, codec in _FRAME.iter_unpack(table):
        frames.append(Frame(start, stored, raw, codec))
        start += stored
    return frames


def _damaged(name: str, why: str) -> Damaged:
    return Damaged(f"Pack {name[:12]} cannot be read", why)
