"""One process that answers: uvicorn over the application, until it is told to end.

From the first signal on it says that it is not ready; what was sent is answered, what is new is
refused, and it ends. Who stands still in the middle of a request is not waited for. With a time to
linger it goes on answering for so long before: whatever sends requests here has to hear of it
first.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any, Protocol

import uvicorn

from snapbook.bounded import Bounded
from snapbook.serve.app import App
from snapbook.serve.limits import Limits
from snapbook.serve.service import Service
from snapbook.serve.turns import Turns

_MORE_S = 5  # for what is being sent when the last answer is there
_TURNS = 20  # of the loop; from a connection that waits to a request that began it takes five
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\n"
    b"connection: close\r\n\r\n"
)


class Counted(Bounded):
    """A connection that is one of at most ``most``: who comes beyond is told to come again."""

    def __init__(self, *args: Any, most: int, **named: Any) -> None:
        super().__init__(*args, **named)
        self._most = most

    def connection_made(self, transport: Any) -> None:
        """See asyncio."""
        super().connection_made(transport)
        if len(self.connections) > self._most:
            transport.write(_FULL)
            transport.close()


def hung_up() -> tuple[signal.Signals, ...]:
    """The signal of a terminal that is closed, unless whoever began this (nohup) ignores it."""
    number = getattr(signal, "SIGHUP", None)
    if number is None or threading.current_thread() is not threading.main_thread():
        return ()
    return () if signal.getsignal(number) == signal.SIG_IGN else (number,)


class Ending(Protocol):
    """What is told that the end is near."""

    leaving: bool
    draining: bool
    limits: Limits

    def drain(self) -> None:
        """It is here. From the event loop."""


class Server(uvicorn.Server):
    """A server of ``app`` that ends ``linger_s`` after it was told to, and tells ``ending``."""

    def __init__(self, app: Turns, ending: Ending, linger_s: float = 0.0) -> None:
        # Its own log of requests has queries in it. Whoever set up handlers for it did not know.
        logging.getLogger("uvicorn.access").disabled = True
        limits = ending.limits
        counted: Any = partial(Counted, patience_s=limits.body_s, most=limits.connections)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            ws="none",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=int(limits.answer_s) + _MORE_S,
            http=counted,
        )
        super().__init__(config)
        self._ending = ending
        self._linger_s = linger_s
        self._until: float | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Hear the signals to end: also that of a terminal which is closed."""
        with super().capture_signals():
            before = {number: signal.signal(number, self.handle_exit) for number in hung_up()}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal begins the end, a second one does not wait."""
        self._ending.leaving = True
        if self._linger_s and self._until is None and sig == signal.SIGTERM:
            self._until = time.monotonic() + self._linger_s
            return
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: whether to end now."""
        if self._until is not None and time.monotonic() >= self._until:
            self.should_exit = True
        if self.should_exit and not self._ending.draining:
            # What was sent before may lie unread, and its connection unopened: it is answered.
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            self._ending.drain()
        return await super().on_tick(counter)


def run(
    service: Service, listening: socket.socket, ready: Callable[[], None], linger_s: float
) -> None:
    """Answer on ``listening`` until SIGINT or SIGTERM."""
    ready()
    Server(App(service), service, linger_s).run(sockets=[listening])
