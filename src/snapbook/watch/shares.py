"""The shares of live values beside those that a profile knows, for one column.

Numbers are compared at the profile's quantiles, categories by their names; both give the same
record. What a profile does not tell is never held against live values: where it knows a share
between two bounds only, the nearest of them counts. Where the measures come from stands in
drift.py.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from snapbook.profile import Profile
from snapbook.watch import chance
from snapbook.watch.answers import texts

if TYPE_CHECKING:
    from snapbook.watch.answers import Array

_COUNTS = 8  # whole numbers so near to each other occur more than once
_LONGEST = 40  # characters at which a profile cuts a category
_BLURRED = 200.0  # times what rounding moves a value by: deciles so near are not told apart


@dataclass(frozen=True, slots=True)
class Bin:
    """A bin of a column, and the shares of training's and of live values in it."""

    label: str
    trained: float
    live: float


@dataclass(frozen=True, slots=True)
class Moved:
    """How far one column moved. ``away`` is Wasserstein's distance in deviations, for categories
    half the sum of the differences of shares; ``unseen`` the share of live values that training had
    not: other categories, or beyond its least and most.
    """

    column: str
    rows: int
    psi: float
    test: str
    statistic: float
    p: float
    q: float
    away: float
    missing_trained: float
    missing_live: float
    unseen: float
    drifted: bool
    bins: tuple[Bin, ...]


def psi(live: Sequence[float], trained: Sequence[float], n: int, m: int) -> float:
    """The index of shares in the same bins, of ``n`` and ``m`` values: 0 or more."""
    found = 0.0
    used = 0
    for one, other in zip(live, trained, strict=True):
        if one <= 0 and other <= 0:
            continue
        used += 1
        a, b = max(one, 0.5 / n), max(other, 0.5 / m)
        found += (a - b) * math.log(a / b)
    return max(0.0, found - max(used - 1, 0) * (1 / n + 1 / m))


def lengths(values: Array) -> Array:
    """How long texts are, NaN where they are missing."""
    import numpy as np

    return np.array([np.nan if one is None else len(one) for one in values.tolist()], dtype=float)


def numbers(name: str, told: Profile, values: Array, trained: int) -> Moved | None:
    """A column of numbers, NaN where they are missing, against their profile."""
    import numpy as np

    quantiles = told.get("quantiles")
    if not quantiles:
        return None
    ordered = np.sort(values)
    n = len(ordered) - int(np.count_nonzero(np.isnan(ordered)))
    missing = 1 - n / len(values)
    nulls = float(told.get("nulls", 0.0))
    live = ordered[:n]
    edges, low, high = _knots(told)
    upto = np.searchsorted(live, edges + _half(edges), side="right") / max(n, 1)
    expected = np.clip(upto, low, high)
    shares = np.diff(np.concatenate(([0.0], upto, [1.0])))
    wanted = np.diff(np.concatenate(([0.0], expected, [1.0])))
    apart = float(np.abs(upto - expected).max()) if n else 0.0
    known = max(1.0, trained * (1 - nulls))
    p = _both(_kolmogorov(apart, n, known), _missing(missing, len(values), nulls, trained))
    bins = _spans(edges, wanted * (1 - nulls), shares * (1 - missing))
    if nulls or missing:
        bins.append(Bin("missing", nulls, missing))
    ends = np.array([quantiles[0], quantiles[-1]], dtype=float)
    room = _half(ends)
    beyond = n - int(np.searchsorted(live, ends[1] + room[1], "right"))
    beyond += int(np.searchsorted(live, ends[0] - room[0], "left"))
    return Moved(
        name, len(values),
        psi([one.live for one in bins], [one.trained for one in bins], len(values), trained),
        "ks", apart, p, p, _deciles(live, quantiles, float(told.get("std") or 0.0)),
        nulls, missing, beyond / max(n, 1), False, tuple(bins),
    )  # fmt: skip


def _knots(told: Profile) -> tuple[Array, Array, Array]:
    """Where shares are known: values, and the bounds of the share at or below each.

    A profile has every tenth value in order. Between two different ones the share steps at a place
    that is not known: at a value that occurs more than once, and where six digits hardly tell
    neighbours apart, it lies anywhere within a tenth. Where there are two values in all, the mean
    tells the share.
    """
    import numpy as np

    quantiles = [float(one) for one in told["quantiles"]]
    steps = len(quantiles) - 1
    least, most = quantiles[0], quantiles[-1]
    mean, spread = float(told.get("mean", 0.0)), float(told.get("std", 0.0))
    two = (mean - least) * (most - mean)
    if set(quantiles) == {least, most} and most > least and math.isclose(
        spread * spread, two, rel_tol=1e-3, abs_tol=1e-9
    ):  # fmt: skip
        share = (most - mean) / (most - least)
        return np.array([least]), np.array([share]), np.array([share])
    halves = _half(np.array(quantiles)).tolist()
    edges, low, high = [], [], []
    for at in range(1, steps):
        if quantiles[at] == most or quantiles[at + 1] == quantiles[at]:
            continue
        apart = quantiles[at + 1] - quantiles[at - 1]
        near = apart < _COUNTS and quantiles[at].is_integer()
        coarse = apart < _BLURRED * halves[at]
        again = quantiles[at - 1] == quantiles[at] or near or coarse
        edges.append(quantiles[at])
        low.append(at / steps)
        high.append((at + 1) / steps if again else at / steps)
    if least == most:  # all are one value: what is less, it, and what is more
        room = 2.1 * halves[0]  # so that what rounds to the value is above the first edge
        below = least - room if room else math.nextafter(least, -math.inf)
        edges, low, high = [below, least], [0.0, 1.0], [0.0, 1.0]
    elif not edges:  # nearly all are the most
        edges, low, high = [least], [0.0], [1 / steps]
    return np.array(edges), np.array(low), np.array(high)


