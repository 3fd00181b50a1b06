"""Repositories kept open between requests: a few, each used by one thread at a time.

Opening one costs more than a page of versions. Each folder has two lanes, so that a long comparison
never keeps a list waiting. Knows nothing of requests.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from snapbook import places
from snapbook.display.views.asking import Lent
from snapbook.errors import Unreachable
from snapbook.repository import Repository

MOST = 16


@dataclass(slots=True)
class _Entry:
    repository: Repository
    stamp: tuple[int, int]
    lock: threading.Lock = field(default_factory=threading.Lock)
    closed: bool = False

    def close(self) -> None:
        with self.lock:
            self.closed = True
            self.repository.close()


class Opened:
    """The repositories that are open, the one used last at the end; at most ``most``."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._entries: OrderedDict[tuple[Path, bool], _Entry] = OrderedDict()
        self._lock = threading.Lock()
        self._ended = False

    @contextmanager
    def lend(self, folder: Path, *, long: bool = False) -> Iterator[Lent]:
        """The repository of ``folder``, for this thread alone while the block lasts.

        An empty one in memory where there is none. Raises what `places.open_folder` raises.
        """
        found = places.place(folder)
        stamp = _stamp(found.folder)
        if stamp is None:
            # Nothing to keep open; closed or unreadable folders say so here.
            with places.find_repository(folder) as empty:
                yield Lent(folder, face="server", lent=empty)
            return
        while True:
            entry = self._entry(found.folder, stamp, long)
            with entry.lock:
                if entry.closed:
                    continue  # put out between being found and being taken
                yield Lent(folder, face="server", lent=entry.repository)
                return

    def close(self) -> None:
        """Close all, waiting for those in use; nothing is kept open from now on."""
        with self._lock:
            self._ended = True
            entries = list(self._entries.values())
            self._entries.clear()
        for entry in entries:
            entry.close()

    def __len__(self) -> int:
        return len(self._entries)

    def _entry(self, folder: Path, stamp: tuple[int, int], long: bool) -> _Entry:
        put_out: list[_Entry] = []
        with self._lock:
            if self._ended:
                raise Unreachable("Not read", "the server is stopping")
            entry = self._entries.get((folder, long))
            if entry is not None and entry.stamp != stamp:
                put_out.append(self._entries.pop((folder, long)))
                entry = None
            if entry is None:
                entry = _Entry(places.open_folder(folder), stamp)
                self._entries[folder, long] = entry
            self._entries.move_to_end((folder, long))
            while len(self._entries) > self._most:
                put_out.append(self._entries.popitem(last=False)[1])
        for old in put_out:
            old.close()
        return entry


def _stamp(folder: Path) -> tuple[int, int] | None:
    """What tells one repository in ``folder`` from another that took its place."""
    try:
        stat = os.stat(folder / "format")
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns
