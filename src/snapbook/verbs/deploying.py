"""deploy, pause, resume, and the part of rollback that is about a rollout: here or in a registry.

What decides is behind a place of `Rollouts`; servers are other processes, which are waited for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snapbook import refs
from snapbook.deploy import plan as plans
from snapbook.deploy import status as statuses
from snapbook.deploy.acts import End
from snapbook.deploy.desk import LocalRollouts
from snapbook.deploy.plan import AB, NOW, SHADOW, Plan
from snapbook.errors import BadOption, Hint, NotFound
from snapbook.export import schema
from snapbook.parts.model import check_asked
from snapbook.promote.desk import LocalDesk
from snapbook.promote.moving import PRODUCTION
from snapbook.verbs import promotion
from snapbook.verbs.here import Here
from snapbook.verbs.rolled import lines
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.deploy.desk import Rollouts
    from snapbook.deploy.rollout import Rollout
    from snapbook.promote.desk import Desk
    from snapbook.verbs.table import Asked

_WAIT_S = 10.0
_START_S = 60.0  # where a version has to be started before
_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Switched:
    """How many of the servers did what the chain says by now, and how long the last one took."""

    done: int
    of: int
    seconds: float
    why: str = ""

    @property
    def told(self) -> str:
        """It in words."""
        return f"{self.done} of {self.of} servers switched, {self.seconds:.1f} s"

    @property
    def data(self) -> dict[str, Json]:
        """It for programs."""
        return {"switched": self.done, "of": self.of, "seconds": self.seconds, "why": self.why}


def deploy(here: Here, asked: Asked) -> Done:
    """Roll a version out, or say how that stands."""
    ref, registry = promotion.split(asked.ref, asked.registry)
    alias = asked.alias or PRODUCTION
    if asked.status:
        with rollouts(here, registry, acts=False) as (_, there):
            told = statuses.status(there, refs.parse(ref).model, alias)
        return Done(tuple(lines(told)), told)
    plan = plans.parse(
        canary=asked.canary, ab=asked.ab, shadow=asked.shadow, now=asked.now, every=asked.every,
        abort_if=asked.abort_if, window=asked.window, alias=alias,
    )  # fmt: skip
    text, dry = asked.reason or "", asked.dry_run
    with rollouts(here, registry, acts=not dry) as (desk, there):
        seen = promotion.seen(desk, refs.parse(ref).model, alias)
        if plan.mode == NOW:
            return _now(here, desk, there, ref, alias, seen, text, dry, registry)
        begun = there.begin(ref, plan, seen, text, dry)
        model, candidate, stable = begun.version.model, begun.version.ref, begun.stable.ref
        switched = None if dry else wait(there, model, alias, _patience_s(here))
    said = [f"{'would be: ' if dry else ''}{_begun(plan, candidate, stable)}"]
    said += promotion.verdicts(begun.judged, "warns")
    if not registry:
        said += _untold(here, begun.version, plan)
    if switched is not None:
        said += _servers(here, model, alias, registry, switched)
        said.append(f"  take it back: {_typed(here, 'rollback', model, alias, registry)}")
    data: dict[str, Json] = {
        "ref": candidate, "manifest": begun.version.manifest, "stable": stable, "alias": alias,
        "n": begun.n, "plan": plan.json(), "gates": promotion.data_of(begun.judged),
        "servers": switched.data if switched is not None else None,
    }  # fmt: skip
    return Done(tuple(said), data)


def _untold(here: Here, version: VersionRow, plan: Plan) -> list[str]:
    """That rules of ``plan`` will tell nothing, since the version knows no training."""
    asked = [rule.text for rule in plan.rules if rule.metric == "drift"]
    if not asked or schema.trained_on(here.repository().parts(version.manifest)) is not None:
        return []
    return [
        f"  {asked[0]} tells nothing: what {version.ref} was trained on is not known;"
        f" what tells it: {schema.TELL}"
    ]


def pause(here: Here, asked: Asked) -> Done:
    """Let the present step of a rollout last."""
    model, registry, alias = _named(asked)
    with rollouts(here, registry) as (_, there):
        there.pause(model, alias, asked.reason or "")
        told = statuses.status(there, model, alias)
    more = f"  go on: {_typed(here, 'resume', model, alias, registry)}"
    return Done((str(told["sentence"]), more), told)


def resume(here: Here, asked: Asked) -> Done:
    """Go on with a rollout; with ``--next`` by the next step at once."""
    model, registry, alias = _named(asked)
    with rollouts(here, registry) as (_, there):
        if asked.next:
            found = _under_way(there, model, alias)
            there.advance(model, found, None, asked.reason or "")
            wait(there, model, alias)
        else:
            there.resume(model, alias, asked.reason or "")
        told = statuses.status(there, model, alias)
    return Done((str(told["sentence"]),), told)


def take_back(here: Here, asked: Asked, desk: Desk, registry: str) -> Done | None:
    """The rollout that is under way is ended; None where there is none."""
    model, alias = promotion.split(asked.model_name, None)[0], asked.alias or PRODUCTION
    there = of(desk)
    try:
        standing = there.standing(model, alias)
    except NotFound:
        return None  # the alias' own way back says it; or the registry is older than rollouts
    found = standing.rollout
    if found is None or not found.active or asked.to:
        return None
    candidate, stable = standing.ref(found.manifest), standing.ref(found.old)
    if asked.dry_run:
        line = f"would be: {candidate} is taken back, {stable} answers everything"
        return Done((line,), {"aborted": False, "ref": stable, "candidate": candidate})
    n = there.abort(model, alias, End(found.n, text=asked.reason or ""))
    if not n:
        return None  # it ended meanwhile: the alias' way back is what is left
    switched = wait(there, model, alias)
    said = f"{candidate} is taken back, {stable} answers everything"
    data: dict[str, Json] = {
        "aborted": True, "ref": stable, "candidate": candidate, "alias": alias, "n": n,
        "servers": switched.data,
    }  # fmt: skip
    return Done((said, *_servers(here, model, alias, registry, switched)), data)


def drill(here: Here, asked: Asked) -> Done:
    """Rehearse the way back on every server; how long it took."""
    model, registry, alias = _named(asked)
    if asked.to or asked.dry_run:
        raise BadOption(
            "--drill changes nothing and takes the way back as it is", act="Say it alone"
        )
    with rollouts(here, registry) as (_, there):
        servers = len(there.fronts(model, alias))
        if not servers:
            raise NotFound(
                f"Not rehearsed: no server follows {alias} of {model}",
                act="Start one", hint=Hint("serve", (f"{model}@{alias}", "--follow")),
                kind="no-server",
            )  # fmt: skip
        n = there.drill(model, alias)
        told = _drilled(there, model, alias, n, servers)
    found: Any = told["drill"]
    good = not found["why"] and found["fronts"] >= servers
    if not good:
        why = found["why"] or f"{found['fronts']} of {servers} servers answered"
        return Done((f"the way back to {found['to']} does not hold: {why}",), told, exit_code=1)
    noun = f"{servers} server{'' if servers == 1 else 's'}"
    line = f"the way back to {found['to']} holds: {noun}, {float(found['seconds']) * 1000:.1f} ms"
    return Done((line,), told)


def wait(there: Rollouts, model: str, alias: str, seconds: float = _WAIT_S) -> Switched:
    """Wait until every server did what the chain says now."""
    begun = time.monotonic()
    head = there.standing(model, alias).head
    while True:
        servers = there.fronts(model, alias)
        late = [one for one in servers if int(one.get("at") or 0) < head]
        took = time.monotonic() - begun
        if not late or took >= seconds:
            why = "; ".join(dict.fromkeys(str(one["why"]) for one in servers if one.get("why")))
            return Switched(len(servers) - len(late), len(servers), took, why)
        time.sleep(_LOOK_S)


def waited(desk: Desk, model: str, alias: str) -> Switched | None:
    """The same after an alias moved; None where nobody knows of servers."""
    try:
        return wait(of(desk), model, alias)
    except NotFound:  # a registry that is older than rollouts
        return None


@contextmanager
def rollouts(here: Here, registry: str, *, acts: bool = True) -> Iterator[tuple[Desk, Rollouts]]:
    """Where promotions and rollouts are decided: in this project, or in a registry."""
    with promotion.desk(here, registry, acts=acts) as desk:
        yield desk, of(desk)


def of(desk: Desk) -> Rollouts:
    """The rollouts of the place whose promotions ``desk`` decides."""
    if isinstance(desk, LocalDesk):
        return LocalRollouts(desk.repository, desk.author, desk.may)
    from snapbook.registry.desk import HttpDesk
    from snapbook.registry.rollouts import HttpRollouts

    assert isinstance(desk, HttpDesk)
    return HttpRollouts(desk.http)


def _now(
    here: Here, desk: Desk, there: Rollouts, ref: str, alias: str, seen: str | None, text: str,
    dry: bool, registry: str,
) -> Done:  # fmt: skip
    """The alias moves at once."""
    if not registry:
        repository = here.repository()
        version = repository.resolve(refs.parse(ref))
        check_asked(version.ref, repository.parts(version.manifest))
    moved = desk.promote(ref, alias, seen, text, dry)
    said = promotion.moved_lines(here, moved, alias, registry, dry)
    data = promotion.moved_data(moved)
    if not dry:
        switched = wait(there, moved.version.model, alias, _patience_s(here))
        said[1:1] = _servers(here, moved.version.model, alias, registry, switched)
        data = {**data, "servers": switched.data}
    return Done(tuple(said), data)


def _patience_s(here: Here) -> float:
    """How long is waited for servers that have to start a version: people see that it goes on."""
    return _START_S if here.face in ("cli", "magic", "python") else _WAIT_S


def _drilled(there: Rollouts, model: str, alias: str, n: int, servers: int) -> dict[str, Json]:
    """Wait for what every server found."""
    until = time.monotonic() + 3 * _WAIT_S
    while True:
        told = there.standing(model, alias).drill
        done = told is not None and told.n == n and len(told.told) >= servers
        if done or time.monotonic() >= until:
            return statuses.status(there, model, alias)
        time.sleep(_LOOK_S)


def _begun(plan: Plan, candidate: str, stable: str) -> str:
    if plan.mode == SHADOW:
        return f"{candidate} is asked in the shadow of {stable}; nobody gets its answers"
    if plan.mode == AB:
        return f"{candidate} answers {plan.share(0):g} % beside {stable}, until you end it"
    steps = ", ".join(f"{step:g}" for step in plan.steps[1:])
    more = f", then {steps} % every {plans.lasts(plan.every_s)}" if steps else ""
    return f"{candidate} answers {plan.share(0):g} % beside {stable}{more}"


def _servers(here: Here, model: str, alias: str, registry: str, switched: Switched) -> list[str]:
    if not switched.of:
        name = f"{registry}::{model}" if registry else model
        typed = promotion.typed(here, "serve", f"{name}@{alias}", "--follow")
        return [f"  no server follows {alias} yet: {typed}"]
    return [f"  {switched.told}{f'; {switched.why}' if switched.why else ''}"]


def _typed(here: Here, verb: str, model: str, alias: str, registry: str) -> str:
    words = [model, *([alias] if alias != PRODUCTION else [])]
    return promotion.typed(here, verb, *words, *(["--registry", registry] if registry else []))


def _named(asked: Asked) -> tuple[str, str, str]:
    model, registry = promotion.split(asked.model_name, asked.registry)
    return model, registry, asked.alias or PRODUCTION


def _under_way(there: Rollouts, model: str, alias: str) -> Rollout:
    found = there.standing(model, alias).rollout
    if found is None or not found.active:
        raise NotFound(
            f"Nothing is being rolled out to {alias} of {model}",
            act="See", hint=Hint("deploy", (model, "--status")), kind="no-rollout",
        )  # fmt: skip
    return found
