"""The registry as a web application: routes, who may ask, and how errors are told.

Knows FastAPI, and hands every act to a function of one file a subject. Every route but the two for
load balancers wants a token; tests walk the table of routes.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from snapbook import failure
from snapbook.errors import SnapbookError
from snapbook.registry import blobs, chain, versions, wire
from snapbook.registry.asked import Asked, service_of
from snapbook.registry.service import Service

OPEN = ("/healthz", "/readyz")
_log = logging.getLogger("snapbook.registry")


def make(service: Service) -> FastAPI:
    """The application over ``service``, which it closes when it ends."""

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        yield
        service.close()

    app = FastAPI(
        title="snapbook registry",
        version=service.version,
        lifespan=living,
        openapi_url=f"{wire.PATH}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    app.middleware("http")(_guard)
    app.add_exception_handler(SnapbookError, _refuse)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(Exception, _bug)
    for room in (blobs, chain, versions):
        app.include_router(room.routes, prefix=wire.PATH)
    app.get("/healthz")(healthy)
    app.get("/readyz")(ready)
    app.get(f"{wire.PATH}/about")(about)
    return app


def healthy() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


def ready(request: Request) -> dict[str, str]:
    """The repository answers."""
    service_of(request).repository.follow()
    return {"status": "ok"}


def about(asked: Asked) -> dict[str, object]:
    """What this is, and whom it sees in you."""
    return {
        "snapbook": asked.service.version,
        "api": wire.API,
        "name": asked.service.name,
        "you": asked.who.name,
        "grants": [str(grant) for grant in asked.who.grants],
        "head": asked.service.repository.catalog.head().n,
    }


async def _guard(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """Every request is recognised before anything is looked at, even whether its route exists."""
    if request.url.path not in OPEN:
        try:
            service = service_of(request)
            request.state.who = service.principal(request.headers.get("authorization", ""))
        except SnapbookError as error:
            return _told(error)
    response = await answer(request)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _told(error: SnapbookError) -> JSONResponse:
    status = 401 if error.kind == "unauthenticated" else failure.status_of(error)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(failure.told(error), status, headers)


def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, SnapbookError)
    return _told(error)


def _plain(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse(dict(failure.told_status(error.status_code)), error.status_code)


def _bug(request: Request, error: Exception) -> Response:
    # What was asked may hold what is secret; the route's name does not.
    _log.error("a request failed inside", exc_info=error, extra={"route": request.url.path})
    return _told(failure.internal())
