"""The registry as a web application: routes, who may ask, and how errors are told.

Knows FastAPI, and hands every act to a function of one file a subject. Every route but the two for
load balancers wants a token, which guard.py sees to; tests walk the table of routes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Protocol

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from snapbook import failure
from snapbook.errors import DiskFull, ReadOnly, SnapbookError, Unreachable, Usage
from snapbook.registry import (
    arrivals,
    blobs,
    chain,
    holds,
    logs,
    meters,
    news,
    promotion,
    rolling,
    versions,
    visits,
    wire,
)
from snapbook.registry.asked import Asked, service_of
from snapbook.registry.dispatch import Dispatch
from snapbook.registry.guard import OPEN, Guard, id_of
from snapbook.registry.hooks import Hooks
from snapbook.registry.identity import FolderDrawer
from snapbook.registry.mlflow import routes as mlflow
from snapbook.registry.refusal import refusal
from snapbook.registry.service import Service
from snapbook.registry.shortcut import Shortcut
from snapbook.registry.vouching import Vouching

_WHY = {
    DiskFull.kind: "the registry's disk is full",
    ReadOnly.kind: "the registry may not write to its disk",
    Unreachable.kind: "what the registry keeps does not answer",
}
# What each push and each server asks, with the texts that stand in the query.
_QUICK: dict[Callable[..., object], tuple[str, ...]] = {
    versions.version: ("ref",),
    versions.make: (),
    blobs.missing: (),
}


class Page(Protocol):
    """What a registry shows to people."""

    @property
    def files(self) -> Mapping[str, Callable[[Request], Response]]:
        """Its files by their paths: anybody gets them, and nobody is known for it."""

    @property
    def answers(self) -> APIRouter:
        """The routes that it asks, below the API's path."""


def make(service: Service, page: Page | None = None) -> FastAPI:
    """The application over ``service``, which it closes when it ends; perhaps with a ``page``."""

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        hooks = Dispatch(service, Hooks(service.drawer or FolderDrawer(service.folder)))
        hooks.start()
        yield
        await asyncio.to_thread(hooks.stop)
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
    quick = [
        (route, _QUICK[route.endpoint])
        for route in (*versions.routes.routes, *blobs.routes.routes)
        if isinstance(route, APIRoute) and route.endpoint in _QUICK
    ]
    app.add_middleware(Shortcut, routes=quick, refuse=_refuse)
    app.add_middleware(Vouching, service=service)
    open_ = (*OPEN, *(page.files if page else ()))
    app.add_middleware(Guard, service=service, open_=open_, named=mlflow.STARTS)
    app.add_exception_handler(SnapbookError, _refuse)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(RequestValidationError, _unfit)
    # Rooms are looked through in this order: what is asked most comes first.
    for room in (versions, blobs, chain, news, promotion, rolling, holds, arrivals, visits):
        app.include_router(room.routes, prefix=wire.PATH)
    app.include_router(mlflow.routes)
    if page is not None:
        for path, answer in page.files.items():
            app.add_api_route(path, answer, methods=["GET", "HEAD"], include_in_schema=False)
        app.include_router(page.answers, prefix=wire.PATH)
    app.get("/healthz")(healthy)
    app.get("/readyz")(ready)
    app.get("/metrics")(metrics)
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
        "kind": asked.who.kind,
        "grants": [str(grant) for grant in asked.who.grants],
        "head": asked.service.repository.catalog.head().n,
    }


def metrics(asked: Asked) -> Response:
    """What this process counted, for Prometheus; for those who may read all models."""
    asked.need("read")
    head = asked.service.repository.catalog.head()
    return Response(asked.service.meters.text(head.n), media_type=meters.MEDIA_TYPE)


def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, SnapbookError)
    if not isinstance(error, Unreachable):
        return refusal(error)
    # Its words are for who keeps the registry: they name folders.
    logs.say("what is kept here cannot be reached", error, why=error.why, request=id_of(request))
    return refusal(Unreachable(error.what, _WHY.get(error.kind, ""), kind=error.kind))


def _plain(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse(dict(failure.told_status(error.status_code)), error.status_code)


def _unfit(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Named, and not repeated: what was sent has no place in an answer.
    names = sorted({str(found["loc"][-1]) for found in error.errors()})
    return refusal(Usage(f"{', '.join(names)} cannot be that", kind="argument"))
