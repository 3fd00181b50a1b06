"""The front of a rollout under load: switches, a canary that is killed, a shadow.

The front, its workers and the clients are processes of their own. The way back is timed where it is
asked for: a switch is acknowledged when the operator, who sits beside the clients, hears of it.
After that no answer may be the old version's, and no request may fail at any time: if one does
there are no rows.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from load import request
from rows import row

CLIENTS, SWITCHES = 8, 20
BETWEEN_S = 0.25
TURNS, TURN_S = 5, 4.0
PACE_S = 0.04  # of each client between two requests, for the shadow: 200 requests a second
ONE, TWO = "churn:0.1.0", "churn:0.2.0"

TRAINED = """
import pandas as pd
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

import snapbook

x, y_train = make_classification(5000, 20, random_state=0)
X_train = pd.DataFrame(x, columns=[f"c{n}" for n in range(20)])
for c, number in ((1.0, "0.1.0"), (0.1, "0.2.0")):
    churn = LogisticRegression(C=c).fit(X_train, y_train)
    snapbook.save(churn, "churn", data={"X_train": X_train}, store=True)
    snapbook.verbs.export(f"churn:{number}", to="bundle", output=number)
X_train.head(1).to_json("row.json", orient="records", double_precision=15)
"""


def main() -> None:
    """Print the rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["SNAPBOOK_CONFIG"] = str(folder / "config")
        (folder / "train.py").write_text(TRAINED)
        command = [sys.executable, "train.py"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        import uvloop

        uvloop.run(measure(folder))


async def measure(folder: Path) -> None:
    """All of it, at one front."""
    body = json.dumps({"rows": json.loads((folder / "row.json").read_text())}).encode()
    async with fronted(folder) as front:
        sent = request("/predict", body, front.port)
        await rollbacks(front, sent)
        await killed(front, sent)
        await shadowed(front, sent)


async def rollbacks(front: Front, sent: bytes) -> None:
    """Twenty switches while eight clients ask without a pause."""
    clients = await crowd(front.port, sent)
    taken, acknowledged = [], []
    await asyncio.sleep(1.0)
    begun = time.perf_counter()
    for number in range(SWITCHES):
        name = (TWO, ONE)[number % 2]
        asked = time.perf_counter()
        await front.switch(stable=name)
        acknowledged.append((time.perf_counter(), name))
        taken.append(acknowledged[-1][0] - asked)
        await asyncio.sleep(BETWEEN_S)
    seconds = time.perf_counter() - begun
    answers = await ended(clients)
    during = sum(1 for one in answers if begun <= one.answered <= begun + seconds)
    old = 0
    for place, (heard, name) in enumerate(acknowledged):
        # The next switch may answer from the moment it is asked for, which is before it is heard.
        until = acknowledged[place + 1][0] - taken[place + 1] if place + 1 < SWITCHES else heard + 1
        old += sum(1 for one in answers if heard < one.answered < until and one.version != name)
    if old:
        raise RuntimeError(f"{old} answers of the version that was out")
    row("rollback under load, slowest of 20 switches", max(taken), 0.005, "a limit of 5 ms")
    named = "a limit of 1 ms: 1,000 requests a second"
    row("rollback under load, from answer to answer", seconds / during, 0.001, named)


async def killed(front: Front, sent: bytes) -> None:
    """A canary with half of the requests is killed, three times."""
    await front.switch(stable=ONE, canary=TWO, share=0.5)
    clients = await crowd(front.port, sent)
    await asyncio.sleep(3.0)
    killed_at = []
    for _ in range(3):
        told = await front.say(pid=TWO)
        os.kill(told["pid"], signal.SIGKILL)
        killed_at.append(time.perf_counter())
        while (await front.say(ready=TWO))["ready"] is False or time.perf_counter() < killed_at[
            -1
        ] + 1:
            await asyncio.sleep(0.2)
    answers = await ended(clients)
    calm = [one.took for one in answers if one.answered < killed_at[0]]
    hit = [one.took for one in answers if any(at <= one.answered < at + 1 for at in killed_at)]
    named = f"the same front before, uvicorn {version('uvicorn')}"
    row("canary killed with -9 under load, slowest answer", max(hit), max(calm), named)


async def shadowed(front: Front, sent: bytes) -> None:
    """Eight clients with pauses, by turns without and with a copy of each request."""
    found: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    for turn in range(2 * TURNS):
        shadow = bool(turn % 2)
        await front.switch(stable=ONE, shadow=TWO if shadow else "")
        clients = await crowd(front.port, sent, PACE_S)
        await asyncio.sleep(TURN_S)
        taken = [one.took for one in (await ended(clients))[CLIENTS:]]
        found[shadow].append((median(taken), quantiles(taken, n=100)[98]))
    told = await front.say(shadowed=True)
    print(f"# compared {told['compared']}, dropped {told['dropped']}", file=sys.stderr)
    for place, name in enumerate(("p50", "p99")):
        without, beside = (median(one[place] for one in found[key]) for key in (False, True))
        named = f"the same front without, uvicorn {version('uvicorn')}"
        row(f"shadow of all requests, {name} of stable", beside, without, named)


@dataclass(slots=True)
class Answered:
    """One answer: when the request was sent, when the answer was whole, and by whom it was."""

    sent: float
    answered: float
    version: str

    @property
    def took(self) -> float:
        """The seconds."""
        return self.answered - self.sent


class Client(asyncio.Protocol):
    """A connection that asks again as soon as it has its answer, or after a pause."""

    def __init__(self, sent: bytes, pace_s: float) -> None:
        self._sent, self._pace_s = sent, pace_s
        self._at, self._got, self._on = 0.0, b"", True
        self.answers: list[Answered] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._ask()

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError("a connection was closed"))

    def stop(self) -> None:
        """End with the answer that is due."""
        self._on = False

    def _ask(self) -> None:
        if not self._on:
            self.done.set_result(None)
            self._transport.close()
            return
        self._at = time.perf_counter()
        self._transport.write(self._sent)

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, apart, body = self._got.partition(b"\r\n\r\n")
        if not apart or len(body) < int(_header(head, b"content-length")):
            return
        now = time.perf_counter()
        if not head.startswith(b"HTTP/1.1 200"):
            self.done.set_exception(RuntimeError(self._got[:300].decode("latin-1")))
            self._transport.close()
            return
        self._got = b""
        named = _header(head, b"snapbook-version").decode()
        self.answers.append(Answered(self._at, now, named))
        if self._pace_s and self._on:
            asyncio.get_running_loop().call_later(self._pace_s, self._ask)
        else:
            self._ask()


