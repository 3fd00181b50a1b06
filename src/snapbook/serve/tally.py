"""What was seen of each version at the front: how many, how many failed, how long they took.

Counts by slots of time and steps of 2 % of latency, so what is kept has a bound however much comes:
a minute in quarters of a second, an hour in steps of five seconds.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

_STEP = math.log(1.02)
_LEAST_S = 1e-5
_FINE_S, _COARSE_S = 0.25, 5.0
_FINE_KEPT, _COARSE_KEPT = 240, 720
LONGEST_S = _COARSE_S * _COARSE_KEPT


@dataclass(frozen=True, slots=True)
class Window:
    """The requests to one version within the last ``seconds``.

    ``errors``: it failed, was late, or its process ended; ``refused``: the request was at fault.
    The latencies are None where nothing was answered; they are right to 2 %.
    """

    seconds: float
    requests: int
    errors: int
    refused: int
    p50_ms: float | None
    p99_ms: float | None

    @property
    def error_rate(self) -> float | None:
        """The share of errors; None where nothing was asked."""
        return self.errors / self.requests if self.requests else None


@dataclass(slots=True)
class _Slot:
    number: int
    requests: int = 0
    errors: int = 0
    refused: int = 0
    steps: dict[int, int] = field(default_factory=dict)

    def add(self, step: int | None, status: int) -> None:
        self.requests += 1
        if status >= 500:
            self.errors += 1
        elif status >= 400:
            self.refused += 1
        if step is not None:
            self.steps[step] = self.steps.get(step, 0) + 1


class _Ring:
    """Slots of one length, the newest last."""

    def __init__(self, length_s: float, kept: int) -> None:
        self.length_s = length_s
        self._slots: deque[_Slot] = deque(maxlen=kept)

    def add(self, now: float, step: int | None, status: int) -> None:
        number = int(now / self.length_s)
        if not self._slots or self._slots[-1].number != number:
            self._slots.append(_Slot(number))
        self._slots[-1].add(step, status)

    def since(self, begun: float) -> Iterable[_Slot]:
        """The slots that lie behind ``begun``, and that which it falls into."""
        first = int(begun / self.length_s)
        return (slot for slot in self._slots if slot.number >= first)


class Tally:
    """The counts of one version."""

    def __init__(self) -> None:
        self._fine = _Ring(_FINE_S, _FINE_KEPT)
        self._coarse = _Ring(_COARSE_S, _COARSE_KEPT)

    def add(self, status: int, seconds: float | None) -> None:
        """A request ended with ``status`` after ``seconds``; None where it had no answer."""
        now = time.monotonic()
        step = None
        if seconds is not None:
            step = int(math.log(max(seconds, _LEAST_S) / _LEAST_S) / _STEP)
        self._fine.add(now, step, status)
        self._coarse.add(now, step, status)

    def window(self, seconds: float) -> Window:
        """What came within the last ``seconds``, an hour at most."""
        seconds = min(seconds, LONGEST_S)
        fine = seconds <= _FINE_S * (_FINE_KEPT - 1)
        slots = list((self._fine if fine else self._coarse).since(time.monotonic() - seconds))
        steps: dict[int, int] = {}
        for slot in slots:
            for step, count in slot.steps.items():
                steps[step] = steps.get(step, 0) + count
        return Window(
            seconds,
            sum(slot.requests for slot in slots),
            sum(slot.errors for slot in slots),
            sum(slot.refused for slot in slots),
            _quantile_ms(steps, 0.5),
            _quantile_ms(steps, 0.99),
        )


def _quantile_ms(steps: dict[int, int], share: float) -> float | None:
    total = sum(steps.values())
    if not total:
        return None
    reached = 0
    for step in sorted(steps):
        reached += steps[step]
        if reached >= share * total:
            break
    return _LEAST_S * math.exp((step + 0.5) * _STEP) * 1000
