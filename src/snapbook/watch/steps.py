"""How far apart two means are, and where one changes, in deviations of what chance gives."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snapbook.watch.answers import Array


def apart(one: Array, other: Array) -> float:
    """How many deviations the means lie apart (Welch)."""
    spread = math.sqrt(float(one.var()) / len(one) + float(other.var()) / len(other))
    away = float(one.mean() - other.mean())
    return away / spread if spread else (0.0 if not away else math.inf)


def split(values: Array, least: int) -> tuple[int, float]:
    """Where the mean changes most, and by how many deviations; (0, 0.0) where there is no room for
    ``least`` values on both sides.
    """
    import numpy as np

    n = len(values)
    if n < 2 * least:
        return 0, 0.0
    before = np.arange(1, n)
    sums = np.cumsum(values)[:-1]
    squares = np.cumsum(values * values)
    total = float(values.sum())
    after = n - before
    one, other = sums / before, (total - sums) / after
    within = squares[-1] - before * one * one - after * other * other
    spread = np.sqrt(np.maximum(within, 0) / n * (1 / before + 1 / after))
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.nan_to_num(np.abs(one - other) / spread, nan=0.0, posinf=1e9)
    away[: least - 1] = 0
    away[n - least :] = 0
    at = int(np.argmax(away))
    return at + 1, float(away[at])