def _half(values: Array) -> Array:
    """How far a value may lie from the one of six digits that a profile tells of it."""
    import numpy as np

    known = np.isfinite(values) & (np.abs(values) > 1e-290)
    place = np.floor(np.log10(np.abs(np.where(known, values, 1.0))))
    half: Array = np.where(known, 0.500001 * 10.0 ** (place - 5), 0.0)
    return half


def _spans(edges: Array, trained: Array, live: Array) -> list[Bin]:
    words = [f"{edge:.4g}" for edge in edges.tolist()]
    if not words:
        labels = ["all"]
    else:
        between = [f"{a} to {b}" if a != b else a for a, b in pairwise(words)]
        labels = [f"up to {words[0]}", *between, f"over {words[-1]}"]
    return [
        Bin(label, float(one), float(other))
        for label, one, other in zip(labels, trained, live, strict=True)
    ]


def _deciles(live: Array, quantiles: Sequence[float], spread: float) -> float:
    import numpy as np

    if not len(live):
        return 0.0
    steps = len(quantiles) - 1
    places = np.rint(np.arange(1, steps) * (len(live) - 1) / steps).astype(np.int64)
    told = np.array(quantiles[1:-1], dtype=float)
    off = np.abs(live[places] - told)
    away = float(np.where(off > _half(told), off, 0.0).mean())
    return away / spread if spread > 0 else (0.0 if away == 0 else math.inf)


def categories(name: str, told: Profile, values: Array, trained: int) -> Moved | None:
    """A column of texts, None where they are missing, against the profile of categories."""
    if values.dtype != object:
        values = _named(values)
    counts = Counter(values.tolist())
    rows = len(values)
    gone = counts.pop(None, 0)
    if rows == gone and not told.get("top"):
        return None
    cut: Counter[str] = Counter()
    for text, count in counts.items():
        cut[text[:_LONGEST]] += count
    nulls, missing = float(told.get("nulls", 0.0)), gone / rows
    present, known = max(rows - gone, 1), max(1.0, trained * (1 - nulls))
    rest = float(told.get("rest", 0.0))
    named = {str(text): float(share) for text, share in told.get("top", ())}
    other = present - sum(cut[text] for text in named) if rows > gone else 0
    trained_shares = [*named.values(), rest]
    live_shares = [*(cut[text] / present for text in named), other / present]
    labels = [*named, "others"]
    if not rest and not other:
        for listed in (trained_shares, live_shares, labels):
            listed.pop()
    chi, p = _chi2(live_shares, trained_shares, present, known)
    p = _both(p, _missing(missing, rows, nulls, trained))
    bins = [
        Bin(label, a * (1 - nulls), b * (1 - missing))
        for label, a, b in zip(labels, trained_shares, live_shares, strict=True)
    ]
    if nulls or missing:
        bins.append(Bin("missing", nulls, missing))
    away = sum(abs(a - b) for a, b in zip(trained_shares, live_shares, strict=True)) / 2
    unseen = other / present if not rest else 0.0
    return Moved(
        name, rows, psi([one.live for one in bins], [one.trained for one in bins], rows, trained),
        "chi2", chi, p, p, away, nulls, missing, unseen, False, tuple(bins),
    )  # fmt: skip


def _named(values: Array) -> Array:
    """Numbers of a column that training had as categories, as their texts."""
    return texts([int(one) if one == one and float(one).is_integer() else one
                  for one in values.tolist()])  # fmt: skip


def _chi2(live: Sequence[float], trained: Sequence[float], n: int, m: float) -> tuple[float, float]:
    """The statistic of two samples in the same categories, and its p."""
    found, used = 0.0, 0
    more, less = math.sqrt(m / n), math.sqrt(n / m)
    for one, other in zip(live, trained, strict=True):
        a, b = one * n, other * m
        if a + b > 0:
            used += 1
            found += (a * more - b * less) ** 2 / (a + b)
    return found, chance.chi2(found, used - 1)


def _kolmogorov(apart: float, n: int, m: float) -> float:
    if n == 0:
        return 1.0
    root = math.sqrt(n * m / (n + m))
    return chance.kolmogorov((root + 0.12 + 0.11 / root) * apart)


def _missing(live: float, n: int, trained: float, m: int) -> float:
    """How likely two shares of missing values are so far apart by chance."""
    if live == trained:
        return 1.0
    both = (live * n + trained * m) / (n + m)
    spread = math.sqrt(both * (1 - both) * (1 / n + 1 / m))
    return chance.normal((live - trained) / spread) if spread else 1.0


def _both(one: float, other: float) -> float:
    """What two looks at a column come to together."""
    return min(1.0, 2 * min(one, other))
