"""What lives as long as the server: threads for work that blocks, and open repositories.

Threads of our own, because those of the event loop outlive it and are shared with everybody. Those
who read and those who act are apart: a check of every byte never keeps a list waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from snapbook.server.opened import Opened

_T = TypeVar("_T")


class Service:
    """The threads, the open repositories and what watches them."""

    def __init__(self) -> None:
        self.opened = Opened()
        self._reading = ThreadPoolExecutor(4, "snapbook-read")
        self._acting = ThreadPoolExecutor(2, "snapbook-act")

    async def run(self, work: Callable[[], _T], *, acting: bool = False) -> _T:
        """``work`` in a thread; ``acting`` for what changes something and may last."""
        pool = self._acting if acting else self._reading
        return await asyncio.get_running_loop().run_in_executor(pool, work)

    async def close(self) -> None:
        """End every thread and close every repository."""
        for pool in (self._reading, self._acting):
            pool.shutdown(wait=False, cancel_futures=True)
        await asyncio.get_running_loop().run_in_executor(None, self._close)

    def _close(self) -> None:
        for pool in (self._reading, self._acting):
            pool.shutdown(wait=True)
        self.opened.close()
