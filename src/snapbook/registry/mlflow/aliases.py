"""Aliases and stages: both move where the policy of the model lets them, as `promote` does.

Production and staging are aliases here. A version that stood in one and does no longer is Archived:
that is history, and nobody sets it by hand but by taking the alias away.
"""

from __future__ import annotations

from typing import Any

from snapbook.canonical import Json
from snapbook.errors import NotFound, Refused, Usage
from snapbook.promote import moving, policies
from snapbook.registry.mlflow import entities
from snapbook.registry.mlflow.call import Call
from snapbook.registry.promotion import may
from snapbook.repository.acting import Decided

Answer = dict[str, Any]


def set_alias(call: Call) -> Answer:
    """Let an alias point at a version, if the policy of the model lets it."""
    one, row = entities.found(call)
    alias = call.text("alias")
    moving.promote(call.repository, row, alias, call.author, may=may(call.who, one.model, alias))
    return {}


def get(call: Call) -> Answer:
    """The version that an alias points at."""
    name, alias = call.readable(call.model()), call.text("alias")
    one, _ = entities.by_manifest(call, name, _pointed(call, name, alias))
    return {"model_version": entities.version(call, one)}


def delete(call: Call) -> Answer:
    """Take an alias away; for a protected one that is for those who may promote to it."""
    name, alias = call.readable(call.model()), call.text("alias")
    _take(call, name, alias)
    return {}


def transition(call: Call) -> Answer:
    """Put a version into a stage: a promotion; out of it: its alias is taken away."""
    one, row = entities.found(call)
    wanted = call.text("stage").capitalize()
    if wanted not in entities.STAGES:
        raise Usage(f"A stage is one of {', '.join(entities.STAGES)}", kind="argument")
    now = entities.version(call, one).get("current_stage")
    if wanted == now:
        return {"model_version": entities.version(call, one)}
    if wanted in entities.ALIASES:
        alias = entities.ALIASES[wanted]
        if now == entities.PRODUCTION:
            raise Refused(
                f"{one.model} {one.ordinal} is in production",
                "it would stand there and in staging",
                act="Put another version there first",
                kind="stage",
            )
        moving.promote(
            call.repository, row, alias, call.author, may=may(call.who, one.model, alias)
        )
    elif now in entities.ALIASES and wanted == entities.ARCHIVED:
        _take(call, one.model, entities.ALIASES[now], one.manifest)
    else:
        raise Refused(
            f"{one.model} {one.ordinal} is {now} and cannot be {wanted}",
            "Archived is what stood in a stage, None what never did",
            kind="stage",
        )
    call.repository.follow()
    return {"model_version": entities.version(call, one)}


def _pointed(call: Call, name: str, alias: str) -> str:
    held = {key.lower(): manifest for key, manifest in call.repository.index.aliases(name).items()}
    if alias.lower() not in held:
        raise NotFound(f"{name} has no alias {alias}", kind="no-alias")
    return held[alias.lower()]


def _take(call: Call, name: str, alias: str, seen: str | None = None) -> None:
    """Let the alias point at nothing; where it does already, nothing is done."""
    repository = call.repository

    def decide() -> Decided | None:
        may(call.who, name, alias)(policies.in_force(repository, name)[0].rule(alias))
        old = repository.expected(name, alias, seen)
        if not old:
            return None
        body: dict[str, Json] = {"model": name, "name": alias, "old": old, "new": ""}
        return "alias", body

    repository.act(decide, call.author)
