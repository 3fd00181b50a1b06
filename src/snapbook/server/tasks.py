"""Acts that last, by the id that their asker gave them: told of while they run, and stopped.

Not by user: who comes with a token alone is somebody else at each request. Who may act may stop.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from snapbook.errors import Conflict, Interrupted, NotFound, Usage
from snapbook.verbs.here import Progress, silent

LONGEST_ID = 100
_PAUSE_S = 0.1
Tell = Callable[[str, str, int, int], None]


class Tasks:
    """The acts that run now. ``tell`` is given (task, what, done, of), ten times a second."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._running: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    @contextmanager
    def running(self, task: str) -> Iterator[Progress]:
        """The progress of ``task`` while the block runs; it raises Interrupted once cancelled.

        Without an id nothing is told. Raises Conflict for an id that runs already.
        """
        if not task:
            yield silent
            return
        if len(task) > LONGEST_ID or not task.isprintable():
            raise Usage("task is no id", kind="argument")
        cancelled = threading.Event()
        with self._lock:
            if task in self._running:
                raise Conflict("A task of this id is running", kind="task")
            self._running[task] = cancelled
        try:
            yield self._progress(task, cancelled)
        finally:
            with self._lock:
                del self._running[task]

    def cancel(self, task: str) -> None:
        """Stop a task at its next step. Raises NotFound for one that does not run."""
        with self._lock:
            cancelled = self._running.get(task)
        if cancelled is None:
            raise NotFound("No such task is running", kind="task")
        cancelled.set()

    def cancel_all(self) -> None:
        """Stop them all: the server ends."""
        with self._lock:
            for cancelled in self._running.values():
                cancelled.set()

    def _progress(self, task: str, cancelled: threading.Event) -> Progress:
        last_what, last_told = "", 0.0

        def progress(what: str, done: int, of: int) -> None:
            nonlocal last_what, last_told
            if cancelled.is_set():
                # What a gc has freed by now is freed.
                raise Interrupted("Stopped", "no version was changed", kind="cancelled")
            now = time.monotonic()
            if what != last_what or now - last_told >= _PAUSE_S or done >= of:
                last_what, last_told = what, now
                self._tell(task, what, done, of)

        return progress
