"""Processes that answer: uvicorn over the application, until it is told to end."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from snapbook.bounded import bounded
from snapbook.registry import app, logs
from snapbook.registry.meters import SHARED
from snapbook.registry.service import Limits, Service

if TYPE_CHECKING:
    from fastapi import FastAPI

_DRAIN_S = 30
_IDLE_S = 5  # that a connection is kept between two requests
_PATIENCE_S = 60  # with a process that starts or works: a busy machine is no reason to end it


def server(service: Service, proxies: str = "", page: app.Page | None = None) -> uvicorn.Server:
    """The server, not yet running; of its own it logs no query and no header, so no token.

    ``proxies`` are the addresses whose word counts for where a request came from ("": nobody's).
    """
    return uvicorn.Server(_config(app.make(service, page), service.limits, proxies))


def run(
    service: Service, listening: socket.socket, proxies: str = "", page: app.Page | None = None
) -> None:
    """Answer on ``listening`` until SIGINT or SIGTERM; what is being sent then is sent."""
    logs.begin()
    server(service, proxies, page).run(sockets=[listening])


def share(
    make: Callable[[], FastAPI],
    limits: Limits,
    count: int,
    listening: socket.socket,
    proxies: str = "",
) -> None:
    """The same in ``count`` processes, over what ``make``, which can be pickled, gives in each.

    One that ends or hangs is replaced; SIGHUP replaces all, one after another.
    """
    logs.begin()
    with tempfile.TemporaryDirectory(prefix="snapbook-") as counts:
        os.environ[SHARED] = counts
        config = _config(make, limits, proxies, workers=count, factory=True)
        config.timeout_worker_healthcheck = _PATIENCE_S
        Multiprocess(config, [listening]).run()


def _config(asked: Any, limits: Limits, proxies: str, **more: Any) -> uvicorn.Config:
    # Its own log of requests has queries in it. Whoever set up handlers for it did not know that.
    logging.getLogger("uvicorn.access").disabled = True
    return uvicorn.Config(
        asked,
        log_config=None,
        access_log=False,
        ws="none",
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        server_header=False,
        timeout_graceful_shutdown=_DRAIN_S,
        timeout_keep_alive=_IDLE_S,
        http=bounded(limits.patience_s),
        **more,
    )
