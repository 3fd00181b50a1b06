"""What is done with a rollout: begun, led on, paused, ended, rehearsed; each act is one event.

Each is decided against the chain that the event stands on: whoever comes second looks again, and
finds that nothing is left to do. Knows no roles: who asks on behalf of others gives ``may``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from snapbook.canonical import Json
from snapbook.catalog.rows import VersionRow
from snapbook.deploy import inputs
from snapbook.deploy import rollout as rollouts
from snapbook.deploy.plan import SHADOW, Plan
from snapbook.deploy.rollout import Rollout
from snapbook.deploy.writing import Said, write
from snapbook.errors import Conflict, Hint, NotFound, Refused
from snapbook.promote import moving, policies
from snapbook.promote.moving import May, anyone
from snapbook.promote.policy import Rule
from snapbook.promote.records import Judged, Moved
from snapbook.repository import Author, Repository


@dataclass(frozen=True, slots=True)
class Begun:
    """A rollout that begins: the version, the one in place, and what the gates say of it."""

    version: VersionRow
    stable: VersionRow
    judged: tuple[Judged, ...]
    n: int


@dataclass(frozen=True, slots=True)
class End:
    """How a rollout ends: ``n`` names the one that is meant, 0 whichever it is; ``why`` in words.

    ``evidence`` is what a rule saw: then it ended by itself. ``text`` is what a person says to it.
    """

    n: int = 0
    why: str = ""
    evidence: Mapping[str, Json] | None = None
    text: str = ""


class _NotNow(Exception):
    """The rollout is not any more where whoever acts saw it."""


def begin(
    repository: Repository,
    version: VersionRow,
    plan: Plan,
    author: Author,
    *,
    seen: str | None = None,
    text: str = "",
    dry: bool = False,
    may: May = anyone,
) -> Begun:
    """Begin to roll ``version`` out, if the policy of the alias would let it be promoted.

    Raises what `moving.promote` raises; Conflict while another rollout is under way (one that is
    only in the shadow gives way); Refused where nothing is in place yet; BadOption for a rule about
    a column that ``version`` has not; NotRestorable for one that cannot be asked anything.
    """
    inputs.checked(repository, version, plan)
    found: list[tuple[VersionRow, VersionRow, tuple[Judged, ...]]] = []

    def decide() -> Said | None:
        _free(repository, version.model, plan.alias)
        moved = moving.promote(
            repository, version, plan.alias, author, seen=seen, dry=True, may=may
        )
        if not moved.new:
            raise Conflict(f"{plan.alias} of {version.model} is {version.ref} already")
        if moved.before is None:
            raise Refused(
                f"Not deployed: {plan.alias} of {version.model} points at nothing yet",
                act="The first one goes there at once",
                hint=Hint("deploy", (version.ref, "--now")),
                kind="policy",
            )
        found[:] = [(version, moved.before, moved.judged)]
        if dry:
            return None
        more: dict[str, Json] = {
            "old": moved.before.manifest, "plan": plan.json(), "step": 0, "share": plan.percent(0),
        }  # fmt: skip
        return rollouts.BEGIN, version.manifest, more

    n = write(repository, version.model, plan.alias, author, decide, text=text)
    return Begun(*found[0], n)


def advance(
    repository: Repository,
    model: str,
    seen: Rollout,
    author: Author,
    *,
    now: datetime | None = None,
    text: str = "",
    may: May = anyone,
) -> bool:
    """Take the step that follows what was ``seen``; whether it was done here.

    With ``now`` only if it is due by then; without, a person wants it now. The last step is the
    promotion, and raises what that raises.
    """

    def stands() -> Rollout | None:
        found = rollouts.of(repository, model, seen.alias)
        same = found is not None and (found.n, found.step) == (seen.n, seen.step)
        if found is None or not same or not found.active:
            return None
        return found if now is None or found.due(now) else None

    if seen.following is None:
        return _promote(repository, model, seen, author, stands, text, may)

    def decide() -> Said | None:
        found = stands()
        if found is None or found.following is None:
            return None
        may(policies.in_force(repository, model)[0].rule(seen.alias))
        step = found.following
        return rollouts.STEP, found.manifest, {"step": step, "share": found.plan.percent(step)}

    return write(repository, model, seen.alias, author, decide, text=text) > 0


def pause(
    repository: Repository, model: str, alias: str, author: Author, *, text: str = "",
    may: May = anyone,
) -> Rollout:  # fmt: skip
    """Let the present step last until somebody resumes. Raises NotFound, Conflict."""
    return _turn(repository, model, alias, author, rollouts.PAUSE, rollouts.RUNNING, text, may)


def resume(
    repository: Repository, model: str, alias: str, author: Author, *, text: str = "",
    may: May = anyone,
) -> Rollout:  # fmt: skip
    """Go on with the present step, from its beginning. Raises NotFound, Conflict."""
    return _turn(repository, model, alias, author, rollouts.RESUME, rollouts.PAUSED, text, may)


def abort(
    repository: Repository,
    model: str,
    alias: str,
    author: Author,
    end: End,
    *,
    may: May = anyone,
) -> int:
    """End a rollout: stable answers everything again.

    Gives the place of the event; 0 where it had ended already. Raises NotFound where nothing is
    under way and ``end`` names none.
    """
    n = end.n

    def decide() -> Said | None:
        found = rollouts.of(repository, model, alias)
        if found is None or not found.active or (n and found.n != n):
            if n:
                return None
            raise _nothing(model, alias)
        may(policies.in_force(repository, model)[0].rule(alias))
        more: dict[str, Json] = {"old": found.old, "step": found.step}
        if end.why:
            more["why"] = end.why
        if end.evidence is not None:
            more["itself"] = True
        return rollouts.ABORT, found.manifest, more

    return write(repository, model, alias, author, decide, text=end.text, evidence=end.evidence)


def _promote(
    repository: Repository,
    model: str,
    seen: Rollout,
    author: Author,
    stands: Callable[[], Rollout | None],
    text: str,
    may: May,
) -> bool:
    """The last step: the alias moves as a promotion moves it, if the rollout still stands so."""

    def check(rule: Rule) -> None:
        if stands() is None:
            raise _NotNow
        may(rule)

    row = moving.row_of(repository, model, seen.manifest)
    if row is None:
        raise NotFound(f"Not deployed: the version of {model} was deleted", kind="deleted")
    try:
        moved: Moved = moving.promote(
            repository, row, seen.alias, author, seen=seen.old, text=text, may=check
        )
    except _NotNow:
        return False
    return moved.new


def _turn(
    repository: Repository, model: str, alias: str, author: Author, way: str, wanted: str,
    text: str, may: May,
) -> Rollout:  # fmt: skip
    seen: list[Rollout] = []

    def decide() -> Said | None:
        found = rollouts.of(repository, model, alias)
        if found is None or not found.active:
            raise _nothing(model, alias)
        seen[:] = [found]
        may(policies.in_force(repository, model)[0].rule(alias))
        if found.state != wanted:
            return None
        return way, found.manifest, {"step": found.step}

    write(repository, model, alias, author, decide, text=text)
    return rollouts.of(repository, model, alias) or seen[0]


def _free(repository: Repository, model: str, alias: str) -> None:
    """Raise Conflict while another rollout is under way."""
    found = rollouts.of(repository, model, alias)
    if found is None or not found.active or found.plan.mode == SHADOW:
        return
    row = moving.row_of(repository, model, found.manifest)
    which = row.ref if row is not None else "another version"
    raise Conflict(
        f"Not deployed: {which} is being rolled out to {alias}",
        act="End that first",
        hint=Hint("rollback", (model, alias)),
        kind="under-way",
    )


def delete(repository: Repository, version: VersionRow, author: Author) -> None:
    """Delete a version that nobody is answered by. Raises Refused, also where a rollout began since
    the caller looked.
    """
    repository.delete(version, author, check=lambda: unused(repository, version))


def unused(repository: Repository, version: VersionRow) -> None:
    """Raise Refused for a version that is being rolled out, so that it is not deleted under those
    who are answered by it.
    """
    if alias := towards(repository, version):
        raise Refused(
            f"Not deleted: {version.ref} is being rolled out to {alias}",
            act="End that first",
            hint=Hint("rollback", (version.model, alias)),
            kind="under-way",
        )


def towards(repository: Repository, version: VersionRow) -> str:
    """The alias that ``version`` is being rolled out to; "" for none."""
    for alias in repository.known.aliases(version.model):
        found = rollouts.of(repository, version.model, alias)
        if found is not None and found.active and found.manifest == version.manifest:
            return alias
    return ""


def _nothing(model: str, alias: str) -> NotFound:
    return NotFound(
        f"Nothing is being rolled out to {alias} of {model}",
        act="See",
        hint=Hint("deploy", (model, "--status")),
        kind="no-rollout",
    )
