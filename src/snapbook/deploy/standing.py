"""How things stand with an alias that is served: what is live, what is on its way, where the way
back leads, and when that was rehearsed last. Read from the chain alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from snapbook.catalog.rows import VersionRow
from snapbook.deploy import drills
from snapbook.deploy import rollout as rollouts
from snapbook.deploy.rollout import Rollout
from snapbook.promote import moving, reviewing
from snapbook.promote.records import Stay
from snapbook.repository import Repository

_STAYS = 20


@dataclass(frozen=True, slots=True)
class Drill:
    """A rehearsal of the way back to the version ``to``: asked for by event ``n``.

    ``told`` is what each server found that has: its name, ``seconds``, and ``why`` it could not.
    """

    n: int
    time: str
    to: str
    told: tuple[tuple[str, float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """An alias of a model, as of event ``head``. ``live`` is where it points, ``back`` where a
    rollback leads, None for nowhere; ``rows`` are the versions that are told of, by manifest;
    ``history`` is where it pointed, newest first. ``lasted_s`` is how long the present step of the
    rollout lasts, where who keeps the chain counts that: a registry.
    """

    model: str
    alias: str
    head: int
    live: VersionRow | None
    back: VersionRow | None
    rollout: Rollout | None
    drill: Drill | None
    rows: Mapping[str, VersionRow]
    history: tuple[Stay, ...] = ()
    lasted_s: float | None = field(default=None, compare=False)

    def ref(self, manifest: str) -> str:
        """The reference of a version that is told of."""
        row = self.rows.get(manifest)
        return row.ref if row is not None else f"{self.model}#{manifest[:8]}"


def of(repository: Repository, model: str, alias: str) -> Standing:
    """How things stand, as of the newest event. Raises NotFound for a model that is not there."""
    head = repository.follow()
    name = repository.known_model(model)
    held = {one.lower(): at for one, at in repository.known.aliases(name).items()}
    rollout = rollouts.of(repository, name, alias)
    drill = _drill(repository, name, alias)
    told = {held.get(alias.lower(), "")}
    told |= {rollout.manifest, rollout.old} if rollout is not None else set()
    told |= {drill.to} if drill is not None else set()
    found = {at: moving.row_of(repository, name, at) for at in told if at}
    rows = {at: row for at, row in found.items() if row is not None}
    back = drills.back(repository, name, alias)
    if back is not None:
        rows[back.manifest] = back
    live = rows.get(held.get(alias.lower(), ""))
    stays = reviewing.history(repository, name, alias)[:_STAYS]
    return Standing(name, alias.lower(), head.n, live, back, rollout, drill, rows, stays)


def _drill(repository: Repository, model: str, alias: str) -> Drill | None:
    """The newest rehearsal, and what was found so far."""
    told: list[tuple[str, float, str]] = []
    for ruling in repository.known.rulings(model, rollouts.TYPE, most=-1):
        if ruling.alias.lower() != alias.lower():
            continue
        if ruling.word == rollouts.DRILL:
            return Drill(ruling.n, ruling.time, ruling.manifest, tuple(reversed(told)))
        event = repository.catalog.event(ruling.n) if ruling.word == rollouts.DRILLED else None
        if event is not None:
            body: Mapping[str, Any] = event.body
            seconds: Any = body.get("seconds")
            known = isinstance(seconds, int | float) and not isinstance(seconds, bool)
            took = float(seconds) if known else 0.0
            told.append((str(body.get("front")), took, str(body.get("why") or "")))
    return None
