"""The route of news: what happened behind a place in the chain, for who waits for it."""

from __future__ import annotations

from fastapi import APIRouter, Query, Response

from snapbook.registry import decided, happened, wire
from snapbook.registry.asked import Asked
from snapbook.registry.roles import READ

routes = APIRouter(tags=["chain"])


@routes.get("/news")
def news(
    asked: Asked,
    model: str = "",
    after: int = Query(0, ge=0, le=wire.MOST),
    limit: int = Query(happened.MOST, ge=1, le=happened.MOST),
) -> Response:
    """Events behind the place ``after`` that one may know of, and the place to go on from."""
    repository = asked.service.repository
    head = repository.follow()
    if model:
        asked.need(READ, model)

    def may(name: str) -> bool:
        return asked.who.may(READ, name) if name else asked.who.may_all(READ)

    told, at = happened.read(repository, after, head.n, limit, model, may)
    answer = {"events": told, "after": at, "head": head.n}
    return Response(decided.told(answer), media_type="application/json")
