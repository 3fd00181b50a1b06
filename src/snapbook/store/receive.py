"""A pack that comes from elsewhere: looked at byte by byte, then one of the local store's own.

Believes nothing of it. Sizes are held to before anything is unpacked, large frames are read in
slices, and a pack in which one blob is not what its digest says is not taken at all.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import zstandard
from blake3 import blake3

from snapbook import canonical
from snapbook.errors import Damaged
from snapbook.store import durable
from snapbook.store.pack import RAW, ZSTD, Frame, Pack, Place, cut

if TYPE_CHECKING:
    from pathlib import Path

    from snapbook.store.local import LocalStore

_SLICE = 1 << 20
_WINDOW = 1 << 27  # what the decoder may hold: more than any writer of ours asks for
_GROUP_MOST = (
    1 << 20
)  # several blobs in one frame are small ones: no writer makes such a frame larger


def opened(fd: int, name: str = "") -> Pack:
    """The pack in the file ``fd``, which it owns from here on; ``name`` "" takes what it says.

    Only its index is read. Raises Damaged.
    """
    return Pack(fd, name or _named(fd))


def check(pack: Pack, most_bytes: int) -> None:
    """Raise Damaged unless every blob in it is what its digest says, and all of it at most
    ``most_bytes`` unpacked. Memory stays flat, whatever it holds.
    """
    if sum(frame.raw for frame in pack.frames) > most_bytes:
        raise _refused(pack, "it holds more than may come at once")
    by_frame: dict[int, list[tuple[bytes, Place]]] = {}
    for key, place in pack.places():
        if place.frame >= len(pack.frames):
            raise _refused(pack, "a blob lies in a frame that is not there")
        by_frame.setdefault(place.frame, []).append((key, place))
    if len(by_frame) != len(pack.frames):
        raise _refused(pack, "a frame holds nothing")
    for number, blobs in by_frame.items():
        _check_frame(pack, pack.frames[number], blobs)


def adopt(store: LocalStore, path: Path, pack: Pack) -> None:
    """Make the checked ``pack`` at ``path``, on the disk of the store, one of its packs, durably.

    Doing it twice does it once. Raises DiskFull, ReadOnly or Unreachable.
    """
    with durable.told(store.folder, what="Not taken"):
        durable.sync(pack.fd)
        shard = store.folder / pack.name[:2]
        shard.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.rename(path, shard / pack.name)
        store.shards.sync(shard)
    store.lookup.add(pack.name, list(pack.digests()))


def _check_frame(pack: Pack, frame: Frame, blobs: list[tuple[bytes, Place]]) -> None:
    if frame.codec not in (RAW, ZSTD):
        raise _refused(pack, "a frame is packed in a way that is not known")
    if frame.codec == RAW and frame.raw != frame.stored:
        raise _refused(pack, "a frame has another size than the index says")
    key, place = blobs[0]
    if len(blobs) == 1 and place.offset == 0 and place.size == frame.raw:
        if _digest_of(pack, frame) != key.hex():
            raise _refused(pack, "a blob is not what its digest says")
        return
    if frame.raw > _GROUP_MOST:
        raise _refused(pack, "a frame of several blobs is too large")
    raw = pack.frame(pack.frames.index(frame))
    for key, place in blobs:
        data = cut(raw, place)
        if len(data) != place.size or canonical.digest(data) != key.hex():
            raise _refused(pack, "a blob is not what its digest says")


def _digest_of(pack: Pack, frame: Frame) -> str:
    hasher, size = blake3(), 0
    try:
        for piece in _unpacked(pack.fd, frame):
            size += len(piece)
            if size > frame.raw:
                break
            hasher.update(piece)
    except zstandard.ZstdError as error:
        raise _refused(pack, str(error)) from error
    if size != frame.raw:
        raise _refused(pack, "a frame has another size than the index says")
    return hasher.hexdigest()


def _unpacked(fd: int, frame: Frame) -> Iterator[bytes]:
    """The frame's bytes in slices: however far a few stored ones unpack, no slice is larger."""
    stored = io.BufferedReader(_Stretch(fd, frame))
    if frame.codec == RAW:
        yield from iter(lambda: stored.read(_SLICE), b"")
        return
    with zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(stored) as unpacked:
        yield from iter(lambda: unpacked.read(_SLICE), b"")


class _Stretch(io.RawIOBase):
    """The stored bytes of one frame as a file."""

    def __init__(self, fd: int, frame: Frame) -> None:
        self._fd, self._at, self._end = fd, frame.start, frame.start + frame.stored

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = os.pread(self._fd, min(len(buffer), self._end - self._at), self._at)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def _named(fd: int) -> str:
    """The id that the trailer says; `Pack` holds it against the index."""
    size = os.fstat(fd).st_size
    return os.pread(fd, 40, max(size - 40, 0))[:32].hex()


def _refused(pack: Pack, why: str) -> Damaged:
    return Damaged(f"Pack {pack.name[:12]} is not taken", why)
