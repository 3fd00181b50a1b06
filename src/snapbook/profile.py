"""The profile of a column, and how far two profiles lie apart.

A profile is small JSON that outlives the rows: diff shows shift from it, and drift watches live
values against it. Kinds: "numeric" (11 quantiles, mean, deviation), "categories" (the most frequent
values and their shares), "text" (quantiles of the lengths; the values themselves are not shown,
they may be anybody's). Knows nothing of frames. `distance` needs no numpy.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from numpy.typing import NDArray

Profile: TypeAlias = "dict[str, Any]"

STEPS = 10  # quantiles at 0, 1/10, ..., 1
TOP = 20  # categories named one by one
_LONGEST = 40  # characters of a category's text


def numeric(matrix: NDArray[Any], nulls: Sequence[float], kind: str = "numeric") -> list[Profile]:
    """The profile of each row of ``matrix`` (columns, samples) of float64, NaN where missing.

    ``nulls`` are the columns' shares of missing values, 0 to 1. Quantiles are nearest-rank.
    """
    import numpy as np

    with np.errstate(all="ignore"):
        ordered = np.sort(matrix, axis=1)  # NaN last
        present = matrix.shape[1] - np.count_nonzero(np.isnan(ordered), axis=1)
        ranks = np.arange(STEPS + 1)[None, :] * (np.maximum(present, 1) - 1)[:, None] / STEPS
        places = np.minimum(np.rint(ranks).astype(np.int64), max(matrix.shape[1] - 1, 0))
        quantiles = np.take_along_axis(ordered, places, axis=1) if matrix.shape[1] else None
        known = np.where(np.isnan(matrix), 0.0, matrix)
        counts = np.maximum(present, 1)
        means = known.sum(axis=1) / counts
        spread = np.where(np.isnan(matrix), 0.0, matrix - means[:, None])
        deviations = np.sqrt((spread * spread).sum(axis=1) / counts)
    profiles = []
    for column in range(matrix.shape[0]):
        profile: Profile = {"kind": kind, "nulls": _short(nulls[column])}
        if quantiles is not None and present[column]:
            profile["quantiles"] = list(map(_short, quantiles[column].tolist()))
            profile["mean"] = _short(float(means[column]))
            profile["std"] = _short(float(deviations[column]))
        profiles.append(profile)
    return profiles


def categories(counts: Mapping[str, int], nulls: float) -> Profile:
    """The profile of values counted by their text (missing ones left out)."""
    total = sum(counts.values())
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    top = [[text[:_LONGEST], _short(number / total)] for text, number in ranked[:TOP]]
    rest = sum(number for _, number in ranked[TOP:])
    profile: Profile = {"kind": "categories", "nulls": _short(nulls), "distinct": len(counts)}
    profile["top"] = top
    if rest:
        profile["rest"] = _short(rest / total)
    return profile


def distance(old: Mapping[str, Any], new: Mapping[str, Any]) -> float:
    """How far two profiles lie apart: 0 (alike) to 1.

    Numbers by the Kolmogorov-Smirnov distance of what the quantiles tell, categories by total
    variation; a change of the share of missing values counts if it is greater. Profiles of
    different kinds are 1 apart.
    """
    if old.get("kind") != new.get("kind"):
        return 1.0
    missing = abs(float(old.get("nulls", 0)) - float(new.get("nulls", 0)))
    if old.get("kind") == "categories":
        return max(missing, _variation(old, new))
    a, b = old.get("quantiles"), new.get("quantiles")
    if not a or not b:
        return max(missing, 0.0 if a == b else 1.0)
    return max(missing, _kolmogorov(a, b))


def _kolmogorov(a: Sequence[float], b: Sequence[float]) -> float:
    points = sorted({*a, *b})
    return max(
        max(abs(_below(a, x) - _below(b, x)), abs(_upto(a, x) - _upto(b, x))) for x in points
    )


def _upto(quantiles: Sequence[float], x: float) -> float:
    """The share of values at or below ``x``, straight between quantiles."""
    return _share(quantiles, x, bisect_right(quantiles, x))


def _below(quantiles: Sequence[float], x: float) -> float:
    """The share of values below ``x``."""
    return _share(quantiles, x, bisect_left(quantiles, x))


def _share(quantiles: Sequence[float], x: float, place: int) -> float:
    steps = len(quantiles) - 1
    if place == 0:
        return 0.0
    if place > steps:
        return 1.0
    low, high = quantiles[place - 1], quantiles[place]
    if not low < x < high:  # on a step: what lies before the place is below
        return (place - 1 if x <= low else place) / steps
    width = high - low
    part = (x - low) / width if width != float("inf") else 0.5
    return (place - 1 + part) / steps


def _variation(old: Mapping[str, Any], new: Mapping[str, Any]) -> float:
    a, b = dict(old.get("top", [])), dict(new.get("top", []))
    named = sum(abs(a.get(name, 0.0) - b.get(name, 0.0)) for name in {*a, *b})
    rest = abs(float(old.get("rest", 0)) - float(new.get("rest", 0)))
    return float(min(1.0, (named + rest) / 2))


def _short(value: float) -> float:
    """Six digits: enough to compare, and the same text wherever the last bit differs."""
    return float(f"{value:.6g}")
