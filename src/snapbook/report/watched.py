"""What a served version met, as a report: drift, errors, parts that are wrong, latency, volume.

Made of what `watch.window` measured. How it looks stands in watchpage.py.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from snapbook.report.told import Bars, Block, Charts, Facts, Line, Report, Section, Table, Text
from snapbook.watch import quality
from snapbook.watch.answers import matched
from snapbook.watch.quality import Part
from snapbook.watch.rules import Found
from snapbook.watch.shares import Moved
from snapbook.watch.window import Measured, Met

if TYPE_CHECKING:
    from snapbook.watch.answers import Told

_DRAWN = 9
_LISTED = 100
_PARTS = 40
_STEPS = 40
_MARKS = {"drifted": "bad", "wrong": "bad", "fires": "bad", "quiet": "good"}


def report(ref: str, met: Met, found: Measured, kind: str, rules: Sequence[Found] = ()) -> Report:
    """The whole report of the version ``ref``, which answers ``kind``."""
    said = found.said
    sections = [Section("At a glance", _glance(said, kind))]
    if rules:
        sections.append(Section("Rules", [_rules(rules)]))
    sections.append(Section("How right it is", _right(met, found, kind)))
    sections.append(
        Section("Drift of the inputs (grey: training, blue: now)", _drift(said, found.moved))
    )
    sections.append(Section("Predictions and outcomes", _answers(found)))
    sections.append(Section("Requests", _requests(met, said)))
    return Report(
        f"Watch: {ref}",
        _span(met),
        time.strftime("%Y-%m-%d %H:%M", time.gmtime()) + " UTC",
        sections,
    )


def _glance(said: Mapping[str, Any], kind: str) -> list[Block]:
    why = said["why"]
    drifted = said.get("drifted")
    drift = f"n/a: {why['drift']}" if "drift" in why else (
        f"{len(drifted)} of {len(said['drift'])} columns: {', '.join(drifted[:6])}" if drifted
        else f"none of {len(said['drift'])} columns"
    )  # fmt: skip
    rows: list[tuple[str, object]] = [
        ("requests", said["requests"]),
        ("rows that were kept", said["rows"]),
        ("errors", _figure(said, "error_rate", "error_rate")),
        ("p50, p99", f"{_figure(said, 'p50_ms', 'p50')}, {_figure(said, 'p99_ms', 'p99')} ms"
         if "p99_ms" in said else f"n/a: {why.get('p99', '')}"),
        ("columns that drifted", drift),
        ("drift of predictions", _figure(said, "prediction_drift", "prediction_drift")),
        ("outcomes that are known", said.get("labels", 0)),
    ]  # fmt: skip
    names = ("accuracy",) if kind == "labels" else ("rmse", "mae", "bias")
    rows += [(name, _figure(said, name, name)) for name in names]
    if said.get("unmatched"):
        rows.append(("outcomes of no row that was kept", said["unmatched"]))
    if said.get("lost"):
        rows.append(("rows that were lost", said["lost"]))
    return [Facts(rows)]


def _figure(said: Mapping[str, Any], key: str, name: str) -> object:
    if key in said:
        if name in ("error_rate", "accuracy", "bias"):
            return f"{said[key] * 100:.4g} %"
        return said[key]
    return f"n/a: {said['why'].get(name, 'not asked for')}"


def _rules(rules: Sequence[Found]) -> Table:
    words = {True: "fires", False: "quiet", None: "n/a"}
    rows = [(words[one.fires], one.rule.text, one.sentence) for one in rules]
    return Table(["", "rule", "found"], rows, marks=_MARKS)


def _right(met: Met, found: Measured, kind: str) -> list[Block]:
    why = found.said["why"]
    if "segments" in why:
        return [Text(f"n/a: {why['segments']}. Outcomes are told by POST /feedback.")]
    blocks: list[Block] = []
    marks = []
    bad = [one for one in found.parts if one.bad]
    for one in bad:
        blocks.append(Text(sentence(one, kind), title=f"{one.column} = {one.value}"))
        if one.since is not None:
            marks.append((one.since, f"{one.column} = {one.value}, since {_moment(one.since)}"))
    if found.change is not None:
        change = found.change
        marks.append((change.since, f"in all rows, since {_moment(change.since)}"))
        word = "share of wrong answers" if kind == "labels" else "mean error"
        said = (f"The {word} of all rows went from {_short(change.before)} to"
                f" {_short(change.after)} at {_moment(change.since)} (ADWIN).")  # fmt: skip
        blocks.append(Text(said, title="In all rows"))
    if not bad and found.change is None:
        blocks.append(Text("No part of the rows is worse than the others, and nothing changed."))
    blocks.append(Charts(_over_time(met, kind, marks, bad)))
    if found.parts:
        blocks.append(_parts(found.parts, kind))
    return blocks


def sentence(one: Part, kind: str) -> str:
    """A part that is wrong, in words."""
    when = f" since {_moment(one.since)}" if one.since is not None else ""
    if kind == "labels":
        right, lost = one.figures["accuracy"], one.size
        said = f"{right:.1%} right where it is {right + lost:.1%} elsewhere"
        if one.since is not None:
            said = f"{right:.1%} right, {lost * 100:.1f} points less than before,"
        return f"{said}{when} ({one.rows:,} rows)."
    way = "too high" if one.figures["bias"] > 0 else "too low"
    rest = one.rest.get("bias", 0.0)
    return (f"{abs(one.figures['bias']):.0%} {way}{when}, in {one.rows:,} rows; all others"
            f" {round(rest, 2) + 0.0:+.0%}.")  # fmt: skip


def _over_time(
    met: Met, kind: str, marks: Sequence[tuple[float, str]], bad: Sequence[Part]
) -> list[Line]:
    asked = met.asked if met.asked is not None else met.answers
    if asked is None or met.outcomes is None:
        return []
    told = quality.usable(matched(asked, met.outcomes), kind)
    name = "accuracy" if kind == "labels" else "bias"
    lines = [_line(told, kind, name, f"{name}, all rows", marks)]
    if kind == "numbers":
        lines.append(_line(told, kind, "rmse", "rmse, all rows", marks))
    for one in bad[:3]:
        values = told.answers.columns[one.column]
        if values.dtype != object:
            continue
        mask = values == (None if one.value == "missing" else one.value)
        part = type(told)(told.answers.part(mask), told.outcome[mask], told.came[mask])
        mine = [mark for mark in marks if mark[0] == one.since]
        lines.append(_line(part, kind, name, f"{name}, {one.column} = {one.value}", mine))
    return lines


def _line(told: Told, kind: str, name: str, title: str, marks: Sequence[tuple[float, str]]) -> Line:
    import numpy as np

    steps = max(1, min(_STEPS, len(told) // 20))
    points = []
    for places in np.array_split(np.arange(len(told)), steps):
        if len(places):
            figures = quality.figures(kind, told.answers.predicted[places], told.outcome[places])
            points.append((float(told.answers.time[places[0]]), figures[name]))
    return Line(title, points, shares=name != "rmse", marks=marks)


def _parts(parts: Sequence[Part], kind: str) -> Table:
    names = ("accuracy",) if kind == "labels" else ("rmse", "bias")
    rows = [
        ("wrong" if one.bad else "", one.column, one.value, one.rows,
         *(_share(one.figures.get(name), name) for name in names), _moment(one.since) if one.bad
         else "")
        for one in parts[:_PARTS]
    ]  # fmt: skip
    more = f"{len(parts) - _PARTS} more are not shown" if len(parts) > _PARTS else ""
    return Table(["", "column", "is", "rows", *names, "since"], rows, more, marks=_MARKS)


def _drift(said: Mapping[str, Any], moved: Sequence[Moved]) -> list[Block]:
    if not moved:
        return [Text(f"n/a: {said['why'].get('drift', '')}")]
    rows = [
        ("drifted" if one.drifted else "", one.column, f"{one.psi:.3f}", one.test,
         f"{one.statistic:.3g}", f"{one.q:.2g}", f"{one.away:.3g}", f"{one.missing_live:.1%}",
         f"{one.unseen:.1%}")
        for one in moved[:_LISTED]
    ]  # fmt: skip
    head = ["", "column", "PSI", "test", "statistic", "q", "distance", "missing", "new values"]
    more = f"{len(moved) - _LISTED} more are not shown" if len(moved) > _LISTED else ""
    drawn = [_bars(one) for one in moved[:_DRAWN]]
    return [Charts(drawn), Table(head, rows, more, marks=_MARKS)]


def _bars(one: Moved) -> Bars:
    return Bars(
        one.column, f"PSI {one.psi:.3f}",
        [(part.label, part.trained, part.live) for part in one.bins], one.drifted,
    )  # fmt: skip


def _answers(found: Measured) -> list[Block]:
    shown = []
    against = found.said.get("prediction_against", "")
    if found.predictions is not None:
        drawn = _bars(found.predictions)
        shown.append(Bars(f"predictions vs {against}", drawn.note, drawn.bins, drawn.moved))
    if found.outcomes is not None:
        drawn = _bars(found.outcomes)
        shown.append(Bars("outcomes vs training", drawn.note, drawn.bins, drawn.moved))
    if shown:
        return [Charts(shown)]
    return [Text(f"n/a: {found.said['why'].get('prediction_drift', 'too few rows')}")]


def _requests(met: Met, said: Mapping[str, Any]) -> list[Block]:
    traffic = met.traffic
    blocks: list[Block] = []
    if traffic is not None and len(traffic):
        times = traffic.time.tolist()
        volume = _binned(times, traffic.requests.tolist(), sum)
        slow = _binned(times, traffic.p99_ms.tolist(), max)
        shown = [Line("requests", volume), Line("slowest hundredth", slow, "ms")]
        if said.get("errors"):
            shown.append(Line("errors", _binned(times, traffic.failed.tolist(), sum)))
        blocks.append(Charts(shown))
    refused = said.get("violations")
    if refused:
        blocks.append(Table(["refused", "requests"], list(refused.items())))
    if "missing" in said:
        rows = [(name, f"{was:.1%}", f"{now:.1%}") for name, (was, now) in said["missing"].items()]
        blocks.append(Table(["more is missing in", "training", "now"], rows))
    return blocks or [Text("None were counted.")]


def _binned(
    times: Sequence[float], values: Sequence[float], join: Any
) -> list[tuple[float, float]]:
    """Values of at most so many stretches of time, in order."""
    if not times:
        return []
    first, across = times[0], (times[-1] - times[0]) or 1.0
    held: dict[int, list[float]] = {}
    for when, value in zip(times, values, strict=True):
        held.setdefault(min(int((when - first) / across * _STEPS), _STEPS - 1), []).append(value)
    return [(first + at * across / _STEPS, float(join(held[at]))) for at in sorted(held)]


def _span(met: Met) -> str:
    if met.answers is None or not len(met.answers):
        return "No request was kept."
    return f"{_moment(float(met.answers.time[0]))} to {_moment(float(met.answers.time[-1]))}"


def _moment(when: float | None) -> str:
    if when is None:
        return "always"
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(when)) + " UTC"


def _share(value: float | None, name: str) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if name == "rmse" else f"{value * 100:.3g} %"


def _short(value: float) -> str:
    return f"{value:.4g}"
