"""Noticing within milliseconds that a repository grew, whichever process wrote to it.

One thread waits for the folders of events to change, as long as somebody asked for a place within
the last hour, and looks at the name of the newest event then. The same look once a second catches
what no notice came for: network disks tell nothing of what other machines write, and there a list
of names costs less than a poll that asks for each file.
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
                self._look()
                continue
            try:
                self._watch(targets)
            except (OSError, RuntimeError):
                # A folder went away in this moment, or the system gives no more watches.
                self._wake.wait(_TICK_MS / 1000)
                self._look()

    def _watch(self, targets: tuple[Path, ...]) -> None:
        """Wait for changes until what is to be watched is something else."""
        # Its own seam, documented as such: `watchfiles.watch` tells nobody when the watch stands,
        # and what happens before that would be noticed a second late.
        from watchfiles._rust_notify import RustNotify

        with RustNotify([str(path) for path in targets], False, False, 0, False, True) as notify:
            while not self._wake.is_set():
                self._look()
                self._forget()
                if self._targets() != targets:
                    return
                notify.watch(2 * _STEP_MS, _STEP_MS, _TICK_MS, self._wake)

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

    def _look(self) -> None:
        with self._lock:
            watched = list(self._watched.items())
        for folder, one in watched:
            try:
                head = FileCatalog(folder / "events").head().n
            except SnapbookError:
                continue
            if head != one.head:
                one.head = head
                self._changed(one.identity, head)

    def _targets(self) -> tuple[Path, ...]:
        with self._lock:
            folders = [folder for folder, one in self._watched.items() if not one.network]
        return tuple(sorted({path for folder in folders for path in _to_watch(folder)}))


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
