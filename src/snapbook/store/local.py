"""The store of a repository on this machine: blobs in immutable pack files in one folder.

Knows how a pack file is opened and taken in. Reading is `store.packs`, writing `store.writing`,
freeing `store.sweep`, checking `store.verify`.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from snapbook.store import receive, sweep
from snapbook.store.durable import told
from snapbook.store.lookup import Lookup
from snapbook.store.pack import Pack
from snapbook.store.packs import PackStore
from snapbook.store.verify import Problem, Progress, verify
from snapbook.store.writing import LocalWriter


class LocalStore(PackStore[Pack]):
    """Blobs in packs/ab/<id> under ``folder``; ``cache`` is the index file, None for memory."""

    lookup: Lookup

    def __init__(self, folder: Path, cache: Path | None = None) -> None:
        super().__init__(folder, Lookup(folder, cache))

    def writer(self) -> LocalWriter:
        """A new Writer. The caller closes it, whatever happens."""
        return LocalWriter(self)

    def adopt(self, path: Path, pack: Pack) -> None:
        """Make the checked ``pack`` at ``path``, on this store's disk, one of its own, durably."""
        receive.adopt(self, path, pack)

    def has_pack(self, name: str) -> bool:
        """Whether the pack's file is there."""
        return self.lookup.path(name).exists()

    def condemnable(
        self, live: Collection[str], waste: float = 0.2, purge: Collection[str] = ()
    ) -> sweep.Plan:
        """What may go when ``live`` are all digests that are needed: see `store.sweep`."""
        with told(self.folder, what="Not freed"):
            return sweep.plan(self, live, waste, purge)

    def drop(self, packs: Iterable[str]) -> tuple[int, tuple[str, ...]]:
        """Unlink condemned packs: (bytes freed, packs that stay while somebody writes)."""
        return sweep.drop(self, packs)

    def verify(self, progress: Progress | None = None) -> Iterator[Problem]:
        """Read every pack; one Problem for each damaged one."""
        return verify(self, progress)

    def _open(self, name: str) -> Pack | None:
        try:
            fd = os.open(self.lookup.path(name), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        return Pack(fd, name)
