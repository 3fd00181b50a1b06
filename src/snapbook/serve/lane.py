"""The way of a request to a worker and back, and the switch from one version to another.

A request whose worker is taken out, or dies, is sent again: predictions may be repeated. So clients
see neither, and nothing is answered by a version that is out when `switch` returns. What a process
died of may be one of the requests that it had: each of them is then sent alone, and to no more than
two processes.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from snapbook.errors import NotFound, Unreachable
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
_DIED, _LATE = 599, 504
Seen = Callable[[str, int, float | None], None]


class _Switched(Exception):
    """The worker is out: another has to be asked."""


class Lane:
    """Requests to ``workers`` by what `switch` was given last.

    ``seen`` is told of each answer: by which worker, its status, the seconds; of a process that
    died over a request with None for these.
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
                return await self._sent(request)
        except TimeoutError:
            raise refusal.late(self._limits.answer_s) from None

    async def _sent(self, request: Request) -> Answer:
        passed: set[str] = set()
        died: set[int | None] = set()
        lost_times = turned = 0
        while True:
            worker = self._choose(request, passed)
            try:
                if not worker.ready:
                    await self._flown(worker.name, worker.back())
                ask = self._asked_alone if died else self._asked
                answer = await ask(worker, request)
            except _Switched:
                self.again["switched"] += 1
                continue
            except Lost as lost:
                passed.add(worker.name)
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
                return answer
            # It was told to end, and will be started again as soon as it has.
            self.again["refused"] += 1
            passed.add(worker.name)
            await asyncio.sleep(_AGAIN_S * 2**turned)
            turned += 1

    def _choose(self, request: Request, passed: set[str]) -> Worker:
        traffic = self.traffic
        if traffic is None:
            raise refusal.busy("nothing is served yet")
        name = traffic.stable
        for one in traffic.answering:
            if request.number and self._workers[one].number == request.number:
                name = one
                break
        else:
            if request.method == b"POST":
                name = traffic.pick(request.key if traffic.sticky and request.key else request.id)
        if name == traffic.stable or (name not in passed and self._workers[name].ready):
            return self._workers[name]
        if name not in passed and request.method == b"POST":
            self._seen(name, _DIED, None)  # it was its turn, and it could not
        return self._workers[traffic.stable]

    async def _asked_alone(self, worker: Worker, request: Request) -> Answer:
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

    async def _asked(self, worker: Worker, request: Request) -> Answer:
        """What ``worker`` answers, while it may. Raises _Switched, Lost."""
        process = worker.pid
        line = await worker.upstream.line()
        if not self._answering(worker.name):
            worker.upstream.give(line)
            raise _Switched
        begun = time.perf_counter()
        status, seconds = _DIED, None
        future = line.ask(request.wire())
        try:
            answer = await self._flown(worker.name, future)
            status, seconds = answer.status, time.perf_counter() - begun
        except BaseException as error:
            line.drop(future)
            if isinstance(error, asyncio.CancelledError):
                status, seconds = _LATE, time.perf_counter() - begun
            elif isinstance(error, Lost):
                error.process = process
            else:
                raise
            self._seen(worker.name, status, seconds)
            raise
        if refusal.REFUSED in answer.headers and await self._answers_before(worker, request):
            told = refusal.refusal(refusal.worse())
            answer = Answer(told.status, (), told.body, worker.name)
            status = answer.status
        if not self._answering(worker.name):
            raise _Switched
        if request.method == b"POST":
            self._seen(worker.name, status, seconds)
        return answer

    async def _answers_before(self, worker: Worker, request: Request) -> bool:
        """Whether the stable version answers what the model of another one refused: then it is the
        model that is worse, and not the request.
        """
        stable = self.traffic.stable if self.traffic is not None else worker.name
        if stable == worker.name:
            return False
        try:
            return (await self._workers[stable].ask(request)).status == 200
        except Unreachable:
            return False

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
