"""Copies of requests that another version answers too: compared, counted, and never given out.

Copies are asked a few at a time, which a version predicts together where it can, so that they take
little from what answers; when hardly anybody waits for an answer, or, where somebody always does,
now and then. Where too many copies wait, new ones are dropped.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from snapbook.errors import SnapbookError
from snapbook.serve.alike import alike
from snapbook.serve.upstream import Answer, Request

_MOST = 256  # copies that wait
_MOST_BYTES = 16 << 20  # of these
_AT_ONCE = 4
_COMPANY_S = 0.1  # that a copy waits for others at most
_AT_LEAST_S = 0.1  # from one to the next, however much there is to do
_LARGE = 64 << 10  # bytes that are compared beside the loop


@dataclass(frozen=True, slots=True)
class Shadowed:
    """Answers that were compared, those of them that differ, and copies that were not asked."""

    compared: int
    differ: int
    dropped: int


@dataclass(frozen=True, slots=True)
class _Copy:
    name: str
    request: Request
    answer: Answer
    since_s: float

    @property
    def size(self) -> int:
        return len(self.request.body) + len(self.answer.body)


class Shadow:
    """The copies that wait, and those that are asked by ``ask``; ``free`` tells when they may."""

    def __init__(
        self, ask: Callable[[str, Request], Awaitable[Answer]], free: Callable[[], bool]
    ) -> None:
        self._ask = ask
        self._free = free
        self._last_s = 0.0
        self._waiting: deque[_Copy] = deque()
        self._bytes = 0
        self._asked: set[asyncio.Task[None]] = set()
        self._later: asyncio.TimerHandle | None = None
        self._compared = self._differ = self._dropped = 0

    @property
    def counts(self) -> Shadowed:
        """What became of all copies."""
        return Shadowed(self._compared, self._differ, self._dropped)

    def offer(self, name: str, request: Request, answer: Answer) -> None:
        """A request was answered: ``name`` is to be asked as well."""
        copy = _Copy(name, request, answer, time.monotonic())
        if len(self._waiting) >= _MOST or self._bytes + copy.size > _MOST_BYTES:
            self._dropped += 1
        else:
            self._bytes += copy.size
            self._waiting.append(copy)
        self._go_on()

    def drop(self) -> None:
        """A copy had nobody to go to."""
        self._dropped += 1

    def clear(self) -> None:
        """Nobody is asked in the shadow any more."""
        self._waiting.clear()
        self._bytes = 0
        for task in self._asked:
            task.cancel()
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def _go_on(self) -> None:
        """Ask the next few, unless some are being asked, or it is too soon."""
        if self._asked or not self._waiting:
            return
        now = time.monotonic()
        wait_s = 0.0 if self._free() else self._last_s + _AT_LEAST_S - now
        if len(self._waiting) < _AT_ONCE:
            wait_s = max(wait_s, self._waiting[0].since_s + _COMPANY_S - now)
        if wait_s > 0:
            self._look(wait_s)
            return
        self._last_s = now
        for _ in range(min(_AT_ONCE, len(self._waiting))):
            copy = self._waiting.popleft()
            self._bytes -= copy.size
            task = asyncio.create_task(self._compare(copy))
            self._asked.add(task)
            task.add_done_callback(self._done)

    def _look(self, wait_s: float) -> None:
        """Look again then, if nobody has before."""
        if self._later is None:
            self._later = asyncio.get_running_loop().call_later(wait_s, self._looked)

    def _looked(self) -> None:
        self._later = None
        self._go_on()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._asked.discard(task)
        self._go_on()

    async def _compare(self, copy: _Copy) -> None:
        try:
            other = await self._ask(copy.name, copy.request)
        except SnapbookError:
            same = False
        else:
            large = len(copy.answer.body) > _LARGE
            told = (copy.answer, other)
            same = await asyncio.to_thread(alike, *told) if large else alike(*told)
        self._compared += 1
        self._differ += not same
