"""Writing one pack file (`store.pack` has its layout).

Knows which blobs stand alone and which in a group: small JSON blobs compress far better together,
large ones stay separately readable. What was added since a mark can be taken back.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import zstandard

from snapbook import canonical
from snapbook.store.base import Buffer
from snapbook.store.durable import write_all
from snapbook.store.pack import (
    BLOB,
    FRAME,
    MAGIC,
    NONCE_SIZE,
    RAW,
    TRAILER,
    ZSTD,
    Frame,
    Place,
    cut,
    read_frame,
)

LEVEL = 1
SMALL = 8 * 1024  # below this a blob goes into a group
GROUP = 128 * 1024  # a group is closed when it has grown to this
_OPEN = -1  # the frame of blobs whose group is not closed yet


@dataclass(frozen=True, slots=True)
class Mark:
    """A point that a `Packer` can return to."""

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
        self._compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=False)

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._places

    def __len__(self) -> int:
        return len(self._places)

    @property
    def size_bytes(self) -> int:
        """What the file takes at most if it is finished now."""
        index = len(self._frames) * FRAME.size + len(self._places) * BLOB.size
        overhead: int = NONCE_SIZE + index + TRAILER.size
        return self._end + len(self._group) + overhead

    @property
    def _end(self) -> int:
        return self._frames[-1].start + self._frames[-1].stored if self._frames else len(MAGIC)

    def add(self, digest: bytes, data: Buffer) -> None:
        """Append a blob that is not here yet. Interrupted, it may be lost, and harms no other."""
        size = memoryview(data).nbytes
        if size >= SMALL:
            self._write_frame(data)
            self._places[digest] = Place(len(self._frames) - 1, 0, size)
            return
        offset = len(self._group)
        self._group += data
        self._places[digest] = self._members[digest] = Place(_OPEN, offset, size)
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
        os.ftruncate(self._fd, self._end)

    def finish(self) -> str:
        """Write what is open, the index and the trailer; gives the pack's id. Nothing is synced."""
        self._close_group()
        index = self._index()
        name = canonical.digest(index)
        counts = len(self._frames), len(self._places)
        trailer = TRAILER.pack(self._end, *counts, bytes.fromhex(name), MAGIC)
        os.ftruncate(self._fd, self._end)
        write_all(self._fd, MAGIC)
        write_all(self._fd, index + trailer, self._end)
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
        self._write_frame(self._group)
        for digest, place in self._members.items():
            self._places[digest] = place._replace(frame=len(self._frames) - 1)
        self._members.clear()
        self._group = bytearray()

    def _write_frame(self, data: Buffer) -> None:
        packed = self._compressor.compress(data)
        raw = memoryview(data).nbytes
        # An eighth saved is what reading through zstd is worth: the weights of networks shrink by a
        # tenth, and would be read five times slower.
        codec = ZSTD if len(packed) < raw - raw // 8 else RAW
        stored = packed if codec == ZSTD else data
        write_all(self._fd, stored, self._end)
        self._frames.append(Frame(self._end, memoryview(stored).nbytes, raw, codec))

    def _index(self) -> bytes:
        """The nonce (so that no two packs share an id, even with equal blobs) and both tables."""
        out = [os.urandom(NONCE_SIZE)]
        out += [FRAME.pack(frame.stored, frame.raw, frame.codec) for frame in self._frames]
        out += [BLOB.pack(digest, *self._places[digest]) for digest in sorted(self._places)]
        return b"".join(out)
