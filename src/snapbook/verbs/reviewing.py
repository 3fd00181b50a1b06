"""review: an alias of a model, what may take its place and what is missing; what was live when."""

from __future__ import annotations

from dataclasses import asdict
from itertools import zip_longest
from typing import TYPE_CHECKING

from snapbook.promote import reviewing
from snapbook.promote.moving import PRODUCTION
from snapbook.refs import number_text
from snapbook.verbs import look
from snapbook.verbs.here import Here
from snapbook.verbs.promotion import data_of, desk, split, typed, verdicts
from snapbook.verbs.times import lasted, local, moment
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.promote.records import Review, Said, Stay
    from snapbook.verbs.table import Asked

_HISTORY = 5
_METRICS = 12
_ROWS = 30
_DID = {"request": "asked for it", "approve": "approved", "reject": "rejected"}


def review(here: Here, asked: Asked) -> Done:
    """An alias as it stands, and the version that may take its place."""
    ref, registry = split(asked.ref or look.default_ref(here, here.repository()), asked.registry)
    time = moment(asked.at) if asked.at else ""
    with desk(here, registry, acts=False) as there:
        found = there.review(ref, asked.alias or PRODUCTION)
    if time:
        return _at(found, time)
    lines = [f"{found.model}  {found.alias}", *_places(found), *_side_by_side(found)]
    if found.candidate is not None:
        lines += [
            f"{'changes' if not at else '':<11}{line}" for at, line in enumerate(found.changes)
        ]
        lines += ["gates", *verdicts(found.judged, "warns")] if found.judged else []
        lines += _measured(found)
        lines += [
            f"{'said' if not at else '':<11}{_said(one)}" for at, one in enumerate(found.said)
        ]
        lines += _next(here, found, registry)
    stays = found.history[:_HISTORY]
    lines += [f"{'history' if not at else '':<11}{_stay(stay)}" for at, stay in enumerate(stays)]
    if more := len(found.history) - len(stays):
        lines.append(f"{'':<11}and {more} before")
    return Done(tuple(lines), _data(found))


def _at(found: Review, time: str) -> Done:
    """What the alias pointed at then."""
    stay = reviewing.at(found.history, time)
    when = f"{found.alias} of {found.model} at {local(time)}"
    data: dict[str, Json] = {"model": found.model, "alias": found.alias, "at": time}
    doubt = reviewing.is_doubtful(found.history, time)
    data["doubtful"] = doubt
    more = ("a clock was wrong around then: it moved in another order than its times say",) * doubt
    if stay is None:
        return Done((f"{when}: nothing", *more), {**data, "ref": None, "manifest": None})
    until = local(stay.until) if stay.until else "now"
    line = f"{when}: {stay.ref} (from {local(stay.since)} to {until}, by {stay.author})"
    return Done((line, *more), {**data, "ref": stay.ref, "manifest": stay.manifest, **_told(stay)})


def _places(found: Review) -> list[str]:
    live, candidate = found.live, found.candidate
    lines = []
    if live is not None:
        since = found.history[0]
        lines.append(
            f"{'live':<11}{live.ref}  {_metrics(live)}since {local(since.since)}"
            f" ({lasted(since.since)}), by {since.author}"
        )
    else:
        lines.append(f"{'live':<11}nothing")
    if candidate is not None:
        lines.append(
            f"{'candidate':<11}{candidate.ref}  {_metrics(candidate)}made"
            f" {local(candidate.time)} by {candidate.author}"
        )
    elif live is not None:
        lines.append(f"{'candidate':<11}none: {number_text(live.number)} is the newest")
    return lines


def _side_by_side(found: Review) -> list[str]:
    """Metrics of what is live, of the candidate and of each benchmark, where there are some."""
    if not found.benchmarks:
        return []
    rows = {
        **({"live": found.live} if found.live is not None else {}),
        **({"candidate": found.candidate} if found.candidate is not None else {}),
        **found.benchmarks,
    }
    names = dict.fromkeys(name for row in rows.values() for name in row.metrics)
    table = [["metrics", *(f"{name} {number_text(row.number)}" for name, row in rows.items())]]
    for name in list(names)[:_METRICS]:
        values = [row.metrics.get(name) for row in rows.values()]
        table.append([name, *("" if one is None else _short(one.value) for one in values)])
    return columns(table)


def _measured(found: Review) -> list[str]:
    """What gates measured, as the tables that they gave."""
    lines = []
    for one in found.judged:
        table = one.verdict.facts.get("table")
        if isinstance(table, list) and all(isinstance(row, list) for row in table):
            lines.append(one.verdict.name)
            lines += [f"  {line}" for line in columns(table[:_ROWS])]
    return lines


def columns(table: Sequence[Sequence[object]]) -> list[str]:
    """Rows of a table as lines, column under column."""
    rows = [[str(value)[:60] for value in row] for row in table]
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    return [
        "  ".join(value.ljust(width) for value, width in zip(row, widths, strict=False)).rstrip()
        for row in rows
    ]


def _metrics(row: VersionRow) -> str:
    found = [f"{name} {_short(metric.value)}" for name, metric in list(row.metrics.items())[:3]]
    return ", ".join(found) + "  " if found else ""


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _said(one: Said) -> str:
    why = f" (does not count: {one.counts})" if one.counts else ""
    text = f': "{one.text}"' if one.text else ""
    signed = ", signed" if one.signed else ""
    return f"{one.author} {_DID.get(one.word, one.word)} {local(one.time)}{signed}{text}{why}"


def _next(here: Here, found: Review, registry: str) -> list[str]:
    assert found.candidate is not None
    where = ("--registry", registry) if registry else ()
    if found.missing:
        return [f"{'missing':<11}{'; '.join(found.missing)}"]
    act = typed(here, "promote", found.candidate.ref, found.alias, *where)
    return [f"{'next':<11}{act}"]


def _stay(stay: Stay) -> str:
    until = local(stay.until) if stay.until else "now"
    way = {"rollback": "rolled back"}.get(stay.way, "")
    said = ", ".join(word for word in (f"by {stay.author}", way, stay.text) if word)
    return f"{local(stay.since)} to {until}  {stay.ref or 'nothing'}  {said}"


def _told(stay: Stay) -> dict[str, Json]:
    return {"since": stay.since, "until": stay.until, "author": stay.author, "way": stay.way}


def _row(row: VersionRow | None) -> Json:
    """A version as lists tell it: whoever draws a review has its metrics, author and words."""
    return None if row is None else {"ref": row.ref, **asdict(row)}


def _data(found: Review) -> dict[str, Json]:
    said: Sequence[Json] = [
        {
            "said": one.word, "author": one.author, "time": one.time, "text": one.text,
            "counts": not one.counts, "why": one.counts, "signed": one.signed,
        }
        for one in found.said
    ]  # fmt: skip
    return {
        "model": found.model,
        "alias": found.alias,
        "live": _row(found.live),
        "candidate": _row(found.candidate),
        "changes": list(found.changes),
        "gates": data_of(found.judged),
        "benchmarks": {name: _row(row) for name, row in found.benchmarks.items()},
        "said": list(said),
        "approvals_needed": found.needed,
        "missing": list(found.missing),
        "policy": found.policy,
        "history": [
            {"ref": stay.ref, "manifest": stay.manifest, "text": stay.text, **_told(stay)}
            for stay in found.history
        ],
        "may": asdict(found.may),
    }
