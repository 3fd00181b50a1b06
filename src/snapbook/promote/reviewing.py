"""Looking at an alias of a model: what stands there, what might, what is missing for it, and what
stood there at any time. Changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from snapbook.catalog.rows import VersionRow
from snapbook.errors import Damaged, NotFound
from snapbook.promote import judging, opinions, policies
from snapbook.promote.records import Review, Stay
from snapbook.refs import check_alias
from snapbook.repository import Repository
from snapbook.repository.reading import compared

if TYPE_CHECKING:
    from snapbook.parts.base import Change

_MOST_CHANGES = 12
_MOST_STAYS = 200


def review(
    repository: Repository, model: str, alias: str, candidate: VersionRow | None = None
) -> Review:
    """``alias`` of ``model`` now. Without a ``candidate`` the version is looked at that was asked
    for last, else the newest one; none where that stands there already.
    """
    check_alias(alias)
    index = repository.index
    held = index.aliases(model)
    at = next((held[name] for name in held if name.lower() == alias.lower()), "")
    live = _living(repository, model, at)
    if candidate is None:
        asked = opinions.requested(repository, model, alias)
        candidate = _living(repository, model, asked) or index.newest(model)
    policy, _ = policies.in_force(repository, model)
    rule = policy.rule(alias)
    compared = judging.benchmarks(repository, rule, model)
    stays = history(repository, model, alias)[:_MOST_STAYS]
    places = len(index.rulings(model, "policy"))
    if candidate is None or candidate.manifest == at:
        return Review(
            model, alias, live, None, (), (), (), rule.approvals, (), stays, places, compared
        )
    found = judging.judged(repository, rule, candidate, alias, live, compared)
    said = opinions.said(repository, candidate, alias, rule)
    lacking = judging.missing(rule, found, said)
    changes = _changes(repository, live, candidate)
    return Review(
        model, alias, live, candidate, changes, found, said, rule.approvals, lacking, stays, places,
        compared,
    )  # fmt: skip


def history(repository: Repository, model: str, alias: str) -> tuple[Stay, ...]:
    """Where ``alias`` pointed, newest first: every move is one stay."""
    index = repository.index
    why = {ruling.n: ruling for ruling in index.rulings(model, "alias")}
    found = []
    until = ""
    for move in index.moves(model, alias):
        rows = index.of_manifest(move.new, model) if move.new else []
        ruling = why.get(move.n)
        found.append(
            Stay(
                rows[0].ref if rows else "",
                move.new,
                move.time,
                until,
                move.author,
                ruling.word if ruling is not None else "",
                ruling.text if ruling is not None else "",
            )
        )
        until = move.time
    return tuple(found)


def at(stays: Sequence[Stay], time: str) -> Stay | None:
    """The stay that was at ``time`` (UTC, as events write it); None where nothing was there."""
    stay = next((stay for stay in stays if stay.since <= time), None)
    return stay if stay is not None and stay.manifest else None


def is_doubtful(stays: Sequence[Stay], time: str) -> bool:
    """Whether what was there at ``time`` cannot be told, since a clock went back around then.

    The chain says in which order an alias moved, and the clocks when. Where two moves are the other
    way round by their times, one of both times is wrong: so it is open from the move before them to
    the one after.
    """
    times = [stay.since for stay in reversed(stays)]
    return any(
        min(times[max(at - 2, 0)], times[at]) <= time < max(times[at - 1], *times[at + 1 : at + 2])
        for at in range(1, len(times))
        if times[at] < times[at - 1]
    )


def _living(repository: Repository, model: str, manifest: str) -> VersionRow | None:
    rows = repository.index.of_manifest(manifest, model) if manifest else []
    return next((row for row in rows if not row.deleted), None)


def _changes(
    repository: Repository, live: VersionRow | None, candidate: VersionRow
) -> tuple[str, ...]:
    if live is None:
        return ()
    try:
        old, new = repository.parts(live.manifest), repository.parts(candidate.manifest)
        # Rows that are stored are not read for it: they may be gigabytes.
        changes = compared(old, new, repository.store.get, deep=False).changes
    except (NotFound, Damaged):
        return ("they cannot be compared: something of them cannot be read",)
    lines = [_line(change) for change in changes]
    more = [f"and {len(lines) - _MOST_CHANGES} more"] if len(lines) > _MOST_CHANGES else []
    return (*lines[:_MOST_CHANGES], *more)


def _line(change: Change) -> str:
    words = {True: " better", False: " worse", None: ""}[change.better]
    # Of a cell these are its numbers in the two logs.
    told = change.what == "changed" and change.section != "code"
    if told and all(map(_is_short, (change.old, change.new))):
        return f"{change.name} {_short(change.old)} -> {_short(change.new)}{words}"
    if change.section == "data" and change.lines:
        return f"{change.name} {change.lines[0]}"
    return f"{change.name} {change.what}"


def _is_short(value: object) -> bool:
    return isinstance(value, str | int | float | bool)


def _short(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else text[:37] + "..."
