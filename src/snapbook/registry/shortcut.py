"""The short way to what is asked most: the same functions, called without a framework around them.

Finding a route, its parameters and its answer's form costs more than most of these answers do. The
routes stand in the table as all others do; whoever asks one of them in the plain way is answered
here, and for anything else, or anything more in the query, the application is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from snapbook.errors import SnapbookError
from snapbook.registry import wire
from snapbook.registry.asked import asked_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

Refuse = Callable[[Request, Exception], Response]


class Shortcut:
    """``app``, but for ``routes``: each takes what is asked, and the texts it names in a query.

    ``refuse`` gives the answer for an error of ours.
    """

    def __init__(
        self, app: ASGIApp, routes: Iterable[tuple[APIRoute, tuple[str, ...]]], refuse: Refuse
    ) -> None:
        self._app = app
        self._refuse = refuse
        self._known = {
            (method, wire.PATH + route.path): (route, names)
            for route, names in routes
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer at once, or let the application do so."""
        plain = scope["type"] == "http" and not scope.get("root_path")
        found = self._known.get((scope["method"], scope["path"])) if plain else None
        given = _texts(scope, found[1]) if found else None
        if found is None or given is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = found[0]  # what the log and the counts call it
        answer = await self._answer(found[0], Request(scope, receive), given)
        await answer(scope, receive, send)

    async def _answer(
        self, route: APIRoute, request: Request, given: Mapping[str, str]
    ) -> Response:
        act: Callable[..., Any] = route.endpoint
        try:
            asked = await asked_of(request)
            told = await run_in_threadpool(act, asked, **given)
        except SnapbookError as error:
            return self._refuse(request, error)
        return told if isinstance(told, Response) else JSONResponse(told)


def _texts(scope: Scope, names: tuple[str, ...]) -> dict[str, str] | None:
    """What the query says, if it is each of ``names`` once and nothing else."""
    query: bytes = scope["query_string"]
    if not query and not names:
        return {}
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    given = dict(pairs)
    return given if len(pairs) == len(names) and given.keys() == set(names) else None
