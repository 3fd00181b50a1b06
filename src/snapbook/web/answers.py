"""What the page asks: who I am, models, versions and their insides, reviews, the trail of events.

Only looks: what changes something goes through the registry's own routes. Each answer holds what
whoever asks may read, and nothing of the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from snapbook.catalog.rows import VersionRow
from snapbook.display.data import plain
from snapbook.display.views.cells import cells
from snapbook.display.views.count import count
from snapbook.display.views.deployed import entries
from snapbook.display.views.diff import diff
from snapbook.display.views.file import file
from snapbook.display.views.output import output
from snapbook.display.views.pins import pins
from snapbook.display.views.rows import told as told_rows
from snapbook.display.views.series import series
from snapbook.display.views.version import version
from snapbook.display.views.versions import versions
from snapbook.errors import Refused
from snapbook.promote import policies
from snapbook.promote.policy import Policy
from snapbook.registry import wire
from snapbook.registry.asked import Asked
from snapbook.registry.finding import resolved
from snapbook.registry.promotion import may, reviewed
from snapbook.registry.roles import READ
from snapbook.repository import PROTECTED
from snapbook.verbs import rows
from snapbook.web import news, trail
from snapbook.web.visit import Visit, readable, visit

routes = APIRouter(prefix="/page", tags=["page"])
View = Callable[[Visit], Mapping[str, Any]]
_MOST_MODELS = 1_000
routes.get("/news")(news.news)


@routes.get("/about")
def about(asked: Asked) -> Response:
    """What this registry is, and who looks at it."""
    service, who = asked.service, asked.who
    return _told(
        {
            "name": service.name,
            "version": service.version,
            "you": who.name,
            "grants": [str(grant) for grant in who.grants],
            "all": who.may_all(READ),
        }
    )


@routes.get("/models")
def models(asked: Asked) -> Response:
    """The models that one may read, the one used last first: newest version, what is live."""
    repository, who = asked.service.repository, asked.who
    index = repository.index
    found = [name for name in index.models() if who.may(READ, name)]
    told = []
    for name in found[:_MOST_MODELS]:
        newest, held = index.newest(name), index.aliases(name)
        live = [(alias, held[alias]) for alias in PROTECTED if alias in held]
        rows_at = [(alias, index.of_manifest(at, name)) for alias, at in live]
        told.append(
            {
                "name": name,
                "newest": newest,
                "live": [{"alias": alias, "version": at[0]} for alias, at in rows_at if at],
                "count": index.count(name),
            }
        )
    return _told({"models": told, "more": max(len(found) - _MOST_MODELS, 0)})


@routes.get("/review")
def review(asked: Asked, model: str = "", ref: str = "", alias: str = "production") -> Response:
    """An alias beside a version that may take its place, and what one may do about it."""
    repository, who = asked.service.repository, asked.who
    candidate = resolved(asked.service, who, ref) if ref else None
    name = candidate.model if candidate is not None else readable(asked.service, who, model)
    found = reviewed(asked, name, alias, candidate)
    newest = repository.index.newest(name)
    beside = [
        row for row in (found.live, found.candidate, newest, *found.benchmarks.values()) if row
    ]
    return _told(
        {
            "review": found,
            "rows": _rows(asked, list({row.n: row for row in beside}.values())),
        }
    )


@routes.get("/production")
def production(asked: Asked, model: str = "") -> Response:
    """What is deployed of a model, and whether one may move it."""
    name = readable(asked.service, asked.who, model)
    repository, servers = asked.service.repository, asked.service.servers
    found = entries(repository, name, lambda alias: servers.alive(name, alias))
    policy = policies.in_force(repository, name)[0]
    return _told(
        {"deployed": [{**one, "may": _moves(asked, policy, name, one["alias"])} for one in found]}
    )


@routes.get("/audit")
def audit(asked: Asked, model: str = "", before: int = Query(0, ge=0, le=wire.MOST)) -> Response:
    """A page of events, newest first: of ``model``, else of all that one may read."""
    service = asked.service
    return _told(trail.page(service.repository, service.chain, _wanted(asked, model), before))


@routes.get("/audit/verify")
def verify(asked: Asked) -> Response:
    """Whether the chain is whole; for those who may read all of it."""
    asked.need(READ)
    return _told(trail.verified(asked.service.repository))


@routes.get("/audit/export")
def export(asked: Asked, model: str = "") -> Response:
    """The events as rows, one a line: of ``model``, else of all that one may read."""
    lines = trail.exported(asked.service.repository, _wanted(asked, model))
    return StreamingResponse(lines, media_type="application/x-ndjson")


def _view(name: str, view: View) -> None:
    """A route of that name which answers with what ``view`` gives."""

    def answer(request: Request, asked: Asked) -> Response:
        question = visit(asked.service, asked.who, request.query_params)
        return _told(_narrowed(question, name, dict(view(question))))

    answer.__doc__ = view.__doc__
    routes.add_api_route(f"/{name}", answer, methods=["GET"], name=f"page_{name}")


def _narrowed(question: Visit, name: str, told: dict[str, Any]) -> dict[str, Any]:
    """An answer without what it says of models that this reader may not see.

    One content may be a version of several models: what happened to it there is told elsewhere.
    """
    if name == "versions":
        told["models"] = []
    if name == "version" and "events" in told and not question.who.may_all(READ):
        repository = question.service.repository

        def is_open(n: int) -> bool:
            event = repository.catalog.event(n)
            return event is not None and question.may_read(event.body.get("model"))

        notes = repository.index.notes(told["version"]["manifest"])
        told["events"] = [act for act in told["events"] if is_open(act["n"])]
        told["notes"] = [(one.time, one.author, one.text) for one in notes if is_open(one.n)]
    return told


for _name, _function in {
    "versions": versions, "count": count, "series": series, "pins": pins, "version": version,
    "cells": cells, "output": output, "diff": diff, "file": file,
}.items():  # fmt: skip
    _view(_name, _function)


def _wanted(asked: Asked, model: str) -> trail.Wanted:
    """Which events are shown, by their models; None is what belongs to no model."""
    if model:
        name = readable(asked.service, asked.who, model)
        index = asked.service.repository.index
        return lambda one: isinstance(one, str) and index.model(one) == name
    if asked.who.may_all(READ):
        return lambda _: True
    return lambda one: isinstance(one, str) and asked.who.may(READ, one)


def _moves(asked: Asked, policy: Policy, model: str, alias: str) -> bool:
    """Whether whoever asks may promote to ``alias``, and so lead a rollout."""
    try:
        may(asked.who, model, alias)(policy.rule(alias))
    except Refused:
        return False
    return True


def _rows(asked: Asked, found: list[VersionRow]) -> list[dict[str, Any]]:
    question = Visit({}, asked.service, asked.who)
    return told_rows(rows.listed(asked.service.repository, found, question.me()))


def _told(value: object) -> Response:
    """JSON as a browser reads it: numbers that are none are texts."""
    return Response(json.dumps(plain(value), allow_nan=False), media_type="application/json")
