"""The routes of the chain: its head, its events as they are stored, and a plain append.

Who may read only some models is given the other events closed: he sees that they are there and in
their places, and nothing of what happened in them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response

from snapbook.catalog.base import Head
from snapbook.catalog.chain import link
from snapbook.deploy import acts
from snapbook.errors import NewerFormat, Usage
from snapbook.events import Event, closed, seal
from snapbook.registry import happened, wire
from snapbook.registry.asked import Asked
from snapbook.registry.roles import READ
from snapbook.repository import Repository

routes = APIRouter(tags=["chain"])
_OWN = frozenset(field.name for field in fields(Event))
_DIGEST = re.compile(r"[0-9a-f]{64}")
_Form = Annotated[int, Header(alias=wire.FORM)]


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
    form: _Form = 1,
) -> Response:
    """The stored events from ``start`` on, those that are damaged too; some of them closed."""
    _check(form)
    repository, told = asked.service.repository, asked.who.may_all(READ)
    last = min(repository.follow().n, start + limit - 1)
    stored = repository.catalog.stored(start, last)
    data = b"".join(
        wire.packed_events(
            stored if told else ((n, _as_told(asked, n, sealed)) for n, sealed in stored)
        )
    )
    headers = {} if told else {wire.TOLD: wire.SOME}
    return Response(data, media_type="application/octet-stream", headers=headers)


def _as_told(asked: Asked, n: int, sealed: bytes) -> bytes | None:
    """The event as who asks may know it: whole, closed, or not at all where it cannot be closed."""
    found = link(n, sealed)
    if found.event is not None and happened.may_know(
        asked.service.repository, found.event, asked.who
    ):
        return sealed
    return closed(sealed) if found.closed else None


def _check(form: int) -> None:
    """Raises NewerFormat for who does not know events that can be closed."""
    if form < wire.EVENTS:
        raise NewerFormat(
            "This registry's events need a newer snapbook",
            act="Update",
            hint="pip install --upgrade snapbook",
        )


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
def append(asked: Asked, form: _Form = 1) -> Response:
    """Make the event after ``expected``, if nobody else made it."""
    asked.need("administer")
    _check(form)
    body, expected = asked.body.get("body"), asked.body.get("expected")
    if not isinstance(body, Mapping) or not isinstance(expected, Mapping):
        raise Usage("body or expected is no table", kind="argument")
    n, digest, rest = expected.get("n"), expected.get("digest"), asked.body.get("rest")
    if type(n) is not int or n < 0 or not isinstance(digest, str):
        raise Usage("expected is no head", kind="argument")
    if rest is not None and (not isinstance(rest, dict) or not _OWN.isdisjoint(rest)):
        raise Usage("rest is no table, or has what an event has itself", kind="argument")
    if asked.text("type") == "delete":
        _unused(asked.service.repository, body)
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


def _unused(repository: Repository, body: Mapping[str, Any]) -> None:
    """Raise Refused for a version that is being rolled out, by whomever its end is written: as the
    event continues a head that is named, no rollout begins in between.
    """
    repository.follow()
    model, manifest = body.get("model"), body.get("manifest")
    if isinstance(model, str) and isinstance(manifest, str) and _DIGEST.fullmatch(manifest):
        for row in repository.known.of_manifest(manifest, model):
            acts.unused(repository, row)
