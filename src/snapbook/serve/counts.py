"""Requests that ended, counted: what came of them and how long they took, kept or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from snapbook.serve.columns import Seen
from snapbook.serve.refusal import Unfit
from snapbook.watch.answers import Refused, Traffic, texts

Ended: TypeAlias = tuple[float, str, int, float, object]
"""When a request ended (since 1970), its id, status, milliseconds, and what it was about."""


def counted(every: Sequence[Ended], rows: int, lost: int) -> Traffic:
    """What ended within a tick: ``rows`` of it were kept, ``lost`` were not."""
    import numpy as np

    begun, ended = every[0][0], every[-1][0]
    times = np.array([ms for _, _, _, ms, _ in every])
    asked = sum(met.table.rows for *_, met in every if isinstance(met, Seen))
    failed = sum(status >= 500 for _, _, status, _, _ in every)
    refused = sum(400 <= status < 499 for _, _, status, _, _ in every)
    numbers = (
        begun, ended - begun, len(every), asked, failed, refused, rows, lost,
        np.quantile(times, 0.5), np.quantile(times, 0.99),
    )  # fmt: skip
    return Traffic(*(np.array([one], dtype=np.float64) for one in numbers))


def summed(several: Sequence[Traffic]) -> Traffic:
    """Counts of following stretches as one; of times the middle, and the longest."""
    import numpy as np

    first, last = several[0], several[-1]
    total = {
        name: sum(float(getattr(one, name)[0]) for one in several)
        for name in ("requests", "rows", "failed", "refused", "kept", "lost")
    }
    ended = float(last.time[0] + last.seconds[0])
    numbers = {
        "time": float(first.time[0]),
        "seconds": ended - float(first.time[0]),
        **total,
        "p50_ms": float(np.median([one.p50_ms[0] for one in several])),
        "p99_ms": max(float(one.p99_ms[0]) for one in several),
    }
    return Traffic(**{name: np.array([one], dtype=np.float64) for name, one in numbers.items()})


def refusals(every: Sequence[Ended]) -> Refused:
    """The requests that did not fit, by what was wrong."""
    import numpy as np

    errors = [met for *_, met in every if isinstance(met, Unfit)]
    return Refused(
        np.array([when for when, *_ in every]),
        texts([error.kind for error in errors]),
        texts([error.column or "" for error in errors]),
    )
