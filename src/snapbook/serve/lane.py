"""The way of a request to a worker and back, and the switch from one version to another.

A request whose worker is taken out, or dies, is sent again: predictions may be repeated. So clients
see neither, and nothing is answered by a version that is out when `switch` returns. What a process
died of may be one of the requests that it had: each of them is then sent alone, and to no more than
two processes. What a candidate fails on, stable answers in its place: once, and within the same
time.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from snapbook.errors import NotFound, SnapbookError, Unreachable
from snapbook.serve import refusal
from snapbook.serve.limits import Limits
from snapbook.serve.traffic import Traffic
from snapbook.serve.upstream import Answer, Lost, Request
from snapbook.serve.worker import Worker

T = TypeVar("T")
_MOST_DEATHS = 2
_MOST_LOST = 10
_MOST_TURNED = 6  # 1.3 s in all
_AGAIN_S = 0.02
_DIED, _LATE, _WORSE = 599, 504, 500
Seen = Callable[[str, int, float | None], None]


class _Switched(Exception):
    """The worker is out: another has to be asked."""


class Lane:
    """Requests to ``workers`` by what `switch` was given last.

    ``seen`` is told of each answer to a request whose turn it was: by which worker, its status, the
    seconds; of a process that died over a request with None for these.
    """

    def __init__(self, workers: Mapping[str, Worker], limits: Limits, seen: Seen) -> None:
        self.traffic: Traffic | None = None
        self.again: Counter[str] = Counter()  # requests that were sent again, by the reason
        self._workers = workers
        self._limits = limits
        self._seen = seen
        self._flying: defaultdict[str, set[asyncio.Future[Any]]] = defaultdict(set)
        self._alone = asyncio.Lock()

    async def switch(self, traffic: Traffic) -> float:
        """From now on requests go by ``traffic``; gives the seconds that it took.

        Raises NotFound for a worker that is none, Unreachable where the new stable does not answer.
        """
        begun = time.perf_counter()
        for name in (*traffic.answering, traffic.shadow):
            if name and name not in self._workers:
                raise NotFound(f"Not switched: there is no worker {name}")
        same = self.traffic is not None and self.traffic.stable == traffic.stable
        if not same and not self._workers[traffic.stable].ready:
            raise Unreachable("Not switched", f"{traffic.stable} does not answer")
        self.traffic = traffic
        for name, flying in self._flying.items():
            if name not in traffic.answering:
                for future in flying:
                    if not future.done():
                        future.set_exception(_Switched())
        # What was answered before lies in buffers that are written at the end of a turn.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return time.perf_counter() - begun

    async def send(self, request: Request) -> Answer:
        """The answer to ``request``. Raises Unreachable for one that is late, Failed."""
        try:
            async with asyncio.timeout(self._limits.answer_s):
                answer, seconds = await self._sent(request)
                if answer.status >= 400 and self._is_its_own(request, answer):
                    return await self._instead(request, answer, seconds)
                return answer
        except TimeoutError:
            raise refusal.late(self._limits.answer_s) from None

    async def _sent(self, request: Request) -> tuple[Answer, float]:
        """An answer, and the seconds that its worker took."""
        died: set[int | None] = set()
        lost_times = turned = 0
        while True:
            worker, request = self._choose(request)
            try:
                if not worker.ready:
                    await self._flown(worker.name, worker.back())
                ask = self._asked_alone if died else self._asked
                answer, seconds = await ask(worker, request)
            except _Switched:
                self.again["switched"] += 1
                continue
            except Lost as lost:
                request = self._passed(worker, request)
                if lost.sent:
                    died.add(lost.process)
                    lost_times += 1
                if len(died) >= _MOST_DEATHS or lost_times >= _MOST_LOST:
                    raise refusal.fatal() from lost
                self.again["died"] += 1
                # That a process ended is heard of by each connection, and then by its watcher.
                if not lost.sent or lost_times > 1:
                    await asyncio.sleep(_AGAIN_S)
                continue
            if answer.status != 503 or turned >= _MOST_TURNED:
                return answer, seconds
            # It was told to end, and will be started again as soon as it has.
            self.again["refused"] += 1
            request = self._passed(worker, request)
            await asyncio.sleep(_AGAIN_S * 2**turned)
            turned += 1

    def _choose(self, request: Request) -> tuple[Worker, Request]:
        """Whose turn it is, or stable where that one is not there, and what it is to be sent."""
        traffic = self.traffic
        if traffic is None:
            raise refusal.busy("nothing is served yet")
        stable = self._workers[traffic.stable]
        if request.instead:
            return stable, request
        if request.number:
            for name in traffic.answering:
                if self._workers[name].number == request.number:
                    return self._workers[name], request
        if request.method != b"POST":
            return stable, request
        name = traffic.pick(request.key if traffic.sticky and request.key else request.id)
        worker = self._workers[name]
        if worker is stable or worker.ready:
            return worker, request
        self._seen(name, _DIED, None)  # it was its turn, and it could not
        return stable, replace(request, instead=True)

    def _passed(self, worker: Worker, request: Request) -> Request:
        """``request`` as it is sent next, when ``worker`` did not answer it: a candidate is asked
        once, and what names its number is for nobody else.
        """
        stable = self.traffic is None or self.traffic.stable == worker.name
        return request if stable or request.number else replace(request, instead=True)

    def _is_its_own(self, request: Request, answer: Answer) -> bool:
        """Whether a candidate failed where the stable version may not: it did, or its model refused
        what was sent.
        """
        if self.traffic is None or answer.by == self.traffic.stable:
            return False
        if request.method != b"POST" or request.number:
            return False
        return answer.status >= 500 or refusal.REFUSED in answer.headers

    async def _instead(self, request: Request, failed: Answer, seconds: float) -> Answer:
        """Stable's answer in the place of one that ``failed``, which counts as the candidate's
        error all the same. What stable's model takes no more than its, is the client's fault.
        """
        self.again["failed"] += 1
        status = failed.status
        try:
            answer, _ = await self._sent(replace(request, instead=True))
            if status < 500 and answer.status == 200:
                status = _WORSE
        except SnapbookError:
            answer = failed
        finally:
            if failed.status < 500:
                self._seen(failed.by, status, seconds)
        return answer if status >= 500 else failed

    async def _asked_alone(self, worker: Worker, request: Request) -> tuple[Answer, float]:
        """The same with no other beside it of those that a process may have died of. Who is next is
        not sent to a process that ends of this one.
        """
        async with self._alone:
            if not worker.ready:
                await self._flown(worker.name, worker.back())
            try:
                return await self._asked(worker, request)
            except Lost as lost:
                await worker.heard(lost.process)
                raise

    async def _asked(self, worker: Worker, request: Request) -> tuple[Answer, float]:
        """What ``worker`` answers, while it may, and after how long. Raises _Switched, Lost.

        What it is asked in the place of another is not held for it either: it was not its turn.
        """
        process = worker.pid
        line = await worker.upstream.line()
        if not self._answering(worker.name):
            worker.upstream.give(line)
            raise _Switched
        begun = time.perf_counter()
        status = _DIED
        future = line.ask(request.wire())
        try:
            answer = await self._flown(worker.name, future)
        except BaseException as error:
            line.drop(future)
            seconds = None
            if isinstance(error, asyncio.CancelledError):
                status, seconds = _LATE, time.perf_counter() - begun
            elif isinstance(error, Lost):
                error.process = process
            else:
                raise
            if not request.instead:
                self._seen(worker.name, status, seconds)
            raise
        took = time.perf_counter() - begun
        if not self._answering(worker.name):
            raise _Switched
        # What its model refused is counted when it is known whose fault that is.
        doubtful = answer.status == 400 and self._is_its_own(request, answer)
        if request.method == b"POST" and not request.instead and not doubtful:
            self._seen(worker.name, answer.status, took)
        return answer, took

    def _answering(self, name: str) -> bool:
        return self.traffic is not None and name in self.traffic.answering

    async def _flown(self, name: str, future: asyncio.Future[T]) -> T:
        """What comes of ``future``. Raises _Switched when ``name`` is taken out before."""
        flying = self._flying[name]
        flying.add(future)
        try:
            return await future
        finally:
            flying.discard(future)
