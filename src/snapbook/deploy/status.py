"""How a deployment stands, for people and programs: one table of data, and the sentence over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from snapbook import events
from snapbook.canonical import Json
from snapbook.catalog.rows import VersionRow
from snapbook.deploy.compared import compared
from snapbook.deploy.desk import Rollouts
from snapbook.deploy.fronts import Told
from snapbook.deploy.plan import AB, SHADOW
from snapbook.deploy.rollout import ABORTED, DONE, PAUSED, RUNNING, Rollout
from snapbook.deploy.standing import Standing

_FRONT = ("id", "host", "pid", "url", "answers", "share", "at", "why", "workers")


def status(rollouts: Rollouts, model: str, alias: str) -> dict[str, Json]:
    """All of it. Raises NotFound for a model that is not there."""
    standing = rollouts.standing(model, alias)
    servers = rollouts.fronts(standing.model, standing.alias)
    found = standing.rollout
    ended = found is not None and found.itself
    seen = rollouts.seen(standing.model, standing.alias) if ended else ()
    return told(standing, servers, datetime.now(UTC), seen)


def told(
    standing: Standing, fronts: Sequence[Told], now: datetime, seen: Sequence[str] = ()
) -> dict[str, Json]:
    """How things stand, with what the servers say of themselves, and what a rule saw that ended
    the rollout.
    """
    rollout = standing.rollout
    about = [one for one in fronts if rollout is not None and one.get("rollout") == rollout.n]
    active = rollout if rollout is not None and rollout.active else None
    return {
        "model": standing.model,
        "alias": standing.alias,
        "sentence": sentence(standing),
        "live": _row(standing.live),
        "back": _row(standing.back),
        "rollout": None if rollout is None else _rollout(standing, rollout, about, now, seen),
        "rules": _rules(active, about) if active else [],
        "ab": _compared(about) if active and active.plan.mode == AB else None,
        "shadow": _shadowed(about) if active and active.shadow else None,
        "fronts": [{key: one.get(key) for key in _FRONT} for one in fronts],
        "drill": _drill(standing),
        "history": [
            {
                "ref": stay.ref, "since": stay.since, "until": stay.until, "author": stay.author,
                "way": stay.way, "text": stay.text,
            }
            for stay in standing.history
        ],
    }  # fmt: skip


def sentence(standing: Standing) -> str:
    """The state in one sentence."""
    rollout, live = standing.rollout, standing.live
    if rollout is not None and rollout.active:
        ref, plan = standing.ref(rollout.manifest), rollout.plan
        said = f"Canary {ref} at {rollout.share:g} %, step {rollout.step + 1} of {len(plan.steps)}"
        if plan.mode == AB:
            said = f"{ref} beside {standing.ref(rollout.old)} at {rollout.share:g} %"
        elif plan.mode == SHADOW:
            said = f"{ref} in the shadow of {standing.ref(rollout.old)}"
        return f"{said}, paused" if rollout.state == PAUSED else said
    if live is None:
        return f"{standing.alias.capitalize()} points at nothing"
    said = f"{standing.alias.capitalize()} is {live.ref}"
    if rollout is not None and rollout.state == ABORTED and rollout.old == live.manifest:
        ref = standing.ref(rollout.manifest)
        if rollout.itself:
            return f"{said}; {ref} was taken back by itself: {rollout.why}"
        return f"{said}; {ref} was taken back"
    return said


def _rollout(
    standing: Standing,
    rollout: Rollout,
    about: Sequence[Told],
    now: datetime,
    seen: Sequence[str],
) -> dict[str, Json]:
    plan = rollout.plan
    ticks = rollout.state == RUNNING and plan.ends
    told_s = standing.lasted_s
    left_s = rollout.left_s(now) if told_s is None else plan.every_s - told_s
    waits = next((str(one["waits"]) for one in about if one.get("waits")), "")
    step = len(plan.steps) if rollout.state == DONE else rollout.step + 1
    return {
        "n": rollout.n,
        "state": rollout.state,
        "mode": plan.mode,
        "candidate": _named(standing, rollout.manifest),
        "stable": _named(standing, rollout.old),
        "step": step,
        "of": len(plan.steps),
        "steps": plan.json()["steps"],
        "share": rollout.share if rollout.active else (100.0 if rollout.state == DONE else 0.0),
        "every_s": plan.every_s,
        "window_s": plan.window_s,
        "rules": str(plan.json()["rules"]),
        "begun": rollout.begun,
        "author": rollout.author,
        "since": rollout.since,
        "next_at": events.time_text(rollout.after(plan.every_s)) if ticks else None,
        "next_s": max(0.0, left_s) if ticks else None,
        "ended": rollout.ended,
        "ender": rollout.ender,
        "itself": rollout.itself,
        "why": rollout.why,
        "evidence": rollout.evidence,
        "seen": list(seen),
        "waits": waits if rollout.active else "",
    }


def _rules(rollout: Rollout, about: Sequence[Told]) -> list[Json]:
    """Each rule as the server sees it that is nearest to firing, and the nearest rule first."""
    found: list[Mapping[str, Any]] = []
    for rule in rollout.plan.rules:
        seen = [
            one for front in about for one in _list(front, "rules") if one.get("text") == rule.text
        ]
        known = [one for one in seen if one.get("near") is not None]
        if known:
            found.append(max(known, key=lambda one: float(one["near"])))
        elif seen:
            found.append(seen[0])
        else:
            found.append(
                {
                    "text": rule.text, "metric": rule.metric, "state": "n/a",
                    "why": "no server serves it", "candidate": None, "stable": None,
                    "limit": None, "near": None,
                }
            )  # fmt: skip
    found.sort(key=lambda one: -1.0 if one["near"] is None else float(one["near"]), reverse=True)
    return [dict(one) for one in found]


def _compared(about: Sequence[Told]) -> dict[str, Json]:
    told = [one["outcomes"] for one in about if isinstance(one.get("outcomes"), Mapping)]
    return compared(told)


def _shadowed(about: Sequence[Told]) -> dict[str, Json]:
    """The copies of all servers together."""
    total = {"compared": 0, "differ": 0, "dropped": 0}
    for front in about:
        counts = front.get("shadowed")
        for key in total:
            count = counts.get(key) if isinstance(counts, Mapping) else None
            total[key] += count if isinstance(count, int) else 0
    return dict(total)


def _drill(standing: Standing) -> Json:
    drill = standing.drill
    if drill is None:
        return None
    whys = [why for _, _, why in drill.told if why]
    took = [seconds for _, seconds, why in drill.told if not why]
    return {
        "time": drill.time,
        "to": standing.ref(drill.to),
        "seconds": max(took) if took else None,
        "fronts": len(drill.told),
        "why": "; ".join(whys),
    }


def _list(front: Told, key: str) -> list[Mapping[str, Any]]:
    value = front.get(key)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _row(row: VersionRow | None) -> Json:
    return None if row is None else {"ref": row.ref, "manifest": row.manifest}


def _named(standing: Standing, manifest: str) -> Json:
    return {"ref": standing.ref(manifest), "manifest": manifest}
