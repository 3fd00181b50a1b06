"""The way back, rehearsed: copies of what is asked now go to the version before, by a switch.

The copies walk a lane of their own, by the code that real requests walk; no answer of theirs is
given out. A way back that was never tried is none.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from snapbook.errors import NotFound, SnapbookError, Unreachable
from snapbook.serve.lane import Lane
from snapbook.serve.limits import Limits
from snapbook.serve.tally import Tally
from snapbook.serve.traffic import Traffic
from snapbook.serve.upstream import Answer, Request
from snapbook.serve.worker import Worker

_AT_ONCE = 16
_STEP_S = 0.05


@dataclass(frozen=True, slots=True)
class Drill:
    """What became of a rehearsal: how long the switch took, and whether the answers came.

    ``copies`` of real requests were sent, and ``samples`` of the version's own row where none came;
    ``answered`` and ``failed`` count both. ``late``: answers of ``now`` after the switch. The
    latencies are those of ``to``.
    """

    now: str
    to: str
    switch_s: float
    copies: int
    samples: int
    answered: int
    failed: int
    late: int
    p50_ms: float | None
    p99_ms: float | None

    @property
    def good(self) -> bool:
        """Whether the way back can be gone."""
        return self.answered > 0 and not self.failed and not self.late


class Rehearsal:
    """A drill that is under way: it is offered the requests that are answered."""

    def __init__(self, workers: Mapping[str, Worker], limits: Limits, now: str, to: str) -> None:
        if to not in workers:
            raise NotFound(f"Not rehearsed: there is no worker {to}")
        for name in (now, to):
            if not workers[name].ready:
                raise Unreachable("Not rehearsed", f"{name} does not answer")
        self._workers = workers
        self._now, self._to = now, to
        self._tally = Tally()
        self._lane = Lane(workers, limits, self._seen)
        self._tasks: set[asyncio.Task[None]] = set()
        self._counts: Counter[str] = Counter()
        self._switched = False
        self._open = False  # to copies

    def offer(self, request: Request) -> None:
        """A real request was answered: a copy of it takes part."""
        if self._open and len(self._tasks) < _AT_ONCE:
            self._counts["copies"] += 1
            self._send(request)

    async def run(self, seconds: float) -> Drill:
        """Half of the time before the switch, half of it behind."""
        sample = await _sample(self._workers[self._to])
        await self._lane.switch(Traffic(self._now))
        self._open = True
        await self._listen(seconds / 2, sample)
        took = await self._lane.switch(Traffic(self._to))
        self._switched = True
        await self._listen(seconds / 2, sample)
        self._open = False
        await asyncio.gather(*self._tasks)
        found, counts = self._tally.window(60.0), self._counts
        return Drill(
            self._now, self._to, took, counts["copies"], counts["samples"], counts["answered"],
            counts["failed"], counts["late"], found.p50_ms, found.p99_ms,
        )  # fmt: skip

    async def _listen(self, seconds: float, sample: Request | None) -> None:
        """Let copies come; where none does, the version's own row is asked."""
        for _ in range(max(1, round(seconds / _STEP_S))):
            before = self._counts["copies"]
            await asyncio.sleep(_STEP_S)
            if self._counts["copies"] == before and sample is not None:
                self._counts["samples"] += 1
                self._send(sample)

    def _send(self, request: Request) -> None:
        task = asyncio.create_task(self._sent(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _sent(self, request: Request) -> None:
        try:
            answer = await self._lane.send(request)
        except SnapbookError:
            self._counts["failed"] += 1
            return
        self._counts["failed" if answer.status >= 500 else "answered"] += 1
        self._counts["late"] += self._switched and answer.by == self._now

    def _seen(self, name: str, status: int, seconds: float | None) -> None:
        if name == self._to:
            self._tally.add(status, seconds)


async def _sample(worker: Worker) -> Request | None:
    """A request that its bundle has a row for; None where it has none."""
    told: Answer = await worker.ask(Request(b"GET", b"/openapi.json", b"", b""))
    try:
        rows = json.loads(told.body)["components"]["schemas"]["Row"]["examples"]
    except (ValueError, KeyError, TypeError):
        return None
    body = json.dumps(rows[:1]).encode()
    headers = ((b"content-type", b"application/json"),)
    return Request(b"POST", b"/predict", body, b"", headers=headers)
