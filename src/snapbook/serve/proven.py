"""Shorter ways to the answers of a model, of which each was seen to give what the model gives.

They are tried once, when the model is loaded, on rows that the model has answered and on others
that are drawn around them, in batches of several sizes: values, types and shapes have to be equal
bit for bit. A way that fails in this is forgotten. Draws the same rows each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from snapbook.serve import lean
from snapbook.serve.given import Given
from snapbook.serve.lean import Way
from snapbook.serve.refusal import Failed
from snapbook.serve.schema import Schema
from snapbook.serve.table import Layout, Table

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"

Ask: TypeAlias = "Callable[[str, Table], Array]"
_BATCHES = (1, 2, 16, 300)  # few and many rows may go different ways


def ways(
    model: Any, schema: Schema, layout: Layout, given: Given, ask: Ask, table: Table
) -> Mapping[str, Way]:
    """The ways that give what ``ask`` gives, the model itself, for rows like those of ``table``.

    They give None for rows that only the model can answer.
    """
    import numpy as np

    drawn = np.random.default_rng(0)
    whole = list(_batches(table, drawn))
    holed = [_holed(rows, drawn) for rows in whole]
    found = {}
    for method, make in lean.ways(model, schema, layout, given).items():
        own = partial(ask, method)
        if _right(own, make(False), whole):
            # Where a model takes no missing numbers the error is its own to raise.
            missing = _right(own, make(True), holed, all_answered=True)
            found[method] = make(missing)
    return found


def _batches(table: Table, drawn: np.random.Generator) -> Iterator[Table]:
    """Rows of ``table``, then others whose values are from it, or near."""
    import numpy as np

    yield _part(table, np.arange(min(table.rows, _BATCHES[-1])))
    for rows in _BATCHES:
        yield _part(table, drawn.integers(table.rows, size=rows))
        arrays = []
        for array in table.arrays:
            places = drawn.integers(table.rows, size=(rows, array.shape[1]))
            mixed = np.take_along_axis(array, places, axis=0)
            if array.dtype.kind == "f":
                with np.errstate(over="ignore", invalid="ignore"):
                    away = drawn.normal(size=mixed.shape) * (1 + np.abs(mixed)) / 4
                    near = (mixed + away).astype(array.dtype)
                mixed = np.where(np.isfinite(near), near, mixed)
            arrays.append(mixed)
        yield Table(rows, tuple(arrays))


def _part(table: Table, places: Array) -> Table:
    return Table(len(places), tuple(array[places] for array in table.arrays))


def _holed(table: Table, drawn: np.random.Generator) -> Table:
    """The same rows, with missing numbers among them."""
    import numpy as np

    arrays = [
        np.where(drawn.random(array.shape) < 0.3, np.nan, array).astype(array.dtype)
        if array.dtype.kind == "f"
        else array
        for array in table.arrays
    ]
    return Table(table.rows, tuple(arrays))


def _right(
    ask: Callable[[Table], Array], way: Way, tables: Sequence[Table], all_answered: bool = False
) -> bool:
    """Whether a way gives what the model gives, which has to answer the first table at least."""
    for place, table in enumerate(tables):
        try:
            told = ask(table)
        except Failed as error:
            if isinstance(error.cause, KeyboardInterrupt):
                raise KeyboardInterrupt from error
            if all_answered or place == 0:
                return False
            continue
        try:
            found = way(table)
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - a step of the user's own, which may do as it likes
            return False
        if found is not None and not _same(told, found):
            return False
    return True


def _same(one: Array, other: Array) -> bool:
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if one.dtype == object:
        return bool(one.tolist() == other.tolist())
    return one.tobytes() == other.tobytes()
