"""The routes of versions: found by a reference, listed, and made of what was offered."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Query, Response

from snapbook import canonical, sayings
from snapbook.canonical import Json
from snapbook.catalog import where as expressions
from snapbook.catalog.pages import Cursor
from snapbook.errors import Usage
from snapbook.offers import checked, offered
from snapbook.registry import blobs, wire
from snapbook.registry.asked import Asked
from snapbook.registry.finding import resolved
from snapbook.repository import Author
from snapbook.transfer import Offered, take_in

routes = APIRouter(tags=["versions"])
_FIRST = 50  # versions of a first page that is worth remembering


@routes.get("/version")
def version(asked: Asked, ref: str) -> Response:
    """The version that ``ref`` names, what is offered of it, and the blobs that it needs."""
    service = asked.service

    def make() -> bytes:
        row = resolved(service, asked.who, ref)
        offer = Offered(offered(service.repository, row), service.needed(row))
        told = {"version": wire.row_json(row), "offer": wire.offered_json(offer)}
        return canonical.encode(told)

    # What may be read is part of the question: a name that is hidden from one is none for him.
    data = service.answers.of(service.chain.head(), (ref, asked.who.grants), make)
    return Response(data, media_type="application/json")


@routes.get("/versions")
def versions(
    asked: Asked,
    model: str = "",
    where: str = "",
    after: int | None = Query(None, ge=0, le=wire.MOST),
    limit: int = Query(_FIRST, ge=1, le=500),
) -> Response:
    """The versions of ``model`` ("": of every model that one may read), newest first.

    ``where`` is an expression as in lists. Who may not read everything is not told which names
    there are. A first page is asked for again and again, by whoever looks what is new.
    """

    def make() -> bytes:
        return canonical.encode(_page(asked, model, where, after, limit))

    if where or after is not None or limit > _FIRST:
        data = make()
    else:
        question = ("versions", model, limit, asked.who.grants)
        data = asked.service.answers.of(asked.service.chain.head(), question, make)
    return Response(data, media_type="application/json")


def _page(asked: Asked, model: str, where: str, after: int | None, limit: int) -> dict[str, Json]:
    index = asked.service.repository.index
    if model:
        model = index.model(model) or model
        asked.need("read", model)
    wanted = None
    if where:
        wanted = expressions.parse(where, quiet=not asked.who.may_all("read"))
    cursor = Cursor(None, after) if after is not None else None
    found: list[dict[str, Any]] = []
    while True:
        page = index.page(model or None, wanted, after=cursor, limit=limit)
        found += [wire.row_json(row) for row in page.rows if asked.who.may("read", row.model)]
        cursor = page.after
        if cursor is None or len(found) >= limit:
            break
    return {"versions": found[:limit], "after": _next(found, limit, cursor)}


@routes.post("/versions", status_code=201)
def make(asked: Asked) -> Response:
    """Bind an offered version to a number; its blobs were uploaded before, or come along."""
    offer = asked.body.get("offer")
    if not isinstance(offer, dict):
        raise Usage("offer is no table", kind="argument")
    body = checked(offer)
    said, was = sayings.checked(offer), sayings.earlier(offer)
    asked.need("write", str(body["model"]))
    repository = asked.service.repository
    # Under an earlier name it may be somebody else's by now.
    if now := sayings.standing(repository, str(body["model"]), was):
        asked.need("write", now)
    if pack := asked.text("pack"):
        blobs.take_along(asked.service, pack)
    writer = repository.store.writer()
    try:
        # Holds off a sweep from here on: what is found now stays.
        writer.rely([str(body["manifest"])])
        author = Author(asked.who.name)
        strict = asked.body.get("strict") is True
        made = take_in(
            repository, writer, {**body, "said": said, "was": was}, author, strict=strict
        )
        return _told(wire.accepted_json(made), 201)
    finally:
        writer.close()


def _told(value: Json, status: int = 200) -> Response:
    """Canonical JSON: a metric may be no finite number."""
    return Response(canonical.encode(value), status, media_type="application/json")


def _next(found: list[dict[str, Any]], limit: int, cursor: Cursor | None) -> int | None:
    if len(found) > limit:
        return int(found[limit - 1]["n"])
    return cursor.n if cursor is not None else None
