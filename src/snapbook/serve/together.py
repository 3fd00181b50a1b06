"""Requests that wait are predicted together: while one prediction runs, the others queue up.

One thread predicts, and nobody waits for company: who comes while it is idle goes with those who
have arrived already and are only not read yet; who comes while it is busy goes with all others that
came meanwhile, as one table. That is done only for methods whose answers were seen to be the same
either way. A batch that fails is tried one by one, so that a bad request harms itself alone. Knows
tables and futures, no HTTP.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeAlias

from snapbook.errors import SnapbookError
from snapbook.serve.blame import Blame
from snapbook.serve.limits import Limits
from snapbook.serve.predictor import Predictor
from snapbook.serve.refusal import Failed, busy
from snapbook.serve.table import Table, joined

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"
    Answers: TypeAlias = "tuple[Array, ...]"

_QUIET = 2  # turns of the loop that bring no more: from bytes to a job it takes two
_MOST_TURNS = 10
Seen: TypeAlias = Callable[[int, int, float], None]


@dataclass(slots=True, eq=False)
class _Job:
    """One request that waits for ``methods`` to be asked of its ``table``."""

    table: Table
    methods: tuple[str, ...]
    future: asyncio.Future[Answers]
    gone: bool = False
    found: Answers | SnapbookError = field(default=())


class Together:
    """The thread that predicts, and its queue.

    ``together`` are the methods that may be asked of several requests at once. ``seen`` is told of
    each prediction: requests, rows, seconds. ``blame`` says whose fault one is that failed.
    """

    def __init__(
        self,
        predictor: Predictor,
        together: frozenset[str],
        limits: Limits,
        seen: Seen,
        blame: Blame,
    ) -> None:
        self._predictor = predictor
        self._blame = blame
        self._together = together
        self._limits = limits
        self._seen = seen
        self._queue: SimpleQueue[list[_Job] | None] = SimpleQueue()
        self._waiting = 0
        self._fresh: list[_Job] = []  # that came while nothing ran
        self._running_since: float | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._work, name="snapbook-predict", daemon=True)

    @property
    def waiting(self) -> int:
        """How many requests have no answer yet."""
        return self._waiting

    def stuck_s(self) -> float:
        """For how long the prediction that runs has been running; 0 where none runs."""
        since = self._running_since
        return time.monotonic() - since if since is not None else 0.0

    def start(self) -> None:
        """Begin to predict, for the event loop that runs."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def stop(self) -> None:
        """End when what was queued is done."""
        self._queue.put(None)

    async def ask(self, table: Table, methods: tuple[str, ...]) -> Answers:
        """What the model answers to ``table``, one array a method.

        Raises Unreachable where too many wait already, Unfit where the model refuses what was sent,
        Failed where it fails by itself.
        """
        if self._waiting >= self._limits.waiting:
            raise busy("too many requests wait already")
        assert self._loop is not None
        job = _Job(table, methods, self._loop.create_future())
        self._waiting += 1
        if self._running_since is not None:
            self._queue.put([job])
        else:
            self._fresh.append(job)
            if len(self._fresh) == 1:
                self._loop.call_soon(self._gather, 0, 0, 0)
        try:
            return await job.future
        finally:
            job.gone = True
            self._waiting -= 1

    def _gather(self, before: int, quiet: int, turns: int) -> None:
        """Hand over what came, once the loop has read what arrived: that takes it no time."""
        quiet = quiet + 1 if len(self._fresh) == before else 0
        if quiet < _QUIET and turns < _MOST_TURNS:
            assert self._loop is not None
            self._loop.call_soon(self._gather, len(self._fresh), quiet, turns + 1)
            return
        # At once: the thread would begin with the first, and go on with the others.
        self._queue.put(self._fresh)
        self._fresh = []

    def _work(self) -> None:
        for batch in self._batches():
            self._running_since = time.monotonic()
            self._predict(batch)
            self._running_since = None
            assert self._loop is not None
            try:
                self._loop.call_soon_threadsafe(_deliver, batch)
            except RuntimeError:  # the loop was closed over a prediction that nobody waits for
                return

    def _batches(self) -> Iterator[list[_Job]]:
        """Jobs that go together, in the order in which they came."""
        line: deque[_Job] = deque()
        ending = False
        while line or not ending:
            try:
                while True:
                    jobs = self._queue.get(block=not line)
                    if jobs is None:
                        ending = True
                        break
                    line.extend(jobs)
            except Empty:
                pass
            if batch := self._next(line):
                yield batch

    def _next(self, line: deque[_Job]) -> list[_Job]:
        batch: list[_Job] = []
        rows = 0
        while line:
            job = line[0]
            if job.gone:
                line.popleft()
                continue
            rows += job.table.rows
            if batch and (
                job.methods != batch[0].methods
                or not self._together.issuperset(job.methods)
                or rows > self._limits.batch_rows
            ):
                break
            batch.append(line.popleft())
        return batch

    def _predict(self, batch: Sequence[_Job]) -> None:
        """Give each job what was found for it."""
        try:
            found = self._answers(batch)
        except SnapbookError as error:
            if len(batch) == 1:
                batch[0].found = self._blamed(batch[0], error)
                return
            for job in batch:
                if not job.gone:
                    self._predict((job,))
            return
        first = 0
        for job in batch:
            until = first + job.table.rows
            job.found = tuple(array[first:until] for array in found)
            first = until

    def _blamed(self, job: _Job, error: SnapbookError) -> SnapbookError:
        if not isinstance(error, Failed):
            return error
        return self._blame.of(job.table, job.methods, error)

    def _answers(self, batch: Sequence[_Job]) -> list[Any]:
        begun = time.perf_counter()
        try:
            table = joined([job.table for job in batch])
        except MemoryError as error:
            raise Failed(error) from error
        found = [self._predictor.answer(method, table) for method in batch[0].methods]
        self._seen(len(batch), table.rows, time.perf_counter() - begun)
        self._blame.answered(table)
        return found


def _deliver(batch: Sequence[_Job]) -> None:
    for job in batch:
        if job.future.done():
            continue
        if isinstance(job.found, SnapbookError):
            job.future.set_exception(job.found)
        else:
            job.future.set_result(job.found)
