"""The way back from where an alias points: where it leads, and that it was rehearsed."""

from __future__ import annotations

from snapbook.canonical import Json
from snapbook.catalog.rows import VersionRow
from snapbook.deploy import rollout as rollouts
from snapbook.deploy.writing import Said, write
from snapbook.errors import Conflict, Hint, NotFound
from snapbook.promote import moving, policies
from snapbook.promote.moving import May, anyone
from snapbook.repository import Author, Repository


def drill(
    repository: Repository, model: str, alias: str, author: Author, *, may: May = anyone
) -> int:
    """Ask every server to rehearse the way back; the place of the event.

    Raises NotFound where no way leads back, and Conflict during a rollout: then it is gone already.
    """

    def decide() -> Said | None:
        may(policies.in_force(repository, model)[0].rule(alias))
        found = rollouts.of(repository, model, alias)
        if found is not None and found.active:
            raise Conflict(
                f"Not rehearsed: {alias} of {model} is being rolled out",
                act="During a rollout the way back is", hint=Hint("rollback", (model, alias)),
                kind="under-way",
            )  # fmt: skip
        to = back(repository, model, alias)
        if to is None:
            raise NotFound(
                f"Not rehearsed: {alias} of {model} was nowhere else before",
                act="See", hint=Hint("review", (model,)), kind="no-version",
            )  # fmt: skip
        return rollouts.DRILL, to.manifest, {}

    return write(repository, model, alias, author, decide)


def drilled(
    repository: Repository, model: str, alias: str, author: Author, n: int, front: str,
    seconds: float, why: str,
) -> None:  # fmt: skip
    """Keep what the server ``front`` found in the drill that event ``n`` asked for.

    Raises NotFound where that event asked for none.
    """
    asked = repository.catalog.event(n) if n else None
    said = rollouts.read(asked) if asked is not None else None
    named = repository.known.model(str(said.body.get("model"))) if said is not None else None
    about = (said.way, said.body.get("alias"), named) if said is not None else None
    if said is None or about != (rollouts.DRILL, alias.lower(), repository.known.model(model)):
        raise NotFound(f"Event {n} asked for no drill of {alias}", kind="no-drill")
    more: dict[str, Json] = {"drill": n, "front": front, "seconds": round(seconds, 6)}
    if why:
        more["why"] = why
    manifest = said.manifest
    write(repository, model, alias, author, lambda: (rollouts.DRILLED, manifest, more))


def back(repository: Repository, model: str, alias: str) -> VersionRow | None:
    """Where a rollback leads: stable during a rollout, else where the alias was before."""
    under_way = rollouts.of(repository, model, alias)
    if under_way is not None and under_way.active:
        return moving.row_of(repository, model, under_way.old)
    held = {name.lower(): at for name, at in repository.known.aliases(model).items()}
    try:
        return moving.earlier(repository, model, alias, held.get(alias.lower(), ""))
    except NotFound:
        return None
