"""Connections that ask a server for predictions, one after another each: latency and throughput.

A process of its own, so that it costs the server what any client costs: bytes that are ready, sent
again as soon as the answer is whole. Every answer has to be a 200.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from statistics import median
from typing import Any

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
    context = multiprocessing.get_context("spawn")
    queue = context.SimpleQueue()
    process = context.Process(target=_client, args=(queue, port, sent, connections, seconds))
    process.start()
    found: Any = queue.get()
    process.join()
    if isinstance(found, str):
        raise RuntimeError(found)
    p50, each = found
    return p50, each


def _client(queue: Any, port: int, sent: bytes, connections: int, seconds: float) -> None:
    import uvloop

    try:
        taken = uvloop.run(_all(port, sent, connections, seconds))
        queue.put((median(taken), seconds / len(taken)))
    except Exception as error:  # noqa: BLE001 - told to the process that waits
        queue.put(f"{type(error).__name__}: {error}")


async def _all(port: int, sent: bytes, connections: int, seconds: float) -> list[float]:
    loop = asyncio.get_running_loop()
    begin = time.perf_counter() + WARM_S
    made = [
        await loop.create_connection(
            lambda: _Asking(sent, begin, begin + seconds), "127.0.0.1", port
        )
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in made))
    return [took for _, protocol in made for took in protocol.taken]


class _Asking(asyncio.Protocol):
    def __init__(self, sent: bytes, begin: float, until: float) -> None:
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
        self._at = time.perf_counter()
        self._transport.write(self._sent)

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
        elif not self.done.done():
            self.done.set_result(None)
            self._transport.close()

    @staticmethod
    def _is_whole(head: bytes, body: bytes) -> bool:
        _, named, rest = head.partition(b"content-length:")
        if named:
            return len(body) >= int(rest.split(b"\r\n", 1)[0])
        return body.endswith(b"0\r\n\r\n")
