"""How a deployment stands, as lines: the state, the rules beside both versions, the servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from snapbook.verbs.reviewing import columns
from snapbook.verbs.times import local
from snapbook.watch.rules import figure


def lines(told: Mapping[str, Any]) -> Iterator[str]:
    """What `deploy --status` says to people."""
    yield told["sentence"]
    rollout = told["rollout"]
    if rollout is not None:
        yield from (f"  {line}" for line in rollout["seen"])
    if rollout is not None and rollout["state"] in ("running", "paused"):
        yield from _way(rollout)
    yield from _rules(told)
    if told["ab"] is not None:
        yield f"  outcomes: {_compared(told['ab'])}"
    if told["shadow"] is not None:
        one = told["shadow"]
        yield (
            f"  shadow: {one['compared']} answers compared, {one['differ']} differ,"
            f" {one['dropped']} not asked"
        )
    for front in told["fronts"]:
        share = f", {front['share']:g} % to the candidate" if front["share"] else ""
        why = f"; {front['why']}" if front["why"] else ""
        yield f"  server {front['url'] or front['host']}: {front['answers']}{share}{why}"
    if not told["fronts"]:
        yield f"  no server follows {told['alias']}"
    if (drill := told["drill"]) is not None and drill["seconds"] is not None:
        seconds = f"{drill['seconds'] * 1000:.1f} ms"
        yield f"  the way back to {drill['to']} was rehearsed {local(drill['time'])}: {seconds}"
    if told["back"] is not None:
        yield f"  a rollback leads to {told['back']['ref']}"


def _compared(ab: Mapping[str, Any]) -> str:
    """Both sides' figures beside what they mean; where too few came, what is missing."""
    if ab["significant"] is None:
        return f"n/a: {ab['why']}"
    stable, candidate = (
        f"{figure(ab['metric'], ab[side]['value'])} of {ab[side]['labels']:,}"
        for side in ("stable", "candidate")
    )
    return f"{ab['metric']} {stable} -> {candidate}: {ab['why']}"


def _way(rollout: Mapping[str, Any]) -> Iterator[str]:
    steps = " ".join(
        f"[{step:g}]" if at + 1 == rollout["step"] else f"{step:g}"
        for at, step in enumerate(rollout["steps"])
    )
    if rollout["mode"] == "canary":
        left = rollout["next_s"]
        later = f"  next in {_lasts(left)}" if left is not None else ""
        yield f"  {steps} %{later}"
    if rollout["waits"]:
        yield f"  it waits: {rollout['waits']}"


def _rules(told: Mapping[str, Any]) -> Iterator[str]:
    rules, rollout = told["rules"], told["rollout"]
    if not rules:
        return
    stable, candidate = (
        rollout[side]["ref"].rpartition(":")[2] for side in ("stable", "candidate")
    )
    table = [["", stable, candidate, "back at", ""]]
    for rule in rules:
        metric = rule["metric"]
        values = [_shown(metric, rule[key]) for key in ("stable", "candidate", "limit")]
        why = f"n/a: {rule['why']}" if rule["state"] == "n/a" else ""
        table.append([metric, *values, why])
    yield from (f"  {line}" for line in columns(table))


def _shown(metric: str, value: float | None) -> str:
    return "–" if value is None else figure(metric, value)


def _lasts(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
