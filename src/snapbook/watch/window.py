"""All that was measured of a version over a stretch of time, as one value that is JSON.

The same for a worker that is asked now and for a report over weeks. A figure for which there are
too few rows or labels is left out, and ``why`` says so: it is never nought.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from snapbook.watch import drift, quality
from snapbook.watch.answers import Answers, Outcomes, Refused, Traffic, matched
from snapbook.watch.quality import Change, Part
from snapbook.watch.shares import Moved

if TYPE_CHECKING:
    from snapbook.watch.answers import Array

LEAST_ROWS = 200
LEAST_LABELS = 200
LEAST_REQUESTS = 20
_MOST_PARTS = 40
_MOST_COLUMNS = 500


@dataclass(frozen=True, slots=True)
class Trained:
    """What a version says of its training: profiles by column, that of the target, rows; whether
    it answers "numbers" or "labels".
    """

    kind: str
    columns: Mapping[str, Any]
    target: Mapping[str, Any] = field(default_factory=dict)
    rows: int | None = None

    @property
    def texts(self) -> frozenset[str]:
        """The columns whose values are not named: those that training knows as free text."""
        return frozenset(name for name, told in self.columns.items() if told.get("kind") == "text")


@dataclass(frozen=True, slots=True)
class Met:
    """What there is of a stretch of time; None: nothing. ``before`` are earlier predictions that
    numbers are held against, ``asked`` the rows that outcomes may be of, None: the answers.
    """

    answers: Answers | None = None
    outcomes: Outcomes | None = None
    traffic: Traffic | None = None
    refused: Refused | None = None
    before: Array | None = None
    asked: Answers | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found: ``said`` for programs, the rest for who draws it."""

    said: dict[str, Any]
    moved: Sequence[Moved]
    predictions: Moved | None
    outcomes: Moved | None
    parts: Sequence[Part]
    change: Change | None


def trained(profile: Mapping[str, Any], kind: str) -> Trained:
    """What a bundle's profile.json tells."""
    columns = profile.get("columns")
    known = columns if isinstance(columns, Mapping) else {}
    target: Any = profile.get("target") or {}
    rows = profile.get("rows")
    shape = target.get("profile") if isinstance(target, Mapping) else None
    return Trained(
        kind,
        {str(name): one for name, one in known.items() if isinstance(one, Mapping)},
        shape if isinstance(shape, Mapping) else {},
        rows if isinstance(rows, int) and rows > 0 else None,
    )


def of_kind(known: Trained, kind: str) -> Trained:
    """The same of a version that answers ``kind``."""
    return replace(known, kind=kind)


def measured(met: Met, known: Trained, seconds: float, least: int = LEAST_ROWS) -> Measured:
    """What ``met`` comes to beside what is ``known``, over ``seconds``. ``least`` are the rows, and
    the labels, that it takes to say something of them.
    """
    said: dict[str, Any] = {"seconds": round(seconds, 3)}
    why: dict[str, str] = {}
    _traffic(met, said, why)
    rows = len(met.answers) if met.answers is not None else 0
    said["rows"] = rows
    found: list[Moved] = []
    predictions = outcomes = None
    if met.answers is not None and rows >= least:
        found = drift.moved(known.columns, met.answers.columns, known.rows)
        _drift(found[:_MOST_COLUMNS], said, why)
        predictions = _predictions(met, known, said, why, least)
    else:
        why["drift"] = why["prediction_drift"] = f"{rows} of {least} rows"
    parts: list[Part] = []
    change = None
    if known.kind:
        outcomes, parts, change = _right(met, known, said, why, least)
    _schema(met, found, said)
    said["why"] = why
    return Measured(said, found, predictions, outcomes, parts, change)


def _traffic(met: Met, said: dict[str, Any], why: dict[str, str]) -> None:
    import numpy as np

    one = met.traffic
    requests = int(one.requests.sum()) if one is not None else 0
    said["requests"] = requests
    if one is None or not requests:
        why["error_rate"] = why["p50"] = why["p99"] = "no requests"
        return
    said["errors"], said["refused"] = int(one.failed.sum()), int(one.refused.sum())
    said["answered_rows"] = int(one.rows.sum())
    said["kept"], said["lost"] = int(one.kept.sum()), int(one.lost.sum())
    if requests < LEAST_REQUESTS:
        why["error_rate"] = why["p50"] = why["p99"] = f"{requests} of {LEAST_REQUESTS} requests"
        return
    said["error_rate"] = said["errors"] / requests
    if met.answers is not None and len(met.answers):
        _, first = np.unique(met.answers.request.astype(str), return_index=True)
        times = met.answers.ms[first]
        said["p50_ms"] = round(float(np.quantile(times, 0.5)), 3)
        said["p99_ms"] = round(float(np.quantile(times, 0.99)), 3)
    else:
        why["p50"] = why["p99"] = "no requests were kept"


def _drift(found: Sequence[Moved], said: dict[str, Any], why: dict[str, str]) -> None:
    if not found:
        why["drift"] = "no column is known of training"
        return
    said["drift"] = {one.column: round(one.psi, 4) for one in found}
    said["drifted"] = [one.column for one in found if one.drifted]
    farthest = max(found, key=lambda one: one.psi)
    said["drift_max"], said["drift_column"] = round(farthest.psi, 4), farthest.column


