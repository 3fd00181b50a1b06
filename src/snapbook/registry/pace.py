"""How many requests one token or one address may make: a bucket each, that fills up by the second.

Pure but for what it remembers: who asks and a steady clock go in, the seconds to wait come out.
Buckets that are full again are as good as new, so only the newest are kept.
"""

from __future__ import annotations

from collections import OrderedDict

_KEPT = 10_000


class Pace:
    """``rate`` requests a second for each key, and ``burst`` at once; a rate of 0 sets no limit."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: str, now: float) -> float:
        """Take one request of ``key`` at the time ``now``; 0 where there was one left.

        Else nothing is taken, and it is the seconds until there will be one.
        """
        if self._rate <= 0:
            return 0.0
        left = self._now(key, now)
        self._keep(key, left - 1 if left >= 1 else left, now)
        return 0.0 if left >= 1 else (1 - left) / self._rate

    def spend(self, key: str, now: float, cost: float) -> None:
        """Take up to ``cost`` requests of ``key``, as many as there are."""
        if self._rate > 0:
            self._keep(key, max(self._now(key, now) - cost, 0), now)

    def _now(self, key: str, now: float) -> float:
        left, since = self._left.get(key, (self._burst, now))
        return min(self._burst, left + max(now - since, 0) * self._rate)

    def _keep(self, key: str, left: float, now: float) -> None:
        self._left[key] = (left, now)
        self._left.move_to_end(key)
        if len(self._left) > _KEPT:
            self._left.popitem(last=False)
