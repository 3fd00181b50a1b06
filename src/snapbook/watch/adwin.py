"""ADWIN: a window over a stream that is as long as the stream is of one mean.

A. Bifet and R. Gavaldà, "Learning from Time-Changing Data with Adaptive Windowing", SDM 2007
(algorithm ADWIN2, section 3). Values are kept in buckets of 1, 2, 4, ... of them, at most
`_BUCKETS` of a size, so that a window of W values takes log W memory. Whenever two parts of the
window have means that lie further apart than chance allows, its oldest bucket goes.
"""

from __future__ import annotations

import math

_BUCKETS = 5  # of one size: M in the paper
_EVERY = 32  # values between two looks, as the paper's own code has it
_LEAST = 5  # values on each side of a cut


class Adwin:
    """The window. Values lie in 0 to 1; ``sure`` is how often a change is seen where none is."""

    def __init__(self, sure: float = 0.002) -> None:
        self._sure = sure
        # Rows of buckets, a row holds those of one size, the oldest first: sum and squared spread.
        self._rows: list[list[tuple[float, float]]] = [[]]
        self.seen = 0
        self.width = 0
        self._sum = 0.0
        self._spread = 0.0

    @property
    def mean(self) -> float:
        """The mean of the window."""
        return self._sum / self.width if self.width else 0.0

    def add(self, value: float) -> bool:
        """Add a value; whether the window was cut."""
        if self.width:
            away = value - self.mean
            self._spread += away * away * self.width / (self.width + 1)
        self._rows[0].append((value, 0.0))
        self._sum += value
        self.width += 1
        self.seen += 1
        self._compress()
        return self.seen % _EVERY == 0 and self._cut()

    def _compress(self) -> None:
        for at in range(len(self._rows)):
            row = self._rows[at]
            if len(row) <= _BUCKETS:
                return
            (a, spread_a), (b, spread_b) = row[0], row[1]
            del row[:2]
            size = 1 << at
            apart = (a - b) / size
            both = (a + b, spread_a + spread_b + apart * apart * size / 2)
            if at + 1 == len(self._rows):
                self._rows.append([])
            self._rows[at + 1].append(both)

    def _cut(self) -> bool:
        """Drop the oldest buckets for as long as the window has two means."""
        dropped = False
        while self.width > 2 * _LEAST and self._two():
            self._drop()
            dropped = True
        return dropped

    def _two(self) -> bool:
        before, total = 0, 0.0
        variance = self._spread / self.width
        log = math.log(2 * math.log(self.width) / self._sure)
        for at in range(len(self._rows) - 1, -1, -1):
            for held, _ in self._rows[at]:
                before += 1 << at
                total += held
                after = self.width - before
                if before < _LEAST or after < _LEAST:
                    continue
                part = 1 / (1 / (before - _LEAST + 1) + 1 / (after - _LEAST + 1))
                chance = math.sqrt(2 / part * variance * log) + 2 / 3 / part * log
                if abs(total / before - (self._sum - total) / after) > chance:
                    return True
        return False

    def _drop(self) -> None:
        while not self._rows[-1]:
            self._rows.pop()
        at = len(self._rows) - 1
        held, spread = self._rows[at].pop(0)
        size = 1 << at
        self.width -= size
        self._sum -= held
        apart = held / size - self.mean
        self._spread -= spread + apart * apart * size * self.width / (size + self.width)
        self._spread = max(self._spread, 0.0)
