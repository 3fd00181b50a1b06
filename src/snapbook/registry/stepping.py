"""How long the steps of rollouts last, as one process of a registry saw it.

Servers that follow an alias ask twice a second how it stands; so what is news here began since they
asked last, and a registry whose clock is turned hurries no step and delays none.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from datetime import datetime

from snapbook.deploy.lasting import Lasting
from snapbook.deploy.rollout import Rollout

_MOST = 10_000  # aliases that are known at a time


class Stepping:
    """The present steps of all rollouts that were asked about. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str], tuple[Lasting, float]] = OrderedDict()

    def lasted_s(self, model: str, alias: str, rollout: Rollout) -> float:
        """How long the present step lasts."""
        key, now = (model.lower(), alias.lower()), time.monotonic()
        with self._lock:
            lasting, looked_s = self._known.pop(key, (Lasting(), -math.inf))
            lasting.hears(rollout, now - looked_s)
            self._known[key] = (lasting, now)
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
            return lasting.lasted_s

    def now(self, model: str, alias: str, rollout: Rollout) -> datetime:
        """The time by which the next step of ``rollout`` is due."""
        return rollout.after(self.lasted_s(model, alias, rollout))
