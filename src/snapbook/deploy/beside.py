"""What takes its time, beside the loop that answers requests: a thread for the desk, and tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Beside:
    """One thread for the desk, since a repository is for one at a time, and tasks that go on."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "snapbook-front")
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, act: Callable[..., T], *words: object) -> T:
        """What ``act`` gives."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, act, *words)

    def go(self, act: Coroutine[object, object, None]) -> None:
        """Let ``act`` go on."""
        task = asyncio.create_task(act)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End what goes on, and ask nothing more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._thread.shutdown(wait=False, cancel_futures=True)
