"""The routes of the chain: its head, its events as they are stored, and a plain append.

For those who may see or keep all of it: who may read only some models asks for versions instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from fastapi import APIRouter, Query, Response

from snapbook.catalog.base import Head
from snapbook.errors import Usage
from snapbook.events import Event, seal
from snapbook.registry import wire
from snapbook.registry.asked import Asked

routes = APIRouter(tags=["chain"])
_OWN = frozenset(field.name for field in fields(Event))


@routes.get("/head")
def head(asked: Asked) -> dict[str, Any]:
    """The newest event: its place and digest."""
    found = asked.service.repository.catalog.head()
    return {"n": found.n, "digest": found.digest}


@routes.get("/events")
def events(
    asked: Asked,
    start: int = Query(1, ge=1, le=wire.MOST),
    limit: int = Query(wire.MOST_EVENTS, ge=1, le=wire.MOST_EVENTS),
) -> Response:
    """The stored events from ``start`` on, those that are damaged too."""
    asked.need("read")
    catalog = asked.service.chain
    last = min(catalog.head().n, start + limit - 1)
    data = b"".join(wire.packed_events(catalog.stored(start, last)))
    return Response(data, media_type="application/octet-stream")


@routes.post("/stamps")
def stamps(asked: Asked) -> dict[str, Any]:
    """For each of ``places`` what is other once the stored bytes of that event are."""
    asked.need("read")
    places = asked.body.get("places")
    if not isinstance(places, list) or not all(
        type(n) is int and 0 < n < wire.MOST for n in places
    ):
        raise Usage("places is no list of numbers", kind="argument")
    return {"stamps": asked.service.repository.catalog.stamps(places[: wire.MOST_EVENTS])}


@routes.post("/events")
def append(asked: Asked) -> Response:
    """Make the event after ``expected``, if nobody else made it."""
    asked.need("administer")
    body, expected = asked.body.get("body"), asked.body.get("expected")
    if not isinstance(body, Mapping) or not isinstance(expected, Mapping):
        raise Usage("body or expected is no table", kind="argument")
    n, digest, rest = expected.get("n"), expected.get("digest"), asked.body.get("rest")
    if type(n) is not int or n < 0 or not isinstance(digest, str):
        raise Usage("expected is no head", kind="argument")
    if rest is not None and (not isinstance(rest, dict) or not _OWN.isdisjoint(rest)):
        raise Usage("rest is no table, or has what an event has itself", kind="argument")
    try:
        made = asked.service.repository.catalog.append(
            asked.text("type"),
            body,
            asked.text("author"),
            asked.text("time"),
            Head(n, digest),
            rest,
        )
    except (ValueError, TypeError) as error:
        raise Usage("That cannot be an event", str(error), kind="argument") from error
    return Response(seal(made), 201, media_type="application/octet-stream")
