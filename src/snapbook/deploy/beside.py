"""What takes its time, beside the loop that answers requests: threads for the desk, and tasks.

A registry or a disk may hang, and a server that is told to end does not wait for it: what was asked
goes on in threads that end with the process.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
PATIENCE_S = 2.0  # with what is under way, at the end


class Beside:
    """One thread for the desk, since a repository is for one at a time, and tasks that go on."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, act: Callable[..., T], *words: object) -> T:
        """What ``act`` gives."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="snapbook-front", daemon=True)
            self._thread.start()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._asked.put(partial(_done, future, act, *words))
        return await future

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
        self._asked.put(None)
        if self._thread is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_S):
                    await apart(self._thread.join)

    def _work(self) -> None:
        while (act := self._asked.get()) is not None:
            act()


async def apart(act: Callable[..., T], *words: object) -> T:
    """What ``act`` gives, in a thread of its own that nobody waits for at the end."""
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    act = partial(contextvars.copy_context().run, act)
    threading.Thread(target=_done, args=(future, act, *words), daemon=True).start()
    return await future


def _done(future: asyncio.Future[Any], act: Callable[..., Any], *words: object) -> None:
    """Do ``act`` for whoever waits for ``future``, if anybody does by now."""
    if future.cancelled():
        return
    found, error = None, None
    try:
        found = act(*words)
    except BaseException as raised:  # noqa: BLE001 - it is raised again by who waits
        error = raised
    with suppress(RuntimeError):  # the loop is closed, and nobody waits
        future.get_loop().call_soon_threadsafe(_settle, future, found, error)


def _settle(future: asyncio.Future[Any], found: object, error: BaseException | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(found)
