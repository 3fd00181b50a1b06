"""Which pack file holds a blob: the table over all packs, fed by looking at the folder.

Knows names and times in the folder; opens packs only to read their index.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from snapbook.errors import Damaged
from snapbook.store.durable import sync_folder, told
from snapbook.store.pack import Pack
from snapbook.store.table import PackTable

_SETTLED_S = 10.0


class Lookup(PackTable):
    """The packs under ``folder`` and what they hold; ``cache`` None keeps the table in memory."""

    def __init__(self, folder: Path, cache: Path | None) -> None:
        super().__init__(cache)
        self._folder = folder
        self._seen: dict[str, int] = {}
        # Why the names of some packs may not be durable: then nothing may rely on them.
        self.doubt: OSError | None = None
        self._looked: object = None

    def scan(self, quick: bool = False) -> None:
        """Bring the table up to the folder.

        ``quick`` believes the times of the folders, which may miss a pack that was named within
        their resolution: enough for whoever would only write a blob a second time.
        """
        with told(self._folder, what="Not read"):
            self._scan(quick)

    def _scan(self, quick: bool) -> None:
        looked = self._look()
        if quick and looked is not None and looked == self._looked:
            return
        # The table first: a pack that is named and entered meanwhile is then new, and not gone.
        known = self.known()
        there = set(self.names())
        self._looked = looked
        self.forget(known - there)
        try:
            self._make_durable(there - known)
        except OSError as error:
            # Who only reads may read on, with a table that nobody else takes for durable.
            self.doubt = error
            self._file.go_alone()
        for name in sorted(there - known):
            digests = self._read(name)
            if digests is not None:
                self.add(name, digests)

    def _look(self) -> object:
        """What tells whether packs came or went: times of all folders, None while they are new."""
        times = {}
        newest = time.time() - _SETTLED_S
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if len(entry.name) == 2:
                        times[entry.name] = entry.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        if any(changed > newest * 1e9 for changed in times.values()):
            return None
        return self._filled, times

    def names(self) -> Iterator[str]:
        """The packs in the folder."""
        try:
            shards = sorted(entry for entry in os.listdir(self._folder) if len(entry) == 2)
        except FileNotFoundError:
            return
        for shard in shards:
            try:
                yield from (name for name in os.listdir(self._folder / shard) if len(name) == 64)
            except (FileNotFoundError, NotADirectoryError):
                continue

    def path(self, name: str) -> Path:
        """Where the pack lies."""
        return self._folder / name[:2] / name

    def _make_durable(self, names: set[str]) -> None:
        """Sync the folders of packs that their writers did not enter into the table.

        Such a writer may have been killed between naming its pack and making the name durable. Who
        relies on a pack in the table relies on its name.
        """
        if names and os.access(self._folder, os.W_OK):
            for shard in sorted({name[:2] for name in names}):
                sync_folder(self._folder / shard)
            sync_folder(self._folder)

    def _read(self, name: str) -> list[bytes] | None:
        path = self.path(name)
        try:
            changed = path.stat().st_mtime_ns
            if self._seen.get(name) == changed:
                return None
            pack = Pack(os.open(path, os.O_RDONLY | os.O_CLOEXEC), name)
        except FileNotFoundError:
            return None
        except Damaged as error:
            self._seen[name] = changed
            self.broken[name] = error.why
            return None
        self._seen.pop(name, None)
        self.broken.pop(name, None)
        return list(pack.digests())
