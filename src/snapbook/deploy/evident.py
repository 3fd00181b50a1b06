"""What a rule saw that took a version back by itself, as lines that people read.

The figures are those that the server kept beside the end of the rollout, the rules those of its
plan. It is another program's word: what is of another shape says less.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from snapbook import canonical
from snapbook.catalog.rows import VersionRow
from snapbook.deploy import rollout as rollouts
from snapbook.deploy.rollout import ABORTED, Rollout
from snapbook.errors import Damaged, NotFound
from snapbook.promote import moving
from snapbook.refs import number_text
from snapbook.repository import Repository
from snapbook.watch import rules
from snapbook.watch.rules import Found

_COUNTED = {"requests": "requests", "rows": "rows", "labels": "outcomes"}
_MOST = 5
_LONGEST = 200


def of(repository: Repository, model: str, alias: str) -> tuple[str, ...]:
    """The lines for the newest rollout to ``alias``; none where no rule ended it."""
    found = rollouts.of(repository, repository.known_model(model), alias)
    return () if found is None else told(repository, model, found)


def told(repository: Repository, model: str, rollout: Rollout) -> tuple[str, ...]:
    """The lines for ``rollout``."""
    if rollout.state != ABORTED or not rollout.itself or not rollout.evidence:
        return ()
    try:
        seen = canonical.decode(repository.store.get(rollout.evidence))
    except (NotFound, Damaged, ValueError):
        return ("What was seen cannot be read.",)
    names = [_name(repository, model, at) for at in (rollout.old, rollout.manifest)]
    return lines(rollout, _mapping(seen), *names)


def wrong(repository: Repository, version: VersionRow) -> tuple[tuple[str, str, list[Any]], ...]:
    """The parts of the rows in which ``version`` was wrong when a rule took it back, newest first:
    to which alias it was rolled out, when it ended, and the parts as they were measured.
    """
    found = []
    for ruling in repository.known.rulings(version.model, rollouts.TYPE, most=-1):
        if (ruling.word, ruling.manifest) != (rollouts.ABORT, version.manifest) or not ruling.kept:
            continue
        try:
            seen = canonical.decode(repository.store.get(ruling.kept))
        except (NotFound, Damaged, ValueError):
            continue
        parts = _mapping(_mapping(seen).get("candidate")).get("segments")
        if isinstance(parts, list) and parts:
            found.append((ruling.alias, ruling.time, parts))
    return tuple(found)


def lines(
    rollout: Rollout, seen: Mapping[str, Any], stable: str, candidate: str
) -> tuple[str, ...]:
    """What was ``seen`` of both versions, which are called ``stable`` and ``candidate``."""
    theirs, ours = _mapping(seen.get("candidate")), _mapping(seen.get("stable"))
    found = [(rules.judge(rule, theirs, ours), rule) for rule in rollout.plan.rules]
    out: list[str] = []
    for one, rule in found:
        if one.fires:
            beside = _beside(one, ours)
            other = "" if beside is None else f"; {stable} had {_figure(rule.metric, beside)}"
            where = f" in {_line(one.column)}" if one.column else ""
            said = f"{rule.text}: {candidate} had {_figure(rule.metric, one.value)}{where}{other}"
            out.append(f"{said}{_limit(one)}")
            out += _more(rule.metric, theirs)
    out += _window(theirs, candidate)
    out += _others([one for one, _ in found])
    if front := seen.get("front"):
        out.append(f"seen by the server {_line(front)}")
    return tuple(out)


def _beside(found: Found, stable: Mapping[str, Any]) -> float | None:
    """The same figure of stable: of drift that in the same column."""
    if found.rule.metric == "drift":
        value = _mapping(stable.get("drift")).get(found.column)
        return float(value) if _is_number(value) else None
    return rules.judge(found.rule, stable, stable).value


def _limit(found: Found) -> str:
    """What was allowed, where that is a figure of stable's and not the rule's own."""
    if not found.rule.against:
        return ""
    return f"; allowed was {_figure(found.rule.metric, found.limit)}"


def _more(metric: str, seen: Mapping[str, Any]) -> Iterator[str]:
    """The columns that drifted, the parts of the rows that were wrong."""
    if metric == "drift":
        drift = {
            _line(name): value
            for name, value in _mapping(seen.get("drift")).items()
            if _is_number(value)
        }
        if len(drift) > 1:
            ranked = sorted(drift.items(), key=lambda one: -one[1])
            shown = ", ".join(f"{name} {value:.3g}" for name, value in ranked[:_MOST])
            more = f" and {len(ranked) - _MOST} more" if len(ranked) > _MOST else ""
            yield f"drift by column: {shown}{more}"
    listed = seen.get("segments") if metric == "segments" else None
    for part in listed[:_MOST] if isinstance(listed, list) else ():
        yield _part(_mapping(part))


def _part(part: Mapping[str, Any]) -> str:
    """One part of the rows: "category = toys: 20 % too high in 228 rows; all others 0.3 %"."""
    rest = _mapping(part.get("rest"))
    rows = part.get("rows")
    where = f"{_line(part.get('column'))} = {_line(part.get('value'))}"
    count = f" in {rows:,.0f} rows" if _is_number(rows) else ""
    bias, other = part.get("bias"), rest.get("bias")
    if _is_number(bias):
        way = "high" if bias > 0 else "low"
        beside = f"; all others {round(other, 3) + 0.0:+.1%}" if _is_number(other) else ""
        return f"{where}: {abs(bias):.1%} too {way}{count}{beside}"
    right, others = part.get("accuracy"), rest.get("accuracy")
    told = f"accuracy {_figure('accuracy', right)}" if _is_number(right) else "wrong"
    beside = f"; all others {_figure('accuracy', others)}" if _is_number(others) else ""
    return f"{where}: {told}{count}{beside}"


def _window(seen: Mapping[str, Any], candidate: str) -> Iterator[str]:
    """How far back the figures reach, and on how much they rest."""
    seconds = seen.get("seconds")
    if not _is_number(seconds):
        return
    counts = [
        f"{seen[key]:,.0f} {noun}"
        for key, noun in _COUNTED.items()
        if _is_number(seen.get(key)) and seen[key]
    ]
    yield (
        f"within {seconds:.3g} s: {', '.join(counts)} of {candidate}"
        if counts
        else (f"within {seconds:.3g} s")
    )


def _others(found: list[Found]) -> Iterator[str]:
    """The rules that did not fire, and those of which nothing was known."""
    held = [
        f"{one.rule.text} ({_figure(one.rule.metric, one.value)})"
        for one in found
        if one.fires is False
    ]
    unknown = [f"{one.rule.text} ({_line(one.why)})" for one in found if one.fires is None]
    if held:
        yield f"held: {', '.join(held)}"
    if unknown:
        yield f"not known: {', '.join(unknown)}"


def _figure(metric: str, value: float | None) -> str:
    return "nothing" if value is None else rules.figure(metric, value)


def _name(repository: Repository, model: str, manifest: str) -> str:
    row = moving.row_of(repository, repository.known_model(model), manifest)
    return number_text(row.number) if row is not None else manifest[:8]


def _line(value: object) -> str:
    text = value[:_LONGEST] if isinstance(value, str) else ""
    return "".join(char if char.isprintable() else " " for char in text)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
