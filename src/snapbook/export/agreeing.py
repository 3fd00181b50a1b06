"""Whether two programs say the same to the same rows: classes alike, numbers near.

Knows arrays, and neither models nor files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

PROBABILITY = 1e-4  # by how much a probability may differ
NUMBER = 1e-4  # by how much a number may differ, as a part of itself
_NEAR_ZERO = 1e-6  # or as a part of the largest one
_SHOWN = 6  # columns of the worst row


@dataclass(frozen=True, slots=True)
class Answers:
    """One a row: a class or a number, and the probabilities of classes where they are told."""

    said: Array
    probable: Array | None


@dataclass(frozen=True, slots=True)
class Difference:
    """On how many rows they differ, and ``worst``, a sentence on the one that does so most.

    ``largest`` is the largest difference of a probability or a number, on any row.
    """

    differing: int
    largest: float
    worst: str = ""


def compared(
    wanted: Answers, found: Answers, table: pd.DataFrame, form: str = "ONNX"
) -> Difference:
    """How ``found``, said in ``form``, differs from ``wanted``, which the model says to the rows of
    ``table``.
    """
    import numpy as np

    count = len(table)
    apart = np.zeros(count)
    if wanted.said.dtype.kind == "f":
        scale = np.nanmax(np.abs(wanted.said), initial=0)
        close = np.isclose(found.said, wanted.said, NUMBER, _NEAR_ZERO * scale, equal_nan=True)
        differs = ~close.reshape(count, -1).all(axis=1)
        apart = _apart(wanted.said, found.said)
    else:
        differs = (found.said.astype(str) != wanted.said.astype(str)).reshape(count, -1).any(axis=1)
    if wanted.probable is not None and found.probable is not None:
        apart = _apart(wanted.probable, found.probable)
        differs |= ~(apart <= PROBABILITY)
    largest = float(np.nanmax(apart, initial=0))
    if not differs.any():
        return Difference(0, largest)
    place = int(np.argmax(np.where(differs, np.nan_to_num(apart, nan=np.inf) + 1, 0)))
    worst = _worst(place, table, wanted, found, form)
    return Difference(int(differs.sum()), largest, worst)


def _apart(wanted: Array, found: Array) -> Array:
    """By how much each row differs at most."""
    import numpy as np

    with np.errstate(invalid="ignore"):
        apart = np.abs(np.asarray(found, float) - np.asarray(wanted, float))
    apart[np.isnan(wanted.astype(float)) & np.isnan(np.asarray(found, float))] = 0
    largest: Array = apart.reshape(len(apart), -1).max(axis=1)
    return largest


def _worst(place: int, table: pd.DataFrame, wanted: Answers, found: Answers, form: str) -> str:
    row = table.iloc[place]
    shown = ", ".join(f"{name} {_short(row[name])}" for name in list(table.columns)[:_SHOWN])
    more = f" and {len(row) - _SHOWN} more" if len(row) > _SHOWN else ""
    return (
        f"row {table.index[place]} ({shown}{more}): "
        f"{_answer(found, place)} as {form}, {_answer(wanted, place)} from the model"
    )


def _answer(answers: Answers, place: int) -> str:
    said = _short(answers.said[place])
    if answers.probable is None:
        return said
    return f"{said} (probability {_short(answers.probable[place].max())})"


def _short(value: Any) -> str:
    try:
        return f"{float(value):.6g}"
    except (TypeError, ValueError):
        return str(value)[:40]


def one_a_row(said: Any) -> Array:
    """Answers, one a row, without a dimension of their own."""
    import numpy as np

    found = np.asarray(said)
    return found.reshape(found.shape[:-1]) if found.ndim > 1 and found.shape[-1] == 1 else found
