"""How likely a statistic is by chance, in closed form: a server has nothing to load for it.

Handbook of Mathematical Functions (Abramowitz and Stegun), 26.4.4 and 26.4.5 for chi-squared;
Kolmogorov 1933 for the limit of the largest distance of two distributions. Tests hold both to
scipy's.
"""

from __future__ import annotations

import math

_TERMS = 100


def chi2(found: float, freedom: int) -> float:
    """That chi-squared with ``freedom`` degrees is at least ``found``."""
    if freedom < 1 or found < 1e-300:
        return 1.0
    half = found / 2
    if freedom % 2:
        total = math.erfc(math.sqrt(half))
        powers = [at + 0.5 for at in range(freedom // 2)]
    else:
        total = 0.0
        powers = [float(at) for at in range(freedom // 2)]
    for power in powers:
        total += math.exp(power * math.log(half) - half - math.lgamma(power + 1))
    return min(1.0, total)


def kolmogorov(away: float) -> float:
    """That the distance of two distributions, times the root of the sample, is at least that."""
    if away < 0.2:
        return 1.0
    total = 0.0
    for at in range(1, _TERMS):
        term = math.exp(-2 * at * at * away * away)
        total += term if at % 2 else -term
        if term < 1e-300:
            break
    return min(1.0, max(0.0, 2 * total))


def normal(away: float) -> float:
    """That a normal value lies at least so many deviations from its mean, on either side."""
    return math.erfc(abs(away) / math.sqrt(2))
