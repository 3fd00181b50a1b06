"""What a served version met: rows that it answered, what was refused, what came of them later.

Values in arrays, oldest first. Numbers are float64 with NaN where they are missing; all else is
text, None where it is missing, as `text` makes it. Knows neither files nor requests on a wire.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"

LONGEST = 200  # characters of a text


@dataclass(frozen=True, slots=True)
class Answers:
    """Rows and what was predicted of each: ``time`` in seconds since 1970, ``ms`` of the request
    that it came with, ``row`` of it. ``predicted`` are numbers, or labels as text.
    """

    time: Array
    request: Array
    row: Array
    ms: Array
    predicted: Array
    columns: Mapping[str, Array]

    def __len__(self) -> int:
        return len(self.time)

    def part(self, chosen: Any) -> Answers:
        """The rows that are ``chosen``: a mask, places, or a slice."""
        columns = {name: values[chosen] for name, values in self.columns.items()}
        return Answers(
            self.time[chosen], self.request[chosen], self.row[chosen], self.ms[chosen],
            self.predicted[chosen], columns,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What was true of rows, told later: ``value`` is a number or a label as text."""

    time: Array
    request: Array
    row: Array
    value: Array

    def __len__(self) -> int:
        return len(self.time)

    def part(self, chosen: Any) -> Outcomes:
        """Those that are ``chosen``: a mask, places, or a slice."""
        return Outcomes(
            self.time[chosen], self.request[chosen], self.row[chosen], self.value[chosen]
        )


@dataclass(frozen=True, slots=True)
class Traffic:
    """Counts of stretches of time, each from ``time`` for ``seconds``: of all requests, not only
    of those that were kept. ``failed`` are our errors, ``refused`` the client's.
    """

    time: Array
    seconds: Array
    requests: Array
    rows: Array
    failed: Array
    refused: Array
    kept: Array
    lost: Array
    p50_ms: Array
    p99_ms: Array

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, slots=True)
class Refused:
    """Requests that did not fit: the ``kind`` of the refusal and the ``column`` ("": none)."""

    time: Array
    kind: Array
    column: Array

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, slots=True)
class Told:
    """Rows of which the outcome is known, in the order of their answers."""

    answers: Answers
    outcome: Array
    came: Array  # when it was told

    def __len__(self) -> int:
        return len(self.outcome)


def text(value: Any) -> str | None:
    """``value`` of a column that is no number, or a label, as profiles have it; None: missing."""
    if value is None or value != value:
        return None
    return value if type(value) is str else str(value)


def texts(values: Sequence[Any]) -> Array:
    """``values`` as an array of texts."""
    import numpy as np

    found = np.empty(len(values), dtype=object)
    found[:] = [None if (said := text(value)) is None else said[:LONGEST] for value in values]
    return found


def joined(several: Sequence[Answers]) -> Answers:
    """One after another; columns that not all of them have are left out. ``several`` has one."""
    import numpy as np

    if len(several) == 1:
        return several[0]
    names = [name for name in several[0].columns if all(name in one.columns for one in several)]
    return Answers(
        np.concatenate([one.time for one in several]),
        np.concatenate([one.request for one in several]),
        np.concatenate([one.row for one in several]),
        np.concatenate([one.ms for one in several]),
        np.concatenate([one.predicted for one in several]),
        {name: np.concatenate([one.columns[name] for one in several]) for name in names},
    )


def matched(answers: Answers, outcomes: Outcomes) -> Told:
    """The rows whose outcome is known. Where one was told twice, the later counts."""
    import numpy as np

    last = {
        key: place
        for place, key in enumerate(
            zip(outcomes.request.tolist(), outcomes.row.tolist(), strict=True)
        )
    }
    places, theirs = [], []
    seen: set[tuple[str, int]] = set()
    keys = list(zip(answers.request.tolist(), answers.row.tolist(), strict=True))
    for place in range(len(keys) - 1, -1, -1):  # of a request that was repeated the last answer
        found = last.get(keys[place])
        if found is not None and keys[place] not in seen:
            seen.add(keys[place])
            places.append(place)
            theirs.append(found)
    at = np.array(places[::-1], dtype=np.int64)
    of = np.array(theirs[::-1], dtype=np.int64)
    return Told(answers.part(at), outcomes.value[of], outcomes.time[of])
