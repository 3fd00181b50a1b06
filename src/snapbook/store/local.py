"""The store of a repository on this machine: blobs in immutable pack files in one folder.

Knows how a pack file is opened, taken in and taken away. Reading is `store.packs`, writing
`store.writing`, what may go is said by `store.sweep`, checking is `store.verify`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from snapbook.store import durable, receive, sweep
from snapbook.store.lookup import Lookup
from snapbook.store.pack import Pack
from snapbook.store.packs import PackStore
from snapbook.store.writing import LOCK, LocalWriter


class LocalStore(PackStore[Pack]):
    """Blobs in packs/ab/<id> under ``folder``; ``cache`` is the index file, None for memory.

    Threads may share one store.
    """

    lookup: Lookup

    def __init__(self, folder: Path, cache: Path | None = None) -> None:
        super().__init__(folder, Lookup(folder, cache))
        self.shards = durable.Shards(folder)
        self._text = os.fspath(folder)

    def writer(self) -> LocalWriter:
        """A new Writer. The caller closes it, whatever happens."""
        return LocalWriter(self)

    def adopt(self, path: Path, pack: Pack) -> None:
        """Make the checked ``pack`` at ``path``, on this store's disk, one of its own, durably."""
        receive.adopt(self, path, pack)
        # Who brought it asks for what is in it next.
        self.keep_open(pack)

    def has_pack(self, name: str) -> bool:
        """Whether the pack's file is there."""
        return os.path.exists(f"{self._text}/{name[:2]}/{name}")

    def size_of(self, name: str) -> int:
        """The size of the pack's file, 0 where there is none."""
        try:
            return self.lookup.path(name).stat().st_size
        except FileNotFoundError:
            return 0

    def is_busy(self, name: str) -> bool:
        """Whether a living process holds the lock of the pack's file, or took the file away."""
        try:
            with durable.unused(self.lookup.path(name)) as free:
                return not free
        except FileNotFoundError:
            return True

    def drop(self, packs: Iterable[str]) -> tuple[int, tuple[str, ...]]:
        """Unlink condemned packs: (bytes freed, packs that stay while somebody writes).

        They stay while anybody writes to this repository: a saver may still read what it relied on.
        The next sweep finds them as ``leftover``. Raises ValueError for one that is not condemned.
        """
        names = sweep.condemned(self, packs)
        if not self.folder.is_dir():
            return 0, ()
        with durable.told(self.folder, what="Not freed"):
            freed = 0
            for path, size in durable.debris(self.folder):
                path.unlink(missing_ok=True)
                freed += size
            fd = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                if not durable.try_lock(fd):
                    return freed, names
                for name in names:
                    freed += self.size_of(name)
                    self.lookup.path(name).unlink(missing_ok=True)
                for shard in sorted({self.lookup.path(name).parent for name in names}):
                    if shard.is_dir():
                        durable.sync_folder(shard)
            finally:
                durable.unlock(fd)
                os.close(fd)
        self.forget(names)
        return freed, ()

    def _open(self, name: str) -> Pack | None:
        try:
            fd = os.open(self.lookup.path(name), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        return Pack(fd, name)
