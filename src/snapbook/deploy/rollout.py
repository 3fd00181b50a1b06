"""A rollout as it stands: what the events of the chain add up to.

Pure but for `of`, which reads the chain. There is no leader and nothing else is kept: whoever folds
the same events sees the same rollout, before a restart and after it. The newest beginning counts;
what does not fit where things stood by then changes nothing. A rollout has come to its end when the
alias moved, whoever moved it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from snapbook import events
from snapbook.deploy import plan as plans
from snapbook.deploy.plan import SHADOW, Plan
from snapbook.errors import Damaged
from snapbook.events import Event
from snapbook.repository import Repository

TYPE = "rollout"
_DIGEST = re.compile(r"[0-9a-f]{64}")
BEGIN, STEP, PAUSE, RESUME, ABORT = "begin", "step", "pause", "resume", "abort"
DRILL, DRILLED, MOVED = "drill", "drilled", "moved"
RUNNING, PAUSED, ABORTED, DONE, OVERTAKEN = "running", "paused", "aborted", "done", "overtaken"


@dataclass(frozen=True, slots=True)
class Happened:
    """One event about an alias: ``way`` is one of the above; ``manifest`` the version that it is
    about, or where the alias moved to. ``body`` is the event's own.
    """

    n: int
    time: str
    author: str
    way: str
    manifest: str
    body: Mapping[str, Any]
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Rollout:
    """One rollout. ``n`` is the place of the event that began it, and its name; ``last`` that of
    the newest event that counted.

    ``manifest`` is to take the place of ``old``. ``since`` is when the present step began, or went
    on after a pause. ``salt`` decides who is answered by which version. ``why``, ``evidence`` (a
    digest), ``ended`` and ``ender`` tell of its end; ``itself`` where a rule ended it.
    """

    n: int
    last: int
    alias: str
    manifest: str
    old: str
    plan: Plan
    author: str
    begun: str
    since: str
    salt: str
    step: int = 0
    state: str = RUNNING
    why: str = ""
    evidence: str = ""
    ended: str = ""
    ender: str = ""
    itself: bool = False

    @property
    def active(self) -> bool:
        """Whether it goes on, or can."""
        return self.state in (RUNNING, PAUSED)

    @property
    def share(self) -> float:
        """The percent of the requests that the candidate answers now."""
        return self.plan.share(self.step) if self.active else 0.0

    @property
    def shadow(self) -> bool:
        """Whether the candidate is asked and its answers are only compared."""
        return self.active and self.plan.mode == SHADOW

    def due(self, now: datetime) -> bool:
        """Whether the next step is to be taken by then."""
        return self.state == RUNNING and self.plan.ends and self.left_s(now) <= 0

    def left_s(self, now: datetime) -> float:
        """How long the present step still lasts."""
        return self.plan.every_s - (now - events.parse_time(self.since)).total_seconds()

    def after(self, seconds: float) -> datetime:
        """The time when the present step has lasted so long, by the clock of who wrote it."""
        return events.parse_time(self.since) + timedelta(seconds=seconds)

    @property
    def following(self) -> int | None:
        """The step after this one that is not the end; None where that is next."""
        after = self.step + 1
        more = after < len(self.plan.steps) and self.plan.steps[after] < 100
        return after if more else None


def fold(happened: Iterable[Happened]) -> Rollout | None:
    """What ``happened``, oldest first, adds up to; None where nothing was begun."""
    found: Rollout | None = None
    for one in happened:
        if one.way == BEGIN:
            found = _begun(one)
        elif found is not None and found.active:
            found = _after(found, one)
    return found


def of(repository: Repository, model: str, alias: str) -> Rollout | None:
    """The newest rollout for ``alias`` of ``model``, as of the last `follow`."""
    return fold(happenings(repository, model, alias))


def happenings(repository: Repository, model: str, alias: str) -> list[Happened]:
    """The events since the newest rollout for ``alias`` began, oldest first."""
    places: list[int] = []
    for ruling in repository.known.rulings(model, TYPE, most=-1):
        if ruling.alias.lower() == alias.lower():
            places.append(ruling.n)
            if ruling.word == BEGIN:
                break
    else:
        return []
    moves = [move.n for move in repository.known.moves(model, alias) if move.n > places[-1]]
    found = (repository.catalog.event(n) for n in sorted((*places, *moves)))
    return [told for event in found if event is not None and (told := read(event)) is not None]


def read(event: Event) -> Happened | None:
    """What an event is to a rollout; None for what is nothing to one."""
    body: Mapping[str, Any] = event.body
    way = MOVED if event.type == "alias" else str(body.get("way"))
    if event.type not in ("alias", TYPE):
        return None
    manifest = str(body.get("new" if way == MOVED else "manifest") or "")
    return Happened(event.n, event.time, event.author, way, manifest, body, event.digest)


def _begun(one: Happened) -> Rollout | None:
    old = one.body.get("old")
    try:
        plan = plans.of_json(one.body.get("plan"))
    except Damaged:
        return None
    if not isinstance(old, str) or _DIGEST.fullmatch(old) is None:
        return None
    return Rollout(
        n=one.n, last=one.n, alias=str(one.body.get("alias")), manifest=one.manifest,
        old=old, plan=plan, author=one.author, begun=one.time,
        since=one.time, salt=one.digest[:16],
    )  # fmt: skip


def _after(now: Rollout, one: Happened) -> Rollout:
    """``now``, and then ``one``: the same where that does not fit."""
    if one.way == MOVED:
        state = DONE if one.manifest == now.manifest else OVERTAKEN
        return _ended(now, one, state)
    if one.manifest != now.manifest:
        return now
    if one.way == ABORT:
        return _ended(now, one, ABORTED)
    if one.way == STEP and one.body.get("step") == now.following:
        return replace(now, last=one.n, step=now.step + 1, since=one.time, state=RUNNING)
    if one.way == PAUSE and now.state == RUNNING:
        return replace(now, last=one.n, state=PAUSED)
    if one.way == RESUME and now.state == PAUSED:
        return replace(now, last=one.n, state=RUNNING, since=one.time)
    return now


def _ended(now: Rollout, one: Happened, state: str) -> Rollout:
    return replace(
        now, last=one.n, state=state, ended=one.time, ender=one.author,
        why=str(one.body.get("why") or ""), evidence=str(one.body.get("evidence") or ""),
        itself=one.body.get("itself") is True,
    )  # fmt: skip
