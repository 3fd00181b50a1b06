"""Some blobs of a store of packs as one pack, written while it is read.

Knows how a pack is made without a file: what stands alone in a frame goes out as it is stored,
untouched and in slices, so that a large blob costs neither memory nor time; small ones are grouped
anew. The same blobs in the same order give the same bytes as long as the packs are the same, so
that a stream that was cut can go on where it ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import zstandard

from snapbook import canonical
from snapbook.errors import NotFound
from snapbook.store.pack import (
    BLOB,
    FRAME,
    MAGIC,
    NONCE_SIZE,
    RAW,
    TRAILER,
    ZSTD,
    Frame,
    Packed,
    Place,
)
from snapbook.store.packer import GROUP, LEVEL, SMALL

if TYPE_CHECKING:
    from snapbook.store.packs import PackStore


class _Alone(NamedTuple):
    """A blob that is a frame of its own, and where that lies."""

    pack: Packed
    frame: Frame


def stream(store: PackStore[Any], digests: Iterable[str], start: int = 0) -> Iterator[bytes]:
    """The bytes of a pack that holds ``digests``, each once and in their order, from ``start`` on.

    What lies before ``start`` is not read where it is stored alone. Raises NotFound for a blob that
    is not here, and Damaged, at the place where it would stand.
    """
    at = 0
    for piece in _pieces(store, list(dict.fromkeys(digests))):
        size = len(piece) if isinstance(piece, bytes) else piece.frame.stored
        if at + size > start:
            yield from _from(piece, max(start - at, 0))
        at += size


def _pieces(store: PackStore[Any], digests: list[str]) -> Iterator[bytes | _Alone]:
    frames: list[Frame] = []
    places: dict[str, Place] = {}
    group = _Group()
    at = len(MAGIC)
    yield MAGIC

    def framed(stored: int, raw: int, codec: int) -> None:
        nonlocal at
        frames.append(Frame(at, stored, raw, codec))
        at += stored

    for digest in digests:
        alone = _alone(store, digest)
        if alone is not None:
            framed(alone.frame.stored, alone.frame.raw, alone.frame.codec)
            places[digest] = Place(len(frames) - 1, 0, alone.frame.raw)
            yield alone
            continue
        group.add(digest, store.get(digest))
        if len(group.raw) >= GROUP:
            packed, codec = group.packed()
            places |= group.placed(len(frames))
            framed(len(packed), len(group.raw), codec)
            yield packed
            group = _Group()
    if group.members:
        packed, codec = group.packed()
        places |= group.placed(len(frames))
        framed(len(packed), len(group.raw), codec)
        yield packed
    index = bytes.fromhex(canonical.digest("".join(digests).encode()))[:NONCE_SIZE]
    index += b"".join(FRAME.pack(frame.stored, frame.raw, frame.codec) for frame in frames)
    index += b"".join(BLOB.pack(bytes.fromhex(d), *places[d]) for d in sorted(places))
    name = bytes.fromhex(canonical.digest(index))
    yield index + TRAILER.pack(at, len(frames), len(places), name, MAGIC)


class _Group:
    """Small blobs that make one frame."""

    def __init__(self) -> None:
        self.raw = bytearray()
        self.members: list[tuple[str, int, int]] = []

    def add(self, digest: str, data: bytes) -> None:
        self.members.append((digest, len(self.raw), len(data)))
        self.raw += data

    def packed(self) -> tuple[bytes, int]:
        """The frame's bytes and their codec."""
        packed = zstandard.ZstdCompressor(level=LEVEL, write_checksum=False).compress(self.raw)
        return (packed, ZSTD) if len(packed) < len(self.raw) else (bytes(self.raw), RAW)

    def placed(self, frame: int) -> dict[str, Place]:
        """Where its blobs lie if it is the ``frame``-th."""
        return {digest: Place(frame, offset, size) for digest, offset, size in self.members}


def _alone(store: PackStore[Any], digest: str) -> _Alone | None:
    """The frame of a blob that is large and has one for itself."""
    name = store.holder(bytes.fromhex(digest))
    pack = store.open_pack(name) if name is not None else None
    place = pack.find(bytes.fromhex(digest)) if pack is not None else None
    if pack is None or place is None or place.size < SMALL:
        return None
    frame = pack.frames[place.frame]
    return _Alone(pack, frame) if place.offset == 0 and place.size == frame.raw else None


def _from(piece: bytes | _Alone, start: int) -> Iterator[bytes]:
    if isinstance(piece, bytes):
        yield piece[start:]
        return
    at, end = piece.frame.start + start, piece.frame.start + piece.frame.stored
    while at < end:
        data = piece.pack.read(at, min(piece.pack.slice_bytes, end - at))
        if not data:
            raise NotFound("A pack was cut while it was sent")
        yield data
        at += len(data)
