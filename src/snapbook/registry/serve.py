"""One process that answers: uvicorn over the application, until it is told to end."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn

from snapbook.registry import app
from snapbook.registry.service import Service

_DRAIN_S = 30


def listen(host: str, port: int) -> socket.socket:
    """An open, listening socket; ``port`` 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's delay (40 ms an answer) off for sockets that say they are TCP alone.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except BaseException:
        listening.close()
        raise
    return listening


def server(service: Service) -> uvicorn.Server:
    """The server, not yet running; it logs no query and no header, so no token."""
    config = uvicorn.Config(
        app.make(service),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_DRAIN_S,
        h11_max_incomplete_event_size=64 * 1024,
    )
    return uvicorn.Server(config)


def run(service: Service, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Answer on ``listening`` until SIGINT or SIGTERM; what is being sent then is sent."""
    ready()
    server(service).run(sockets=[listening])
