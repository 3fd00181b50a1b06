"""Whose fault a prediction that failed is: that of the values that were sent, or the model's own.

A model says by an exception that it does not take a value, and by the same ones that it is broken.
So it is asked for a row that it is known to answer: one of the bundle's sample, else the first that
it answered here. Does it answer that one still, then what was sent is at fault; else it is the
model, whatever was sent. That costs one row for each request that fails, and no more: which value
it was is seen by looking. Knows tables and the predictor, no HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from snapbook.errors import SnapbookError
from snapbook.serve.predictor import Predictor
from snapbook.serve.refusal import Failed, Unfit
from snapbook.serve.table import Table

_REFUSES = (ValueError, TypeError)
_NEVER = (MemoryError, OSError)  # says nothing of values, and what is no Exception at all neither
_WORDS = {"text": "text", "number": "a number"}


class Blame:
    """The judge of one ``predictor``; ``sample`` are the bundle's own rows, None where it has none.

    Called by the thread that predicts, and by no other.
    """

    def __init__(self, predictor: Predictor, sample: Table | None) -> None:
        self._predictor = predictor
        self._vouched = sample is not None
        self._proof = _first(sample) if sample is not None else None

    def answered(self, table: Table) -> None:
        """The model answered ``table``: that tells what it can, where no sample does."""
        if self._proof is None:
            self._proof = _first(table)

    def of(self, table: Table, methods: Sequence[str], failed: Failed) -> SnapbookError:
        """What to answer to a request for ``table`` that ``failed``: that, or why it is Unfit."""
        cause = failed.cause
        if not isinstance(cause, Exception) or isinstance(cause, _NEVER):
            return failed
        found = self._other(table) or self._predictor.unseen(table)
        # Without a sample nobody has said that the model is right where it was not looked at.
        if found is None and self._vouched and isinstance(cause, _REFUSES):
            found = Unfit("the model does not take these values")
        if found is None:
            return failed
        if self._proof is not None and not self._answers(methods, self._proof):
            return failed
        found.__cause__ = failed
        return found

    def _answers(self, methods: Sequence[str], proof: Table) -> bool:
        try:
            for method in methods:
                self._predictor.answer(method, proof)
        except Failed:
            return False
        return True

    def _other(self, table: Table) -> Unfit | None:
        """The first value of a column without a type that is of another kind than the proof's."""
        if self._proof is None:
            return None
        layout = self._predictor.layout
        for place, column in enumerate(self._predictor.schema.columns):
            if column.kind != "any":
                continue
            (known,) = layout.column(self._proof, place).tolist()
            wanted = _kind(known)
            for row, value in enumerate(layout.column(table, place).tolist()):
                given = _kind(value)
                if wanted and given and given != wanted and not _reads(value, wanted):
                    why = (
                        f"{column.name} in row {row} is {_WORDS[given]}, it takes {_WORDS[wanted]}"
                    )
                    return Unfit(why, column.name, row)
        return None


def _first(table: Table) -> Table:
    return Table(1, tuple(array[:1].copy() for array in table.arrays))


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    return "number" if isinstance(value, int | float) and value == value else ""


def _reads(value: Any, wanted: str) -> bool:
    """Whether ``value`` is a number that is written as text, which models read."""
    if wanted != "number":
        return False
    try:
        float(value)
    except ValueError:
        return False
    return True
