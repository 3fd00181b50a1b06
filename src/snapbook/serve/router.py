"""The workers of one front, and which of them answers: traffic, shadow, windows, the way back.

For one event loop, and called in its thread alone. Knows requests and versions; nothing of
rollouts, their steps and their rules, and nothing of HTTP on the public side.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import Counter
from pathlib import Path

from snapbook.errors import Conflict, NotFound, Unreachable
from snapbook.serve import refusal
from snapbook.serve.drill import Drill, Rehearsal
from snapbook.serve.lane import Lane
from snapbook.serve.limits import Limits
from snapbook.serve.shadow import Shadow, Shadowed
from snapbook.serve.tally import Tally, Window
from snapbook.serve.traffic import Traffic
from snapbook.serve.upstream import Answer, Request
from snapbook.serve.worker import Worker

_FREE = max(1, (os.cpu_count() or 1) // 2)  # requests under way from which on copies wait


class Router:
    """Requests to the workers that were added, by the traffic that was switched to."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.workers: dict[str, Worker] = {}
        self.pending = 0
        self._folder = tempfile.TemporaryDirectory(prefix="snapbook-")  # which only we may enter
        self._tallies: dict[str, Tally] = {}
        self._lane = Lane(self.workers, self.limits, self._seen)
        self._shadow = Shadow(self._shaded, lambda: self.pending < _FREE)
        self._rehearsal: Rehearsal | None = None

    @property
    def traffic(self) -> Traffic | None:
        """Where requests go now; None before the first switch."""
        return self._lane.traffic

    @property
    def again(self) -> Counter[str]:
        """How many requests were sent again, by the reason."""
        return self._lane.again

    async def add(self, worker: Worker) -> None:
        """Start ``worker``; returns when it answers. Raises Unreachable with what it said."""
        if worker.name in self.workers:
            raise Conflict(f"Not started: there is a worker {worker.name} already")
        await worker.start(Path(self._folder.name), self.limits)
        self.workers[worker.name] = worker

    async def remove(self, name: str) -> None:
        """End a worker that gets no requests any more, when it has answered what it had."""
        traffic = self.traffic
        if traffic is not None and name in (*traffic.answering, traffic.shadow):
            raise Conflict(f"Not ended: requests go to {name}")
        await self._worker(name).stop()
        del self.workers[name]
        self._tallies.pop(name, None)

    async def switch(self, traffic: Traffic) -> float:
        """From now on requests go by ``traffic``; gives the seconds that it took.

        When it returns nothing is answered any more by a worker that is not in it, and clients of
        requests that it had wait for the other's answer. Raises NotFound, and Unreachable where
        the new stable does not answer.
        """
        before = self.traffic
        taken = await self._lane.switch(traffic)
        if before is not None and before.shadow != traffic.shadow:
            self._shadow.clear()
        return taken

    def check_room(self) -> None:
        """Raise Unreachable where too many requests wait for one more."""
        if self.pending >= self.limits.waiting:
            raise refusal.busy("too many requests wait already")

    async def predict(self, request: Request) -> Answer:
        """The answer to a request. Raises Unreachable where too many wait, or for a late one."""
        self.check_room()
        self.pending += 1
        try:
            answer = await self._lane.send(request)
        finally:
            self.pending -= 1
        if request.method == b"POST" and (traffic := self.traffic) is not None:
            if self.ready(traffic.shadow):
                self._shadow.offer(traffic.shadow, request, answer)
            elif traffic.shadow:
                self._shadow.drop()
            if self._rehearsal is not None:
                self._rehearsal.offer(request)
        return answer

    async def ask(self, name: str, method: str, target: str, body: bytes = b"") -> Answer:
        """What one worker answers, whoever gets the requests. Raises NotFound, Unreachable."""
        return await self._worker(name).ask(Request(method.encode(), target.encode(), body, b""))

    def ready(self, name: str) -> bool:
        """Whether a worker answers."""
        return name in self.workers and self.workers[name].ready

    def window(self, name: str, seconds: float) -> Window:
        """What was seen of a worker within the last ``seconds``; also in the shadow."""
        return self._tallies.setdefault(name, Tally()).window(seconds)

    def shadowed(self) -> Shadowed:
        """What became of the copies, since the front began."""
        return self._shadow.counts

    async def drill(self, to: str, seconds: float = 3.0) -> Drill:
        """Rehearse the switch from stable to ``to`` with copies of what is asked.

        Raises NotFound, Conflict where one is under way, Unreachable where either does not answer.
        """
        if self._rehearsal is not None:
            raise Conflict("Not rehearsed: that is being done already")
        traffic = self.traffic
        if traffic is None or traffic.stable == to:
            raise Conflict(f"Not rehearsed: {to} is not another version than the one that answers")
        self._rehearsal = Rehearsal(self.workers, self.limits, traffic.stable, to)
        try:
            return await self._rehearsal.run(seconds)
        finally:
            self._rehearsal = None

    async def close(self) -> None:
        """End all workers."""
        self._shadow.clear()
        await asyncio.gather(*(worker.stop() for worker in self.workers.values()))
        self.workers.clear()
        self._folder.cleanup()

    async def _shaded(self, name: str, request: Request) -> Answer:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            answer = await self._worker(name).ask(request, self.limits.answer_s)
        except Unreachable:
            self._seen(name, 599, None)
            raise
        self._seen(name, answer.status, loop.time() - begun)
        return answer

    def _seen(self, name: str, status: int, seconds: float | None) -> None:
        tally = self._tallies.get(name)
        if tally is None:
            tally = self._tallies[name] = Tally()
        tally.add(status, seconds)

    def _worker(self, name: str) -> Worker:
        if name not in self.workers:
            raise NotFound(f"Not asked: there is no worker {name}")
        return self.workers[name]
