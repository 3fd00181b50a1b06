"""The store of a registry on a bucket: each pack is one object, with the bytes it has on a disk.

Knows how packs are found, read in ranges and uploaded; reading itself is `store.packs`. An object
appears whole under its name or not at all, so nothing has to be synced, renamed or locked. Which
pack holds a blob is remembered in a table on this machine, which may be deleted.

Nothing in a bucket can be held, so a sweep is patient: what is younger than a day is left alone,
and what was condemned stays for a day, for pushes that relied on it. None of them goes wrong
without it, for each looks again against the chain that its event continues; it would begin anew.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from snapbook.errors import Damaged
from snapbook.store import durable, sweep
from snapbook.store.bucket import Bucket, Entry
from snapbook.store.drafting import Draft, PackWriter
from snapbook.store.near import Near
from snapbook.store.pack import Pack, Packed
from snapbook.store.packs import PackStore
from snapbook.store.table import PackTable

_FOLDER = "packs"
_TAIL = 64 * 1024  # the index of a thousand blobs: most packs are opened with one request
_KEPT = 16 * 1024  # a pack that is as small as this is kept whole
_ID_LENGTH = 64
_AT_ONCE = 16
_PATIENCE_S = 24 * 3600.0


class ObjectPack(Packed):
    """A pack in a bucket."""

    slice_bytes = 8 << 20

    def __init__(self, bucket: Bucket, name: str, tail: bytes, size: int) -> None:
        self._bucket = bucket
        self._tail: tuple[int, bytes] | None = (size - len(tail), tail)
        super().__init__(name, size)
        if size > _KEPT:
            self._tail = None  # the index is taken apart: what else came with it is not kept

    def read(self, start: int, size: int) -> bytes:
        """Stored bytes of the object; fewer where it is cut or gone."""
        if self._tail is not None:
            at, data = self._tail
            if start >= at:
                return data[start - at : start - at + size]
        return self._bucket.range(_path(self.name), start, size) or b""


class ObjectTable(PackTable):
    """The packs in ``bucket`` and what they hold; ``cache`` None keeps the table in memory."""

    def __init__(self, bucket: Bucket, cache: Path | None) -> None:
        super().__init__(cache)
        self._bucket = bucket
        self._seen: dict[str, str] = {}  # the stamps of broken packs
        self.entries: dict[str, Entry] = {}  # the packs, as they were listed last

    def names(self) -> list[str]:
        """The packs in the bucket."""
        return list(self._listed())

    def scan(self, quick: bool = False) -> None:  # noqa: ARG002 - a list is never out of date
        """Bring the table up to the bucket."""
        # The table first: a pack that is uploaded and entered meanwhile is then new, and not gone.
        known = self.known()
        there = {name: found.stamp for name, found in self._listed().items()}
        self.forget(known.difference(there))
        new = [name for name in sorted(there.keys() - known) if self._seen.get(name) != there[name]]
        stamps = [there[name] for name in new]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            # Entered by this thread alone, which may have the table to itself.
            for name, pack in zip(new, pool.map(self._opened, new, stamps), strict=True):
                if pack is not None:
                    self.add(name, list(pack.digests()))

    def _listed(self) -> dict[str, Entry]:
        listed = {entry.name[-_ID_LENGTH:]: entry for entry in self._bucket.entries(_FOLDER)}
        self.entries = {name: one for name, one in listed.items() if one.name == _path(name)}
        return self.entries

    def _opened(self, name: str, stamp: str) -> ObjectPack | None:
        try:
            pack = opened(self._bucket, name)
        except Damaged as error:
            self._seen[name] = stamp
            self.broken[name] = error.why
            return None
        self._seen.pop(name, None)
        self.broken.pop(name, None)
        return pack


class ObjectStore(PackStore[ObjectPack]):
    """Blobs in the objects packs/ab/<id> of ``bucket``; ``folder`` is for packs being written.

    ``cache`` is the file of the table, None for memory. Threads may share one store.
    """

    lookup: ObjectTable
    most_open = 512  # only indexes: 48 bytes a blob
    patience_s = _PATIENCE_S
    at_once = _AT_ONCE

    def __init__(self, bucket: Bucket, folder: Path, cache: Path | None = None) -> None:
        super().__init__(folder, ObjectTable(bucket, cache))
        self.bucket = bucket

    def writer(self) -> ObjectWriter:
        """A new Writer. The caller closes it, whatever happens."""
        return ObjectWriter(self)

    def adopt(self, path: Path, pack: Pack) -> None:
        """Make the checked ``pack`` in the file ``path`` one of the bucket's; twice is once."""
        self.upload(pack.name, pack.fd)
        self.lookup.add(pack.name, list(pack.digests()))
        # Who brought it asks for what is in it next: that need not come back from the bucket.
        size = os.fstat(pack.fd).st_size
        tail = os.pread(pack.fd, _TAIL, max(size - _TAIL, 0))
        self.keep_open(ObjectPack(self.bucket, pack.name, tail, size))
        path.unlink(missing_ok=True)

    def has_pack(self, name: str) -> bool:
        """Whether the object is there."""
        return self.bucket.has(_path(name))

    def size_of(self, name: str) -> int:
        """The size of the object, as it was listed last."""
        entry = self.lookup.entries.get(name)
        return entry.size if entry is not None else 0

    def is_busy(self, name: str) -> bool:
        """Whether the pack is so young that its event may yet come."""
        entry = self.lookup.entries.get(name)
        return entry is None or entry.made > datetime.now(UTC) - timedelta(seconds=self.patience_s)

    def drop(self, packs: Iterable[str]) -> tuple[int, tuple[str, ...]]:
        """Take condemned packs away; what is young again, sent a second time, stays."""
        names = sweep.condemned(self, packs)
        busy = tuple(name for name in names if self.is_busy(name))
        gone = [name for name in names if name not in busy]
        freed = sum(map(self.size_of, gone))
        self.bucket.remove(map(_path, gone))
        self.forget(gone)
        return freed, busy

    def upload(self, name: str, fd: int) -> None:
        """Make the finished pack in the file ``fd`` an object."""
        if os.fstat(fd).st_size <= _TAIL:
            # An id is never given twice, so what has this name already has these bytes.
            self.bucket.create(_path(name), os.pread(fd, _TAIL, 0))
        elif not self.bucket.has(_path(name)):
            self.bucket.upload(_path(name), fd)

    def _stands(self, name: str) -> bool:
        """A pack that was opened once is looked for no more: each look is a request."""
        return name in self._sound or self._opens(name)

    def _open(self, name: str) -> ObjectPack | None:
        return opened(self.bucket, name)


