"""Noticing within milliseconds that a repository grew, whichever process wrote to it.

One thread waits for the folders of events to change, as long as somebody asked for a place within
the last hour, and looks at the name of the newest event then. Network disks tell nothing of what
other machines write: there it looks once a second, which costs less than a poll that asks for each
file; everywhere else once in ten seconds, for what no notice came for.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from snapbook.catalog.files import FileCatalog
from snapbook.errors import SnapbookError
from snapbook.store.sqlite import on_network

ASKED_S = 3600.0
_TICK_MS = 1000
_STEP_MS = 8
_FULL_S = 10.0
Changed = Callable[[str, int], None]


@dataclass(slots=True)
class _Watched:
    identity: str
    head: int
    asked: float
    network: bool


class Watcher:
    """Calls ``changed`` with (identity, head), in its own thread, when a watched chain grows."""

    def __init__(self, changed: Changed, asked_s: float = ASKED_S) -> None:
        self._changed = changed
        self._asked_s = asked_s
        self._full_s = min(_FULL_S, asked_s)
        self._watched: dict[Path, _Watched] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ended = False
        self._thread: threading.Thread | None = None

    def ask(self, identity: str, folder: Path, head: int) -> None:
        """Watch the repository in ``folder`` (which may not be there yet) for the next hour.

        ``head`` is what the asker was told: what comes later is told to him.
        """
        with self._lock:
            if self._ended:
                return
            if known := self._watched.get(folder):
                known.asked = time.monotonic()
            else:
                now = time.monotonic()
                self._watched[folder] = _Watched(identity, head, now, on_network(folder))
                self._wake.set()
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="snapbook-watch", daemon=True
                )
                self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        with self._lock:
            self._ended = True
            thread = self._thread
        self._wake.set()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            # Cleared first: who sets it now has told before what there is to see.
            self._wake.clear()
            if not self._go_on():
                return
            targets = self._targets()
            if not targets:
                self._wake.wait(_TICK_MS / 1000)
                self._look(self._all())
                continue
            try:
                self._watch(targets)
            except (OSError, RuntimeError):
                # A folder went away in this moment, or the system gives no more watches.
                self._wake.wait(_TICK_MS / 1000)
                self._look(self._all())

    def _watch(self, targets: tuple[Path, ...]) -> None:
        """Wait for changes until what is to be watched is something else."""
        # Its own seam, documented as such: `watchfiles.watch` tells nobody when the watch stands,
        # and what happens before that would be noticed a second late.
        from watchfiles._rust_notify import RustNotify

        with RustNotify([str(path) for path in targets], False, False, 0, False, True) as notify:
            full, seen = 0.0, set[str]()
            while not self._wake.is_set():
                if time.monotonic() - full >= self._full_s:
                    full = time.monotonic()
                    self._forget()
                    self._look(self._all())
                    stale = self._targets() != targets
                else:
                    stale = self._noticed(seen) and self._targets() != targets
                if stale:
                    return
                told = notify.watch(2 * _STEP_MS, _STEP_MS, _TICK_MS, self._wake)
                seen = {path for _, path in told} if isinstance(told, set) else set()

    def _noticed(self, seen: set[str]) -> bool:
        """Look at the places that the changed paths are about, and at those on network disks; gives
        whether there were any of the former.
        """
        watched = self._all()
        about = [item for item in watched if any(_related(str(item[0]), path) for path in seen)]
        self._look(about + [item for item in watched if item[1].network])
        return bool(about)

    def _go_on(self) -> bool:
        """Whether there is anything to watch; else this thread is the watcher's no more."""
        self._forget()
        with self._lock:
            if self._ended or not self._watched:
                self._thread = None
                return False
            return True

    def _forget(self) -> None:
        latest = time.monotonic() - self._asked_s
        with self._lock:
            for folder in [f for f, one in self._watched.items() if one.asked < latest]:
                del self._watched[folder]

    def _all(self) -> list[tuple[Path, _Watched]]:
        with self._lock:
            return list(self._watched.items())

    def _look(self, places: list[tuple[Path, _Watched]]) -> None:
        for folder, one in places:
            try:
                head = FileCatalog(folder / "events").head().n
            except SnapbookError:
                continue
            if head != one.head:
                one.head = head
                self._changed(one.identity, head)

    def _targets(self) -> tuple[Path, ...]:
        folders = [folder for folder, one in self._all() if not one.network]
        return tuple(sorted({path for folder in folders for path in _to_watch(folder)}))


def _related(folder: str, path: str) -> bool:
    """Whether a change of ``path`` may be one of the repository in ``folder``."""
    return path.startswith(folder) or folder.startswith(path)


def _to_watch(folder: Path) -> list[Path]:
    """The folders in which the next event shows: the newest of the chain's, or what comes before
    there is a chain.
    """
    events = folder / "events"
    if not os.path.isdir(events):  # Path.is_dir raises where somebody's folder is closed to us
        return [next((path for path in events.parents if os.path.isdir(path)), events.parents[-1])]
    try:
        newest = max((name for name in os.listdir(events) if name.isdigit()), default="")
    except OSError:
        newest = ""
    return [events, *([events / newest] if newest else [])]
