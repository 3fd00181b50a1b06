"""Two versions by their outcomes: which was right more often, and whether that can be chance.

Pure. Of labels the shares of right answers are compared (a z test of two shares), of amounts the
mean absolute errors (Welch's test). Nothing is said where too few outcomes came.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snapbook.canonical import Json

LEAST = 100  # outcomes of each version: with fewer the normal curve is no measure
_CHANCE = 0.05


@dataclass(frozen=True, slots=True)
class Side:
    """The outcomes of one version: how many, their mean score, and its variance."""

    labels: int
    mean: float
    variance: float


def compared(told: Sequence[Mapping[str, Any]]) -> dict[str, Json]:
    """What all servers ``told`` of "stable" and "candidate", as one comparison."""
    metric = _metric(told)
    sides = {side: _side(told, side, metric) for side in ("stable", "candidate")}
    found: dict[str, Json] = {"metric": metric or None}
    for side, one in sides.items():
        value = one.mean if one.labels else None
        found[side] = {"labels": one.labels, "value": value}
    stable, candidate = sides["stable"], sides["candidate"]
    few = [
        f"{one.labels} of {LEAST} outcomes of {side}"
        for side, one in sides.items()
        if one.labels < LEAST
    ]
    if few:
        return {**found, "difference": None, "p": None, "significant": None, "why": "; ".join(few)}
    difference = candidate.mean - stable.mean
    p = _chance(stable, candidate, pooled=metric == "accuracy")
    better = difference > 0 if metric == "accuracy" else difference < 0
    said = "better" if better else "worse"
    why = f"{said}, and that is hardly chance (p {p:.2g})" if p < _CHANCE else (
        f"no difference that could not be chance (p {p:.2g})"
    )  # fmt: skip
    return {
        **found, "difference": difference, "p": p, "significant": p < _CHANCE, "why": why,
    }  # fmt: skip


def _metric(told: Sequence[Mapping[str, Any]]) -> str:
    for one in told:
        for side in ("stable", "candidate"):
            window = one.get(side)
            if isinstance(window, Mapping):
                if _number(window.get("accuracy")) is not None:
                    return "accuracy"
                if _number(window.get("mae")) is not None:
                    return "mae"
    return ""


def _side(told: Sequence[Mapping[str, Any]], side: str, metric: str) -> Side:
    """The outcomes of all servers as one."""
    count, total, squares = 0, 0.0, 0.0
    for one in told:
        window = one.get(side)
        labels = window.get("labels") if isinstance(window, Mapping) else None
        value = _number(window.get(metric)) if isinstance(window, Mapping) else None
        if not isinstance(labels, int) or isinstance(labels, bool) or labels <= 0 or value is None:
            continue
        # Of shares a square is the value itself; of absolute errors it is that of the RMSE.
        square = value if metric == "accuracy" else _square(window, value)
        count, total, squares = count + labels, total + labels * value, squares + labels * square
    if not count:
        return Side(0, 0.0, 0.0)
    mean = total / count
    return Side(count, mean, max(0.0, squares / count - mean * mean))


def _square(window: Any, value: float) -> float:
    rmse = _number(window.get("rmse"))
    return value * value if rmse is None else rmse * rmse


def _chance(one: Side, other: Side, *, pooled: bool) -> float:
    """How likely a difference as large is where there is none."""
    if pooled:
        both = (one.labels * one.mean + other.labels * other.mean) / (one.labels + other.labels)
        spread = both * (1 - both) * (1 / one.labels + 1 / other.labels)
    else:
        spread = one.variance / one.labels + other.variance / other.labels
    if spread <= 0:
        return 1.0 if one.mean == other.mean else 0.0
    return math.erfc(abs(other.mean - one.mean) / math.sqrt(2 * spread))


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None
