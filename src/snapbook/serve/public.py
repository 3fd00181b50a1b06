"""The public side of a front: its port, answered until the process is told to end.

It ends as a server of one model does, and gives back control then, since whoever began the workers
ends them.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import uvicorn

from snapbook.serve.front import Front
from snapbook.serve.router import Router
from snapbook.serve.running import Server, hung_up
from snapbook.serve.start import Serving

T = TypeVar("T")
_FILES = 8192
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Public(Server):
    """A server whose process goes on when it has ended."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Hear the signals to end, and let nobody else hear them afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (*_SIGNALS, *hung_up())
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


async def run(
    router: Router,
    listening: socket.socket,
    asked: Serving,
    ready: Callable[[], None],
    until: asyncio.Event | None = None,
) -> None:
    """Answer on ``listening`` until it is told to end by a signal, or until ``until`` is set.

    ``ready`` is called when the port answers. Returns when what had begun is answered; the workers
    go on.
    """
    _more_files()
    front = Front(router, asked.tokens, asked.limits)
    server = _Public(front, front, asked.linger_s)
    waits = asyncio.create_task(_told(server, ready, until))
    try:
        await server.serve([listening])
    finally:
        waits.cancel()
        await asyncio.gather(waits, return_exceptions=True)


def _more_files() -> None:
    """Each request takes two connections, more together than a process may have of itself."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < _FILES:
            most = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


async def _told(server: _Public, ready: Callable[[], None], until: asyncio.Event | None) -> None:
    while not server.started:
        await asyncio.sleep(0.01)
    ready()
    if until is not None:
        await until.wait()
        server.handle_exit(signal.SIGTERM, None)


def loop(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` in the loop that servers run in: libuv's, where it is installed."""
    factory = uvicorn.Config("", log_config=None).get_loop_factory()
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)