def _header(head: bytes, name: bytes) -> bytes:
    return head.partition(name + b": ")[2].partition(b"\r\n")[0]


async def crowd(port: int, sent: bytes, pace_s: float = 0.0) -> list[Client]:
    """Clients that ask from now on; with pauses they begin one after another."""
    loop = asyncio.get_running_loop()
    found = []
    for _ in range(CLIENTS):
        made = loop.create_connection(lambda: Client(sent, pace_s), "127.0.0.1", port)
        found.append((await made)[1])
        await asyncio.sleep(pace_s / CLIENTS)
    return found


async def ended(clients: list[Client]) -> list[Answered]:
    """All answers in their order. Raises RuntimeError where a request failed."""
    for client in clients:
        client.stop()
    await asyncio.gather(*(client.done for client in clients))
    answers = [one for client in clients for one in client.answers]
    return sorted(answers, key=lambda one: one.answered)


class Front:
    """The process of a front, told what to do line by line."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.port = port

    async def say(self, **told: Any) -> dict[str, Any]:
        """What it answers to a line."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told).encode() + b"\n")
        found: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return found

    async def switch(self, **traffic: Any) -> None:
        """Returns when it is done."""
        await self.say(switch=traffic)


@asynccontextmanager
async def fronted(folder: Path) -> AsyncIterator[Front]:
    """A front over both versions while the block lasts."""
    with open(folder / "front.log", "wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, __file__, "front", str(folder),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = await process.stdout.readline()
        if not line:
            raise RuntimeError((folder / "front.log").read_text())
        yield Front(process, json.loads(line)["port"])
    finally:
        process.terminate()
        await process.wait()


def front(folder: Path) -> None:
    """The process of `fronted`."""
    from snapbook.listening import listen
    from snapbook.serve import logs, public
    from snapbook.serve.limits import Limits
    from snapbook.serve.router import Router
    from snapbook.serve.start import Serving
    from snapbook.serve.tokens import Tokens
    from snapbook.serve.traffic import Traffic
    from snapbook.serve.worker import Worker

    async def run() -> None:
        logs.begin()
        asked = Serving("127.0.0.1", 0, Tokens(), 0.0, Limits())
        router = Router(asked.limits)
        for name in (ONE, TWO):
            await router.add(Worker(name, folder / name.partition(":")[2], trust=True))
        await router.switch(Traffic(ONE))
        listening = listen("127.0.0.1", 0)
        port = listening.getsockname()[1]
        obeys = asyncio.create_task(_obey(router, port))
        await public.run(router, listening, asked, lambda: None)
        obeys.cancel()
        await router.close()

    async def _obey(router: Any, port: int) -> None:
        loop = asyncio.get_running_loop()
        lines = asyncio.StreamReader()
        reader = asyncio.StreamReaderProtocol(lines)
        await loop.connect_read_pipe(lambda: reader, sys.stdin)
        print(json.dumps({"port": port}), flush=True)
        while line := await lines.readline():
            told = json.loads(line)
            if "switch" in told:
                said: dict[str, Any] = {"taken": await router.switch(Traffic(**told["switch"]))}
            elif "pid" in told:
                said = {"pid": router.workers[told["pid"]].pid}
            elif "ready" in told:
                said = {"ready": router.ready(told["ready"])}
            else:
                counts = router.shadowed()
                said = {"compared": counts.compared, "dropped": counts.dropped}
            print(json.dumps(said), flush=True)

    public.loop(run())


if __name__ == "__main__":
    if sys.argv[1:2] == ["front"]:
        front(Path(sys.argv[2]))
    else:
        main()
