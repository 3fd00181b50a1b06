"""One process that answers: uvicorn over the application, until it is told to end."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable

import uvicorn

from snapbook.bounded import bounded
from snapbook.listening import listen as listen
from snapbook.registry import app, logs
from snapbook.registry.service import Service

_DRAIN_S = 30
_IDLE_S = 5  # that a connection is kept between two requests


def server(service: Service, proxies: str = "", page: app.Page | None = None) -> uvicorn.Server:
    """The server, not yet running; of its own it logs no query and no header, so no token.

    ``proxies`` are the addresses whose word counts for where a request came from ("": nobody's).
    """
    # Its own log of requests has queries in it. Whoever set up handlers for it did not know that.
    logging.getLogger("uvicorn.access").disabled = True
    config = uvicorn.Config(
        app.make(service, page),
        log_config=None,
        access_log=False,
        ws="none",
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        server_header=False,
        timeout_graceful_shutdown=_DRAIN_S,
        timeout_keep_alive=_IDLE_S,
        http=bounded(service.limits.patience_s),
    )
    return uvicorn.Server(config)


def run(
    service: Service,
    listening: socket.socket,
    ready: Callable[[], None],
    proxies: str = "",
    page: app.Page | None = None,
) -> None:
    """Answer on ``listening`` until SIGINT or SIGTERM; what is being sent then is sent."""
    logs.begin()
    ready()
    server(service, proxies, page).run(sockets=[listening])