def _predictions(
    met: Met, known: Trained, said: dict[str, Any], why: dict[str, str], least: int
) -> Moved | None:
    """Labels beside those of training; numbers, which spread less than what they are of, beside
    the version's own first ones.
    """
    assert met.answers is not None
    live = met.answers.predicted
    told: Mapping[str, Any] | None = known.target if known.kind == "labels" else None
    rows = known.rows
    said_of = "training"
    if known.kind == "numbers":
        before = len(met.before) if met.before is not None else 0
        if met.before is None or before < least or met.before.dtype == object:
            why["prediction_drift"] = f"{before} of {least} earlier rows"
            return None
        told, rows, said_of = drift.profiled(met.before), before, "its first rows"
    found = drift.compared("prediction", dict(told or {}), _like(told, live), _sample(rows))
    if found is None:
        why["prediction_drift"] = "nothing is known of the target in training"
        return None
    (found,) = drift.ranked([found])
    said["prediction_drift"], said["prediction_against"] = round(found.psi, 4), said_of
    return found


def _right(
    met: Met, known: Trained, said: dict[str, Any], why: dict[str, str], least: int
) -> tuple[Moved | None, list[Part], Change | None]:
    names = ("accuracy",) if known.kind == "labels" else ("rmse", "mae", "bias")
    told = None
    asked = met.asked if met.asked is not None else met.answers
    if asked is not None and met.outcomes is not None:
        told = quality.usable(matched(asked, met.outcomes), known.kind)
    labels = len(told) if told is not None else 0
    said["labels"] = labels
    if met.outcomes is not None and (lonely := _lonely(asked, met.outcomes)):
        said["unmatched"] = lonely
    if told is None or labels < least:
        for name in (*names, "segments"):
            why[name] = f"{labels} of {least} labels"
        return None, [], None
    figures = quality.figures(known.kind, told.answers.predicted, told.outcome)
    said |= {name: _short(value) for name, value in figures.items()}
    parts = quality.parts(told, known.kind, known.texts)
    said["segments"] = [_part(one) for one in parts if one.bad]
    said["bad_segments"] = len(said["segments"])
    said["by_segment"] = [_part(one) for one in parts[:_MOST_PARTS]]
    change = quality.changed(told, known.kind)
    if change is not None:
        said["concept_drift"] = {
            "since": change.since, "before": _short(change.before), "after": _short(change.after),
        }  # fmt: skip
    moved = None
    if known.target:
        moved = drift.compared(
            "target", dict(known.target), _like(known.target, told.outcome), _sample(known.rows)
        )
    if moved is not None:
        (moved,) = drift.ranked([moved])
        said["target_drift"] = round(moved.psi, 4)
    return moved, parts, change


def _lonely(asked: Answers | None, outcomes: Outcomes) -> int:
    """How many outcomes are of no row that there is."""
    rows = [] if asked is None else zip(asked.request.tolist(), asked.row.tolist(), strict=True)
    known = set(rows)
    pairs = zip(outcomes.request.tolist(), outcomes.row.tolist(), strict=True)
    return sum(pair not in known for pair in pairs)


def _part(one: Part) -> dict[str, Any]:
    return {
        "column": one.column, "value": one.value, "rows": one.rows, "size": _short(one.size),
        "q": _short(one.q), "since": one.since, "bad": one.bad,
        **{name: _short(value) for name, value in one.figures.items()},
        "rest": {name: _short(value) for name, value in one.rest.items()},
    }  # fmt: skip


def _schema(met: Met, found: Sequence[Moved], said: dict[str, Any]) -> None:
    """What did not fit, and what fitted and training had not."""
    if met.refused is not None and len(met.refused):
        counts: dict[str, int] = {}
        for kind, column in zip(
            met.refused.kind.tolist(), met.refused.column.tolist(), strict=True
        ):
            name = f"{kind} {column}".strip()
            counts[name] = counts.get(name, 0) + 1
        ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
        said["violations"] = dict(ranked[:_MOST_PARTS])
    unseen = {one.column: _short(one.unseen) for one in found if one.unseen > 0}
    if unseen:
        said["unseen"] = unseen
    missing = {
        one.column: [_short(one.missing_trained), _short(one.missing_live)]
        for one in found
        if one.missing_live > one.missing_trained
    }
    if missing:
        said["missing"] = missing


def _like(told: Mapping[str, Any] | None, values: Array) -> Array:
    """Labels as the numbers that their profile is of, where training had numbers as labels."""
    import numpy as np

    if values.dtype != object or (told or {}).get("kind") != "numeric":
        return values
    try:
        return np.array([np.nan if one is None else float(one) for one in values.tolist()])
    except ValueError:
        return values


def _sample(rows: int | None) -> int:
    return min(rows or drift.SAMPLE, drift.SAMPLE)


def _short(value: float) -> float | None:
    return float(f"{value:.5g}") if math.isfinite(value) else None
