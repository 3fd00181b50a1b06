"""The newest rows of a served model in memory, for who asks what it meets now.

Bounded in rows and in bytes, however much is asked. Of rows that are gone it still knows that they
were, by a hash of the request's id and how many it had, so that an outcome that is told late is
known to be one of ours.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from snapbook.watch.answers import Answers, Outcomes, Refused, Traffic, joined
from snapbook.watch.window import Met

if TYPE_CHECKING:
    from snapbook.watch.answers import Array

ROWS = 10_000
BYTES = 64 << 20
FIRST = 1_000  # predictions that later ones are held against
_TICKS = 7_200  # of traffic, which come once in half a second at most
KNOWN = 1_000_000  # ids


class Recent:
    """The newest answers, outcomes, refusals and counts of one process."""

    def __init__(self) -> None:
        self._answers: deque[tuple[Answers, int, frozenset[str]]] = deque()
        self._instead: Counter[str] = Counter()
        self._rows = 0
        self._bytes = 0
        self._outcomes: deque[Outcomes] = deque()
        self._told = 0
        self._refused: deque[Refused] = deque(maxlen=1_000)
        self._traffic: deque[Traffic] = deque(maxlen=_TICKS)
        self._first: list[Array] = []
        self._known: deque[tuple[Array, Array]] = deque()  # hashes in order, and the rows of each
        self._ids = 0

    def answered(self, answers: Answers, instead: frozenset[str] = frozenset()) -> None:
        """Remember rows, and forget the oldest for them. The requests ``instead`` were answered in
        the place of another version: their outcomes say nothing of how often this one is right,
        since it did not get them by chance.
        """
        size = _size(answers)
        self._answers.append((answers, size, instead))
        self._instead.update(instead)
        self._rows += len(answers)
        self._bytes += size
        while (self._rows > ROWS or self._bytes > BYTES) and len(self._answers) > 1:
            old, gone, lent = self._answers.popleft()
            self._rows -= len(old)
            self._bytes -= gone
            self._instead -= Counter(lent)
        if sum(map(len, self._first)) < FIRST:
            self._first.append(answers.predicted)
        rows: dict[str, int] = {}
        for request, row in zip(answers.request.tolist(), answers.row.tolist(), strict=True):
            rows[request] = max(rows.get(request, 0), row + 1)  # the last one is always kept
        self.know(rows)

    def know(self, requests: Mapping[str, int]) -> None:
        """Remember that these requests were answered, and how many rows each had."""
        import numpy as np

        hashes = np.fromiter(map(hash, requests), dtype=np.int64)
        self._known.append(_sorted(hashes, np.fromiter(requests.values(), dtype=np.int64)))
        self._ids += len(hashes)
        # Few long arrays are looked through faster than many short ones.
        while len(self._known) > 1 and len(self._known[-2][0]) <= 2 * len(self._known[-1][0]):
            last, before = self._known.pop(), self._known.pop()
            if len(last[0]) + len(before[0]) > KNOWN // 4:
                self._known += [before, last]
                break
            self._known.append(_sorted(*map(np.concatenate, zip(before, last, strict=True))))
        while self._ids > KNOWN and len(self._known) > 1:
            self._ids -= len(self._known.popleft()[0])

    def knows(self, request: str) -> int:
        """How many rows a request had that was answered here, and kept; 0 for any other. Of
        several with the same id the most.
        """
        import numpy as np

        wanted = hash(request)
        most = 0
        for hashes, rows in self._known:
            first, end = (int(np.searchsorted(hashes, wanted, side)) for side in ("left", "right"))
            most = max(most, int(rows[first:end].max(initial=0)))
        return most

    def told(self, outcomes: Outcomes) -> None:
        """Remember outcomes of what was this version's turn."""
        import numpy as np

        if self._instead:
            own = [one not in self._instead for one in outcomes.request.tolist()]
            outcomes = outcomes.part(np.array(own, dtype=bool))
        self._outcomes.append(outcomes)
        self._told += len(outcomes)
        while self._told > ROWS and len(self._outcomes) > 1:
            self._told -= len(self._outcomes.popleft())

    def refused(self, refused: Refused) -> None:
        """Remember requests that did not fit."""
        self._refused.append(refused)

    def counted(self, traffic: Traffic) -> None:
        """Remember counts."""
        self._traffic.append(traffic)

    def met(self, since: float) -> Met:
        """What there is from ``since`` on: of outcomes those that were told since then."""
        import numpy as np

        every = joined([one for one, *_ in self._answers]) if self._answers else None
        late = every.part(every.time >= since) if every is not None else None
        first = np.concatenate(self._first)[:FIRST] if self._first else None
        return Met(
            late,
            _since(Outcomes, self._outcomes, since),
            _since(Traffic, self._traffic, since),
            _since(Refused, self._refused, since),
            first,
            every,
        )


def _sorted(hashes: Array, rows: Array) -> tuple[Array, Array]:
    import numpy as np

    order = np.argsort(hashes, kind="stable")
    return hashes[order], rows[order]


def _size(answers: Answers) -> int:
    """The bytes that rows take, as if no text stood twice."""
    total = 0
    for values in (answers.request, answers.predicted, *answers.columns.values()):
        if values.dtype == object:
            total += sum(60 + len(one) for one in values.tolist() if one is not None)
        else:
            total += int(values.nbytes)
    return total


def _since(kind: Any, several: Iterable[Any], since: float) -> Any:
    import numpy as np

    newer = [one for one in several if len(one) and one.time[-1] >= since]
    if not newer:
        return None
    names = [field.name for field in fields(kind)]
    whole = [np.concatenate([getattr(one, name) for one in newer]) for name in names]
    chosen = whole[0] >= since
    return kind(*(array[chosen] for array in whole))
