"""How far live values lie from the profile of the training data, column by column.

PSI says how far, a test (Kolmogorov-Smirnov for numbers, chi-squared for categories) whether it can
be chance, Benjamini-Hochberg how much of it is to be believed where many columns were asked. A
column has drifted if both say so.

- PSI: sum of (live - trained) ln(live / trained) over bins. Of samples without any drift it comes
  to (bins - 1)(1/n + 1/m) on average (Yurdakul 2018, "Statistical Properties of Population
  Stability Index"); that is taken off.
- Kolmogorov-Smirnov: the largest distance of the shares at or below the deciles; the true one is
  no smaller, so p errs to the safe side. p by Stephens' approximation.
- Wasserstein: the mean distance of the deciles, in the standard deviations of training.
- Benjamini and Hochberg 1995, "Controlling the False Discovery Rate".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from snapbook import profile
from snapbook.profile import Profile
from snapbook.watch import shares
from snapbook.watch.shares import Moved

if TYPE_CHECKING:
    from snapbook.watch.answers import Array

FAR = 0.2  # of PSI: what banks call a shift that asks for action
SURE = 0.01  # of q
SAMPLE = 2000  # rows that a profile is made of at most


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
        return shares.categories(name, told, values, trained)
    if kind == "text" and values.dtype == object:
        return shares.numbers(name, told, shares.lengths(values), trained)
    if kind == "numeric" and values.dtype != object and told.get("quantiles"):
        return shares.numbers(name, told, values, trained)
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
