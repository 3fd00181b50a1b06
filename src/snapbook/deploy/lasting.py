"""How long the present step of a rollout lasts, told by a clock that nobody sets.

The times of events are those of clocks, and clocks are wrong, or are turned. So what is news to who
looks again and again began since he looked last, whatever its time says; only of what lies before
that, as after a restart, times have to be believed, and then no further than one step.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from snapbook.deploy.rollout import Rollout


class Lasting:
    """The present step of one rollout, as one process saw it."""

    def __init__(self) -> None:
        self._last = 0
        self._heard_s = self._lasted_s = 0.0

    def hears(self, rollout: Rollout, unseen_s: float, told_s: float | None = None) -> None:
        """Note the newest event of ``rollout``, where it is news. It happened within the last
        ``unseen_s``; ``told_s`` is how long ago it was by who keeps the chain, if he counts that.
        """
        if self._last == rollout.last:
            return
        every_s = rollout.plan.every_s
        by_time_s = every_s - rollout.left_s(datetime.now(UTC))
        lasted_s = by_time_s if told_s is None else told_s
        self._last, self._heard_s = rollout.last, time.monotonic()
        self._lasted_s = max(0.0, min(lasted_s, every_s, unseen_s))

    @property
    def lasted_s(self) -> float:
        """The seconds since what was heard last."""
        return self._lasted_s + time.monotonic() - self._heard_s

    def now(self, rollout: Rollout) -> datetime:
        """The time by which steps are due: counted from the present one's own, so that neither this
        machine's clock hurries it nor that of who wrote it delays it.
        """
        return rollout.after(self.lasted_s)
