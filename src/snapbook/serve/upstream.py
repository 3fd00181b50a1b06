"""Connections to a worker over its socket: kept, one request at a time on each.

Knows bytes and futures. An answer that nobody waits for any more is dropped with its connection.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httptools

from snapbook.serve.body import INSTEAD

_KEPT = 64
_IDLE_S = 30.0  # sooner than a worker closes what is idle
_HOPS = frozenset((b"connection", b"keep-alive", b"transfer-encoding", b"date", b"server",
                   b"content-length", b"x-request-id"))  # fmt: skip


class Lost(Exception):
    """The connection ended before the answer; ``sent``: the worker may have had the request.

    ``process`` is whose it was, where that is known.
    """

    def __init__(self, sent: bool) -> None:
        super().__init__("the connection to a worker was lost")
        self.sent = sent
        self.process: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One request, whole: it can be sent again. ``key`` is its client's, ``number`` that of the
    version which its path names; "" where there is none. ``instead``: it was another's turn.
    """

    method: bytes
    target: bytes
    body: bytes
    id: bytes
    key: bytes = b""
    number: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    instead: bool = False

    def wire(self) -> bytes:
        """The bytes that a worker is sent."""
        head = [b"%b %b HTTP/1.1\r\nhost: worker\r\n" % (self.method, self.target)]
        head += [b"x-request-id: %b\r\n" % self.id] if self.id else []
        head += [b"%b: %b\r\n" % header for header in self.headers]
        head += [b"%b: 1\r\n" % INSTEAD] if self.instead else []
        head.append(b"content-length: %d\r\n\r\n" % len(self.body))
        head.append(self.body)
        return b"".join(head)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the worker ``by`` answered: headers without those of a connection."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    by: str


class Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._transport: asyncio.Transport | None = None
        self._parser: Any = None
        self._future: asyncio.Future[Answer] | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self.idle_since = 0.0

    @property
    def open(self) -> bool:
        """Whether it can be asked."""
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, data: bytes) -> asyncio.Future[Answer]:
        """Send a request; its answer comes as the future's result, or Lost."""
        assert self._transport is not None
        self._future = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._transport.write(data)
        return self._future

    def drop(self, future: asyncio.Future[Answer]) -> None:
        """Nobody waits for that answer: unless it is here, the connection ends, which would else
        give it to whoever asks next.
        """
        if self._future is future:
            self.close()

    def close(self) -> None:
        """End it, whatever it waits for."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: Any) -> None:
        """See asyncio."""
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        """See asyncio."""
        self._upstream.gone(self)
        if self._future is not None and not self._future.done():
            self._future.set_exception(Lost(sent=True))

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self._parser is None:
            self.close()  # it says what it was not asked
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        name = name.lower()
        if name not in _HOPS:
            self._headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """See httptools."""
        parser, future = self._parser, self._future
        headers, body = tuple(self._headers), b"".join(self._body)
        self._headers, self._body, self._parser, self._future = [], [], None, None
        if future is not None and not future.done():
            future.set_result(Answer(parser.get_status_code(), headers, body, self._upstream.name))
        if parser.should_keep_alive():
            self._upstream.give(self)
        else:
            self.close()


class Upstream:
    """The connections to the worker ``name`` at ``path``."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path
        self._idle: list[Line] = []
        self._lines: set[Line] = set()

    async def line(self) -> Line:
        """A connection that waits for nothing. Raises Lost where nobody listens."""
        loop = asyncio.get_running_loop()
        while self._idle:
            line = self._idle.pop()
            if line.open and loop.time() - line.idle_since < _IDLE_S:
                return line
            line.close()
        try:
            _, line = await loop.create_unix_connection(lambda: Line(self), str(self.path))
        except OSError as error:
            raise Lost(sent=False) from error
        self._lines.add(line)
        return line

    def give(self, line: Line) -> None:
        """The connection has its answer and can be asked again."""
        if len(self._idle) >= _KEPT or not line.open:
            line.close()
            return
        line.idle_since = asyncio.get_running_loop().time()
        self._idle.append(line)

    def gone(self, line: Line) -> None:
        """The connection ended."""
        self._lines.discard(line)
        if line in self._idle:
            self._idle.remove(line)

    async def ask(self, request: Request) -> Answer:
        """What the worker answers. Raises Lost."""
        line = await self.line()
        future = line.ask(request.wire())
        try:
            return await future
        finally:
            line.drop(future)

    def close(self) -> None:
        """End all connections."""
        for line in list(self._lines):
            line.close()
