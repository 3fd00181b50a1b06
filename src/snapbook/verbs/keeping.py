"""hold, and gc --expire: what is kept for good, and what policies let go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapbook.deploy import acts
from snapbook.errors import Hint, Refused, Usage
from snapbook.promote import policies, retention
from snapbook.verbs import look, travel, who
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.repository import Author, Repository
    from snapbook.verbs.here import Here
    from snapbook.verbs.table import Asked

_SHOWN = 5


def hold(here: Here, asked: Asked) -> Done:
    """Keep a version whatever happens, until it is let go; here or in a registry."""
    if not asked.reason:
        raise Usage(
            "hold needs a reason", act="Say it", hint=Hint("help", ("hold",)), kind="missing"
        )
    author, holding = who.author(here.folder), not asked.release
    if asked.registry:
        known = travel.book().get(asked.registry)
        with travel.opened(here, known) as side:
            version = side.resolve(asked.ref)
            side.hold(version, asked.reason, author, holding)
        where, echo = f" in {known.name}", ""
    else:
        repository = here.repository()
        version, echo = look.resolve(repository, asked.ref)
        repository.hold(version, asked.reason, author, holding=holding)
        where = ""
    said = "is held" if holding else "is held no more"
    line = f"{version.ref} {said}{where}: {asked.reason}"
    data: dict[str, Json] = {"ref": version.ref, "held": holding, "reason": asked.reason}
    return Done((*([echo] if echo else []), line), data)


def expire(
    repository: Repository, author: Author, again: Hint, *, yes: bool, dry: bool
) -> tuple[list[str], list[Json]]:
    """Delete what the policies of the models let go; gives lines and references.

    Raises Refused without ``yes``, naming what would go; ``again`` is how to say it.
    """
    gone = [
        row
        for model in repository.index.models()
        if (kept := policies.in_force(repository, model)[0].retention) is not None
        for row in retention.expired(repository, model, kept)
        if not acts.towards(repository, row)
    ]
    told: list[Json] = [row.ref for row in gone]
    if not gone:
        return ["no policy lets a version go"], told
    names = ", ".join(row.ref for row in gone[:_SHOWN])
    names += f" +{len(gone) - _SHOWN}" if len(gone) > _SHOWN else ""
    count = f"{len(gone):,} version{'' if len(gone) == 1 else 's'}"
    if dry:
        return [f"would delete {count} by policy: {names}"], told
    if not yes:
        raise Refused(
            f"Nothing was deleted: by policy {count} would go: {names}",
            act="Let them go",
            hint=again,
            kind="not-agreed",
        )
    for row in gone:
        acts.delete(repository, row, author)
    return [f"deleted {count} by policy: {names}"], told
