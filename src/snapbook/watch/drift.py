"""How far live values lie from the profile of the training data, column by column.

PSI says how far, a test (Kolmogorov-Smirnov for numbers, chi-squared for categories) whether it can
be chance, Benjamini-Hochberg how much of it is to be believed where many columns were asked. A
column has drifted if both say so. What the profile does not tell is never held against live values:
where it knows a share between two bounds only, the nearest of them counts.

- PSI: sum of (live - trained) ln(live / trained) over bins. Of samples without any drift it comes
  to (bins - 1)(1/n + 1/m) on average (Yurdakul 2018, "Statistical Properties of Population
  Stability Index"); that is taken off.
- Kolmogorov-Smirnov: the largest distance of the shares at or below the deciles; the true one is
  no smaller, so p errs to the safe side. p by Stephens' approximation.
- Wasserstein: the mean distance of the deciles, in the standard deviations of training.
- Benjamini and Hochberg 1995, "Controlling the False Discovery Rate".
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from snapbook import profile
from snapbook.profile import Profile
from snapbook.watch import chance

if TYPE_CHECKING:
    from snapbook.watch.answers import Array

FAR = 0.2  # of PSI: what banks call a shift that asks for action
SURE = 0.01  # of q
SAMPLE = 2000  # rows that a profile is made of at most
_COUNTS = 8  # whole numbers so near to each other occur more than once
_LONGEST = 40  # characters at which a profile cuts a category


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


def moved(
    profiles: Mapping[str, Profile], columns: Mapping[str, Array], trained: int | None = None
) -> list[Moved]:
    """Every column that is known of both, the farthest first. ``trained`` are training's rows.

    Times are left out: they pass.
    """
    most = min(trained or SAMPLE, SAMPLE)
    found = []
    for name, values in columns.items():
        told = profiles.get(name)
        if told is None or not len(values):
            continue
        one = compared(name, told, values, most)
        if one is not None:
            found.append(one)
    return ranked(found)


def ranked(found: Sequence[Moved]) -> list[Moved]:
    """The columns with what is to be believed of each among all, the farthest first."""
    qs = believed([one.p for one in found])
    every = [
        replace(one, q=q, drifted=one.psi > FAR and q < SURE)
        for one, q in zip(found, qs, strict=True)
    ]
    return sorted(every, key=lambda one: (not one.drifted, -one.psi, one.column))


def compared(name: str, told: Profile, values: Array, trained: int) -> Moved | None:
    """One column against its profile; None where they are not of one kind, or nothing is known."""
    kind = told.get("kind")
    if kind == "categories":
        return _categories(name, told, values, trained)
    if kind == "text" and values.dtype == object:
        return _numbers(name, told, lengths(values), trained)
    if kind == "numeric" and values.dtype != object and told.get("quantiles"):
        return _numbers(name, told, values, trained)
    return None


def believed(ps: Sequence[float]) -> list[float]:
    """The q of each p: the share of false alarms among all that are at most as likely."""
    order = sorted(range(len(ps)), key=lambda at: ps[at])
    qs, least = [1.0] * len(ps), 1.0
    for rank in range(len(order), 0, -1):
        at = order[rank - 1]
        least = min(least, ps[at] * len(ps) / rank)
        qs[at] = least
    return qs


def profiled(values: Array) -> Profile:
    """The profile of ``values``, as a save would make it of them."""
    import numpy as np

    if values.dtype != object:
        missing = float(np.isnan(values).mean()) if len(values) else 0.0
        return profile.numeric(values[None, :].astype(np.float64), [missing])[0]
    counts = Counter(values.tolist())
    missing = counts.pop(None, 0) / max(len(values), 1)
    return profile.categories(counts, missing)


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


def _numbers(name: str, told: Profile, values: Array, trained: int) -> Moved | None:
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
    upto = np.searchsorted(live, edges, side="right") / max(n, 1)
    expected = np.clip(upto, low, high)
    shares = np.diff(np.concatenate(([0.0], upto, [1.0])))
    wanted = np.diff(np.concatenate(([0.0], expected, [1.0])))
    apart = float(np.abs(upto - expected).max()) if n else 0.0
    known = max(1.0, trained * (1 - nulls))
    p = _both(_kolmogorov(apart, n, known), _missing(missing, len(values), nulls, trained))
    bins = _spans(edges, wanted * (1 - nulls), shares * (1 - missing))
    if nulls or missing:
        bins.append(Bin("missing", nulls, missing))
    beyond = n - int(np.searchsorted(live, quantiles[-1], "right"))
    beyond += int(np.searchsorted(live, quantiles[0], "left"))
    return Moved(
        name, len(values),
        psi([one.live for one in bins], [one.trained for one in bins], len(values), trained),
        "ks", apart, p, p, _deciles(live, quantiles, float(told.get("std") or 0.0)),
        nulls, missing, beyond / max(n, 1), False, tuple(bins),
    )  # fmt: skip


def _knots(told: Profile) -> tuple[Array, Array, Array]:
    """Where shares are known: values, and the bounds of the share at or below each.

    A profile has every tenth value in order. Between two different ones the share steps at a place
    that is not known: at a value that occurs more than once it lies anywhere within a tenth. Where
    there are two values in all, the mean tells the share.
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
    edges, low, high = [], [], []
    for at in range(1, steps):
        if quantiles[at] == most or quantiles[at + 1] == quantiles[at]:
            continue
        near = quantiles[at + 1] - quantiles[at - 1] < _COUNTS and quantiles[at].is_integer()
        again = quantiles[at - 1] == quantiles[at] or near
        edges.append(quantiles[at])
        low.append(at / steps)
        high.append((at + 1) / steps if again else at / steps)
    if least == most:  # all are one value: what is less, it, and what is more
        edges, low, high = [math.nextafter(least, -math.inf), least], [0.0, 1.0], [0.0, 1.0]
    elif not edges:  # nearly all are the most
        edges, low, high = [least], [0.0], [1 / steps]
    return np.array(edges), np.array(low), np.array(high)


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
    away = float(np.abs(live[places] - np.array(quantiles[1:-1])).mean())
    return away / spread if spread > 0 else (0.0 if away == 0 else math.inf)


def _categories(name: str, told: Profile, values: Array, trained: int) -> Moved | None:
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
        trained_shares.pop(), live_shares.pop(), labels.pop()
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
    from snapbook.watch.answers import texts

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
