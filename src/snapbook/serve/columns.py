"""Rows that were answered, as columns to be kept: without what is hidden, and without secrets.

A text in which a rule of `secrets` finds something is kept without it, as is what stands in a
column whose name says that it is one. Texts are cut; of a request with many rows some are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snapbook.secrets.redactor import Redactor
from snapbook.serve.schema import Column, Schema
from snapbook.serve.table import Layout, Table, joined
from snapbook.watch.answers import LONGEST, Answers, text

if TYPE_CHECKING:
    from snapbook.watch.answers import Array

ROWS = 100  # of one request
_REMEMBERED = 5_000  # texts that were looked at


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that was answered: ``predicted`` is None where no prediction was asked for.

    ``size`` are the bytes that it came in. ``instead``: it was another version's turn.
    """

    table: Table
    predicted: Any
    size: int
    instead: bool = False


class Columns:
    """What makes columns of requests. ``numbers`` are the columns that training knows as such."""

    def __init__(
        self, schema: Schema, layout: Layout, hidden: frozenset[str], profiles: Mapping[str, Any]
    ) -> None:
        self._layout = layout
        self._clean = Clean()
        self._takes: list[tuple[str, int, Callable[[str, Array], Array]]] = []
        for place, column in enumerate(schema.columns):
            if column.name not in hidden:
                take = self._take(column, str(profiles.get(column.name, {}).get("kind", "")))
                self._takes.append((column.name, place, take))

    def answers(
        self, several: Sequence[tuple[float, str, float, Seen]], labels: bool
    ) -> Answers | None:
        """The rows of ``several`` requests: when, id, milliseconds and what was seen of each."""
        import numpy as np

        if not several:
            return None
        tables, rows = [], []
        for _, _, _, seen in several:
            kept = places(seen.table.rows)
            rows.append(kept)
            tables.append(Table(len(kept), tuple(array[kept] for array in seen.table.arrays)))
        table = joined(tables)
        counts = [len(kept) for kept in rows]
        predicted = [
            _predicted(one[3].predicted, kept) for one, kept in zip(several, rows, strict=True)
        ]
        given = [value for part in predicted for value in part]
        ids = np.empty(len(several), dtype=object)
        ids[:] = [one[1] for one in several]
        return Answers(
            np.repeat(np.array([one[0] for one in several], dtype=np.float64), counts),
            np.repeat(ids, counts),
            np.concatenate(rows).astype(np.int32),
            np.repeat(np.array([one[2] for one in several], dtype=np.float32), counts),
            self._labels(given) if labels else _floats(given),
            {
                name: take(name, self._layout.column(table, place))
                for name, place, take in self._takes
            },
        )

    def _take(self, column: Column, profiled: str) -> Callable[[str, Array], Array]:
        number = column.kind in ("float", "int") or (column.kind == "any" and profiled == "numeric")
        if number and profiled != "categories":
            return lambda _, values: _floats(values)
        return self._texts

    def _texts(self, name: str, values: Array) -> Array:
        return self._clean.texts(name, values.tolist())

    def _labels(self, given: Sequence[Any]) -> Array:
        return self._clean.texts("", [label(one) for one in given])


class Clean:
    """Texts without secrets; those that come again are not looked through again."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}

    def texts(self, name: str, values: Sequence[Any]) -> Array:
        """``values`` of the column ``name`` as texts."""
        import numpy as np

        found = np.empty(len(values), dtype=object)
        found[:] = [
            None if (said := text(one)) is None else self.text(name, said) for one in values
        ]
        return found

    def text(self, name: str, said: str) -> str:
        """One text, cut."""
        said = said[:LONGEST]
        known = self._known.get((name, said))
        if known is None:
            # One redactor for each: it remembers what it took, and this process lives long.
            (value,) = dict(_mapping(Redactor().redact_value({name: said}))).values()
            known = str(value)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[name, said] = known
        return known


def label(value: Any) -> str | None:
    """A label as text: the same whether it came out of a model or out of JSON."""
    if type(value) is float and value.is_integer():
        return str(int(value))
    return text(value)


def places(rows: int) -> Array:
    """The rows that are kept of a request that has so many: the first, the last and between."""
    import numpy as np

    if rows <= ROWS:
        return np.arange(rows)
    return np.linspace(0, rows - 1, ROWS).astype(np.int64)


def _predicted(predicted: Any, kept: Array) -> list[Any]:
    if predicted is None or predicted.ndim != 1:
        return [None] * len(kept)
    listed: list[Any] = predicted[kept].tolist()
    return listed


def _floats(values: Any) -> Array:
    """Numbers, NaN for whatever is none."""
    import numpy as np

    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return np.array([_float(one) for one in values], dtype=np.float64)


def _float(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
