"""The routes of rollouts: begun, led on, ended, and the servers that carry them out.

All of it is decided by the registry's own chain, and by how long it saw a step last. To begin, to
pause, to hurry and to end a rollout by hand takes what promoting takes; a server that follows an
alias takes the steps that are due, the last one too, and ends what its rules say is bad: for that
it needs the right to write the model, and it can hurry nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Response

from snapbook.canonical import Json
from snapbook.deploy import acts, drills, evident, standing
from snapbook.deploy import plan as plans
from snapbook.deploy import rollout as rollouts
from snapbook.errors import Damaged, Usage
from snapbook.promote.desk import seen_of
from snapbook.promote.moving import anyone
from snapbook.refs import check_alias
from snapbook.registry import decided, rolled
from snapbook.registry.asked import Asked
from snapbook.registry.finding import resolved
from snapbook.registry.promotion import may, readable
from snapbook.registry.roles import WRITE
from snapbook.repository import Author

routes = APIRouter(tags=["rollouts"])
_LONGEST = 10_000
_MOST_EVIDENCE = 256 << 10


@routes.get("/rollouts")
def stands(asked: Asked, model: str, alias: str = "production", seen: bool = False) -> Response:
    """How things stand with ``alias``, and what its servers say of themselves; ``seen``: and what
    a rule saw that ended a rollout.
    """
    name = readable(asked, model)
    found = standing.of(asked.service.repository, name, alias)
    if found.rollout is not None and found.rollout.active:
        lasted_s = asked.service.stepping.lasted_s(name, found.alias, found.rollout)
        found = replace(found, lasted_s=lasted_s)
    servers = asked.service.servers.alive(name, found.alias)
    answer: dict[str, Any] = {"standing": rolled.told(found), "fronts": servers}
    if seen:
        answer["seen"] = evident.of(asked.service.repository, name, found.alias)
    return _told(answer)


@routes.post("/rollouts")
def begin(asked: Asked) -> Response:
    """Begin to roll the version ``ref`` out by ``plan``."""
    row = resolved(asked.service, asked.who, asked.text("ref"))
    try:
        plan = plans.of_json(asked.body.get("plan"))
    except Damaged as error:
        raise Usage("That is no plan of a rollout", error.why, kind="argument") from error
    if plan.mode == plans.NOW:
        raise Usage("A plan without steps is a promotion", kind="argument")
    check_alias(plan.alias)
    seen = asked.body.get("seen")
    if seen is not None and not isinstance(seen, str):
        raise Usage("seen is no text", kind="argument")
    was = seen_of(row.model, seen, lambda ref: resolved(asked.service, asked.who, ref))
    begun = acts.begin(
        asked.service.repository, row, plan, Author(asked.who.name), seen=was,
        text=_words(asked, "text"), dry=asked.body.get("dry") is True,
        may=may(asked.who, row.model, plan.alias),
    )  # fmt: skip
    _news(asked, row.model, plan.alias)
    return _told(begun)


@routes.post("/rollouts/acts")
def act(asked: Asked) -> Response:
    """One act on a rollout: ``act`` says which; "next" is a step that somebody wants now."""
    model = readable(asked, asked.text("model"))
    alias, way = asked.text("alias"), asked.text("act")
    repository, author = asked.service.repository, Author(asked.who.name)
    allowed, text = may(asked.who, model, alias), _words(asked, "text")
    if way in ("pause", "resume"):
        turn = acts.pause if way == "pause" else acts.resume
        found = turn(repository, model, alias, author, text=text, may=allowed)
        _news(asked, model, alias)
        return _told({"rollout": rolled.rollout_json(found)})
    if way in ("step", "next"):
        return _told({"done": _stepped(asked, model, alias, by_hand=way == "next")})
    if way == "end":
        return _told({"n": _ended(asked, model, alias)})
    if way == "drill":
        return _told({"n": drills.drill(repository, model, alias, author, may=allowed)})
    if way == "drilled":
        asked.need(WRITE, model)
        seconds = asked.body.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise Usage("seconds is no number", kind="argument")
        if not math.isfinite(seconds):
            raise Usage("seconds is no number", kind="argument")
        drills.drilled(
            repository, model, alias, author, _place(asked, "n"), _words(asked, "front")[:40],
            float(seconds), _words(asked, "why"),
        )  # fmt: skip
        return _told({})
    raise Usage("act is one of pause, resume, step, next, end, drill, drilled", kind="argument")


@routes.post("/fronts")
def hear(asked: Asked) -> Response:
    """What a server tells of itself; nothing is decided by it."""
    model = readable(asked, asked.text("model"))
    asked.need(WRITE, model)
    told: Mapping[str, Json] = asked.body
    asked.service.servers.hear(model, check_alias(asked.text("alias")).lower(), told)
    return _told({})


def _stepped(asked: Asked, model: str, alias: str, *, by_hand: bool) -> bool:
    """Take the step after the one that was seen, if it is due by how long the registry saw it."""
    repository = asked.service.repository
    repository.follow()
    found = rollouts.of(repository, model, alias)
    if not by_hand:
        asked.need(WRITE, model)
    seen = (_place(asked, "n"), _place(asked, "step"))
    if found is None or not found.active or (found.n, found.step) != seen:
        return False
    now = None if by_hand else asked.service.stepping.now(model, alias, found)
    allowed = may(asked.who, model, alias) if by_hand else anyone
    done = acts.advance(
        repository, model, found, Author(asked.who.name), now=now, text=_words(asked, "text"),
        may=allowed,
    )  # fmt: skip
    _news(asked, model, alias)
    return done


def _news(asked: Asked, model: str, alias: str) -> None:
    """Note when a step began, if it did just now."""
    repository = asked.service.repository
    repository.follow()
    found = rollouts.of(repository, model, alias)
    if found is not None and found.active:
        asked.service.stepping.lasted_s(model, alias, found)


def _ended(asked: Asked, model: str, alias: str) -> int:
    """End a rollout: by hand who may promote, by a rule who carries it out."""
    evidence: Any = asked.body.get("evidence")
    if evidence is not None and not isinstance(evidence, dict):
        raise Usage("evidence is no table", kind="argument")
    if evidence is not None and len(json.dumps(evidence)) > _MOST_EVIDENCE:
        raise Usage("evidence is too large", kind="argument")
    if evidence is not None:
        asked.need(WRITE, model)
    allowed = may(asked.who, model, alias) if evidence is None else anyone
    end = acts.End(_place(asked, "n"), _words(asked, "why"), evidence, _words(asked, "text"))
    author = Author(asked.who.name)
    return acts.abort(asked.service.repository, model, alias, author, end, may=allowed)


def _place(asked: Asked, name: str) -> int:
    value = asked.body.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 53:
        raise Usage(f"{name} is no place", kind="argument")
    return value


def _words(asked: Asked, name: str) -> str:
    text = asked.text(name)
    if len(text) > _LONGEST:
        raise Usage(f"{name} has more than {_LONGEST:,} characters", kind="argument")
    return text


def _told(value: object) -> Response:
    return Response(decided.told(value), media_type="application/json")
