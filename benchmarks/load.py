"""Connections that ask a server for predictions, one after another each: latency and throughput.

A process of its own, so that it costs the server what any client costs: bytes that are ready, sent
again as soon as the answer is whole. Every answer has to be a 200.
"""

from __future__ import annotations

import asyncio
import math
import multiprocessing
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from itertools import cycle, islice, repeat
from statistics import median
from typing import Any, TypeAlias

Client: TypeAlias = "Callable[..., Coroutine[Any, Any, Any]]"

WARM_S = 1.0


def request(path: str, body: bytes, port: int) -> bytes:
    """A POST as bytes."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def asked(port: int, sent: bytes, connections: int, seconds: float) -> tuple[float, float]:
    """The median seconds of an answer, and the seconds from one answer to the next."""
    taken: list[float] = _apart(_for, port, sent, connections, seconds)
    return median(taken), seconds / len(taken)


def counted(port: int, sent: Sequence[bytes], connections: int, count: int) -> None:
    """Send ``count`` requests, each of ``sent`` in its turn, and wait for their answers."""
    _apart(_many, port, sent, connections, count)


def _apart(client: Client, *words: Any) -> Any:
    """What ``client`` gives in a process of its own."""
    context = multiprocessing.get_context("spawn")
    queue = context.SimpleQueue()
    process = context.Process(target=_run, args=(queue, client, words))
    process.start()
    found: Any = queue.get()
    process.join()
    if isinstance(found, str):
        raise RuntimeError(found)
    return found


def _run(queue: Any, client: Client, words: tuple[Any, ...]) -> None:
    import uvloop

    try:
        queue.put(uvloop.run(client(*words)))
    except Exception as error:  # noqa: BLE001 - told to the process that waits
        queue.put(f"{type(error).__name__}: {error}")


async def _for(port: int, sent: bytes, connections: int, seconds: float) -> list[float]:
    begin = time.perf_counter() + WARM_S
    made = await _all(port, connections, lambda: _Asking(repeat(sent), begin, begin + seconds))
    return [took for protocol in made for took in protocol.taken]


async def _many(port: int, sent: Sequence[bytes], connections: int, count: int) -> None:
    left = islice(cycle(sent), count)
    await _all(port, connections, lambda: _Asking(left, math.inf, math.inf))


async def _all(port: int, connections: int, make: Callable[[], _Asking]) -> list[_Asking]:
    """Connections that ``make`` makes, each at its end."""
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(make, "127.0.0.1", port) for _ in range(connections)]
    await asyncio.gather(*(protocol.done for _, protocol in made))
    return [protocol for _, protocol in made]


class _Asking(asyncio.Protocol):
    """Sends what ``sent`` gives; times what begins after ``begin``, ends at ``until``."""

    def __init__(self, sent: Iterator[bytes], begin: float, until: float) -> None:
        self._sent = sent
        self._begin = begin
        self._until = until
        self._at = 0.0
        self._got = b""
        self.taken: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError("a connection was closed"))

    def _send(self) -> None:
        sent = next(self._sent, None)
        if sent is None:
            self._end()
            return
        self._at = time.perf_counter()
        self._transport.write(sent)

    def _end(self) -> None:
        if not self.done.done():
            self.done.set_result(None)
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, apart, body = self._got.partition(b"\r\n\r\n")
        if not apart or not self._is_whole(head.lower(), body):
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self.done.set_exception(RuntimeError(self._got[:300].decode("latin-1")))
            self._transport.close()
            return
        now = time.perf_counter()
        if self._at >= self._begin and now <= self._until:
            self.taken.append(now - self._at)
        self._got = b""
        if now < self._until:
            self._send()
        else:
            self._end()

    @staticmethod
    def _is_whole(head: bytes, body: bytes) -> bool:
        _, named, rest = head.partition(b"content-length:")
        if named:
            return len(body) >= int(rest.split(b"\r\n", 1)[0])
        return body.endswith(b"0\r\n\r\n")
