"""One version in a process of its own that answers on a socket: begun, watched, ended.

A process that ends is started again, after pauses that grow; one that hangs is killed first. It
holds on to nothing: it ends when the front does, since its standard input is the front's.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from snapbook.errors import SnapbookError, Unreachable
from snapbook.serve import logs
from snapbook.serve.limits import Limits
from snapbook.serve.tokens import VARIABLE
from snapbook.serve.upstream import Answer, Lost, Request, Upstream

START_S = 300.0
_LOOK_S = 0.03
_HEARD_S = 0.005
_WATCH_S = 2.0
_PAUSES_S = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
_CALM_S = 60.0  # that a process has to have run, for the next pause to be short again
_MORE_S = 5.0
_KEPT_OUT = (VARIABLE, "SNAPBOOK_TOKEN")  # tokens, which the front knows, and no model has to
_READY = Request(b"GET", b"/v2/health/ready", b"", b"")


class Worker:
    """``bundle``, served by ``python``, words that start it; ``words`` are further options.

    ``name`` is its own among those of a front, ``ref`` what its answers are said to be by.
    ``trust`` says that its model may be loaded though that can execute code: the caller has asked.
    """

    def __init__(
        self,
        name: str,
        bundle: Path,
        *,
        ref: str = "",
        python: Sequence[str] = (sys.executable,),
        trust: bool = False,
        words: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.ref = ref or name
        self.number = self.ref.rpartition(":")[2].encode()
        self.bundle = bundle
        self.deaths = 0
        self._python = list(python)
        self._words = ["--trust"] * trust + list(words)
        self._limits = Limits()
        self._process: subprocess.Popen[bytes] | None = None
        self._upstream: Upstream | None = None
        self._ready = False
        self._waiters: list[asyncio.Future[None]] = []
        self._ended: asyncio.Future[int] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._said = ""

    @property
    def ready(self) -> bool:
        """Whether it answers."""
        return self._ready

    @property
    def pid(self) -> int | None:
        """Its process."""
        return self._process.pid if self._process is not None else None

    @property
    def upstream(self) -> Upstream:
        """The connections to it; it was started before."""
        assert self._upstream is not None
        return self._upstream

    def back(self) -> asyncio.Future[None]:
        """A future that is done when it answers, again."""
        future = asyncio.get_running_loop().create_future()
        if self._ready:
            future.set_result(None)
        else:
            self._waiters = [one for one in self._waiters if not one.done()]
            self._waiters.append(future)
        return future

    async def heard(self, process: int | None, patience_s: float = 2.0) -> None:
        """Return when it is known that ``process`` ended; or after a while, for it may have closed
        a connection alone.
        """
        until = time.monotonic() + patience_s
        while self._ready and self.pid == process and time.monotonic() < until:
            await asyncio.sleep(_HEARD_S)

    async def ask(self, request: Request, patience_s: float = 10.0) -> Answer:
        """What it answers to ``request``. Raises Unreachable where no answer comes."""
        try:
            async with asyncio.timeout(patience_s):
                return await self.upstream.ask(request)
        except (Lost, TimeoutError) as error:
            raise Unreachable("Not asked", f"{self.name} does not answer") from error

    async def start(self, folder: Path, limits: Limits) -> None:
        """Begin, with its socket in ``folder``; returns when it answers. Raises Unreachable."""
        self._limits = limits
        self._upstream = Upstream(self.name, folder / f"{os.urandom(4).hex()}.sock")
        try:
            await self._begin()
            code = await self._until_ready()
        except BaseException:
            await self.stop(0.0)
            raise
        if code is not None:
            why = self._said or f"its process ended with {code}"
            raise Unreachable("Not started", f"{self.name}: {why}")
        self._tasks = [asyncio.create_task(self._keep()), asyncio.create_task(self._watch())]

    async def stop(self, drain_s: float | None = None) -> None:
        """Let it answer what it has, for ``drain_s`` at most, and end it."""
        self._ready = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._process is not None and self._ended is not None:
            patience_s = self._limits.answer_s + _MORE_S if drain_s is None else drain_s
            if patience_s:
                with suppress(ProcessLookupError):
                    self._process.terminate()
                await asyncio.wait([self._ended], timeout=patience_s)
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._ended
        if self._upstream is not None:
            self._upstream.close()
            self._upstream.path.unlink(missing_ok=True)

    async def _begin(self) -> None:
        limits = self._limits
        command = [*self._python, "-m", "snapbook.serve.start", str(self.bundle)]
        command += ["--socket", str(self.upstream.path), "--leashed"]
        # The front refuses before a worker would.
        command += ["--queue", str(2 * limits.waiting), "--rows", str(limits.rows)]
        command += ["--timeout", str(limits.answer_s), *self._words]
        environment = {name: text for name, text in os.environ.items() if name not in _KEPT_OUT}
        self._said = ""
        try:
            self._process = await _spawned(command, environment)
        except OSError as error:
            why = f"{self.name}: its process cannot be begun ({error.strerror})"
            raise Unreachable("Not started", why) from error
        loop = asyncio.get_running_loop()
        self._ended = loop.create_future()
        hears = threading.Thread(target=self._hear, args=(self._process,), daemon=True)
        hears.start()
        words = (self._process, hears, self._ended, loop)
        threading.Thread(target=_await, args=words, daemon=True).start()

    def _hear(self, process: subprocess.Popen[bytes]) -> None:
        """Pass on what it writes down, and keep the last that is no line of a log."""
        assert process.stderr is not None
        with process.stderr as lines:
            for raw in lines:
                line = raw.decode("utf-8", "replace")
                if not line.startswith("{"):
                    self._said = line.strip()
                with suppress(ValueError, OSError):  # nobody listens to us any more
                    sys.stderr.write(line)

    async def _until_ready(self) -> int | None:
        """Look until it answers; gives the exit code where it ended. Raises Unreachable."""
        assert self._ended is not None
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            if self._ended.done():
                return self._ended.result()
            with suppress(Unreachable):
                if (await self.ask(_READY)).status == 200:
                    self._answers()
                    return None
            await asyncio.wait([self._ended], timeout=_LOOK_S)
        raise Unreachable("Not started", f"{self.name} did not answer within {START_S:g} s")

    def _answers(self) -> None:
        self._ready = True
        for future in self._waiters:
            if not future.done():
                future.set_result(None)
        self._waiters.clear()

    async def _keep(self) -> None:
        """Start it again whenever it ends."""
        pauses = 0
        while True:
            assert self._ended is not None
            begun = time.monotonic()
            code = await asyncio.shield(self._ended)
            self._ready = False
            self.deaths += 1
            pauses = 0 if time.monotonic() - begun > _CALM_S else pauses
            pause = _PAUSES_S[min(pauses, len(_PAUSES_S) - 1)]
            pauses += 1
            logs.say("a worker ended", version=self.name, code=code, again_s=pause)
            await asyncio.sleep(pause)
            try:
                self.upstream.path.unlink(missing_ok=True)
                await self._begin()
                await self._until_ready()
            except (OSError, SnapbookError) as error:
                logs.say("a worker did not start", error, version=self.name)
                self._kill()

    async def _watch(self) -> None:
        """Kill it when it hangs, for then it is started again."""
        missed = 0
        while True:
            await asyncio.sleep(_WATCH_S)
            if not self.ready:
                missed = 0
                continue
            try:
                answer = await self.ask(_READY, self._limits.answer_s + _MORE_S)
                missed = missed + 1 if answer.status != 200 else 0
            except Unreachable:
                missed += 2
            if missed > 1 and self.ready:
                logs.say("a worker hangs", version=self.name)
                missed = 0
                self._kill()

    def _kill(self) -> None:
        self._ready = False
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()


async def _spawned(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """A process, begun beside the loop, since that can take a while; none where it is cancelled."""
    begins = asyncio.create_task(
        asyncio.to_thread(
            subprocess.Popen,
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,  # Ctrl+C is for the front, which ends its workers itself
        )
    )
    try:
        return await asyncio.shield(begins)
    except asyncio.CancelledError:
        with await begins as process:
            process.kill()
        raise


def _await(
    process: subprocess.Popen[bytes],
    hears: threading.Thread,
    ended: asyncio.Future[int],
    loop: asyncio.AbstractEventLoop,
) -> None:
    """Tell the loop that a process ended, and what it said before is heard."""
    code = process.wait()
    hears.join(1.0)  # what it began itself may hold on to its standard error
    assert process.stdin is not None
    process.stdin.close()
    with suppress(RuntimeError):  # the loop is closed, and nobody waits
        loop.call_soon_threadsafe(ended.set_result, code)
