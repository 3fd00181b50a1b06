"""What lives as long as the server: threads for work that blocks, open repositories, the watch.

Threads of our own, because those of the event loop outlive it and are shared with everybody. Those
who read and those who act are apart: a check of every byte never keeps a list waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from jupyter_events import EventLogger

from snapbook.errors import Unreachable
from snapbook.noticing import Watcher
from snapbook.server.events import Announcer
from snapbook.server.opened import Opened
from snapbook.server.tasks import Tasks
from snapbook.server.weight import Weights

_T = TypeVar("_T")


class Service:
    """The threads, the open repositories, what watches them, and the acts that run."""

    def __init__(self, events: EventLogger) -> None:
        self._announcer = Announcer(events)
        self.opened = Opened()
        self.watcher = Watcher(self._announcer.changed)
        self.tasks = Tasks(self._announcer.progress)
        self.weights = Weights()
        self._ended = False
        self._reading = ThreadPoolExecutor(4, "snapbook-read")
        self._acting = ThreadPoolExecutor(2, "snapbook-act")

    async def run(self, work: Callable[[], _T], *, acting: bool = False) -> _T:
        """``work`` in a thread; ``acting`` for what changes something and may last."""
        if self._ended:
            raise Unreachable("Not done", "the server is stopping")
        self._announcer.begin()
        pool = self._acting if acting else self._reading
        return await asyncio.get_running_loop().run_in_executor(pool, work)

    async def close(self) -> None:
        """End every thread and close every repository; acts stop at their next step."""
        self._ended = True
        self.tasks.cancel_all()
        for pool in (self._reading, self._acting):
            pool.shutdown(wait=False, cancel_futures=True)
        await asyncio.get_running_loop().run_in_executor(None, self._close)

    def _close(self) -> None:
        self.watcher.stop()
        for pool in (self._reading, self._acting):
            pool.shutdown(wait=True)
        self.opened.close()