class ObjectWriter(PackWriter):
    """See `store.base.Writer`: one object for each commit."""

    def __init__(self, store: ObjectStore) -> None:
        super().__init__(store.folder)
        self._store = store
        self._near = Near(store)

    def _hold(self) -> None:
        """Nothing in a bucket can be held: a sweep waits, and a commit looks again."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def relied(self) -> frozenset[str]:
        """What was there already, and what this writer committed: nothing holds that either."""
        return super().relied() | self._committed

    def renew(self, digests: Iterable[str]) -> None:
        """Write these blobs again, those too that this writer committed."""
        again = list(digests)
        self._committed.difference_update(again)
        super().renew(again)

    def _holds(self, digest: str) -> bool:
        return self._near.holds(bytes.fromhex(digest))

    def _missing(self, digests: Collection[str]) -> Collection[str]:
        return self._store.missing(digests)

    def _read(self, digest: str) -> bytes:
        return self._store.get(digest)

    def _publish(self, draft: Draft) -> None:
        name = draft.packer.finish()
        self._store.upload(name, draft.fd)
        self._store.lookup.add(name, draft.packer.digests())
        draft.drop()


def opened(bucket: Bucket, name: str) -> ObjectPack | None:
    """The pack ``name``, by its index; None where there is none. Raises Damaged."""
    found = bucket.tail(_path(name), _TAIL)
    return None if found is None else ObjectPack(bucket, name, *found)


def sweep_drafts(folder: Path) -> None:
    """Remove packs in ``folder`` that killed processes were writing."""
    for path, _ in durable.debris(folder):
        path.unlink(missing_ok=True)


def _path(name: str) -> str:
    return f"{_FOLDER}/{name[:2]}/{name}"
