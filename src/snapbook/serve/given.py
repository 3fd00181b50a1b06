"""A Table as the model wants its rows: a frame with the columns and types of training, an array, or
columns by name.

Knows pandas and numpy, no framework. A column's type is that of training, so that a model sees what
it was fitted on; a category that was not seen then stays what it is, and the model decides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from snapbook.serve.schema import Column, Schema
from snapbook.serve.table import Layout, Table

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"

Given: TypeAlias = Callable[[Table], Any]


def frames(schema: Schema, layout: Layout) -> Given:
    """What makes pandas frames of tables."""
    import pandas as pd

    names = pd.Index(schema.names)
    alike = layout.blocks[0].stored != "object" and len(layout.blocks) == 1
    if alike and all(column.type == column.stored for column in schema.columns):
        # Nothing is copied, and no column is looked at.
        return lambda table: pd.DataFrame(table.arrays[0], columns=names, copy=False)

    def frame(table: Table) -> Any:
        columns = [
            _series(column, layout.column(table, place))
            for place, column in enumerate(schema.columns)
        ]
        found = pd.DataFrame(dict(enumerate(columns)), copy=False)
        found.columns = names
        return found

    return frame


def arrays(layout: Layout) -> Given:
    """What makes arrays (rows, columns) of tables."""
    import numpy as np

    def array(table: Table) -> Any:
        if len(table.arrays) == 1:
            return table.arrays[0]
        return np.column_stack([layout.column(table, place) for place in range(layout.width)])

    return array


def columns(schema: Schema, layout: Layout) -> Given:
    """What makes columns by name of tables, each (rows,)."""
    places = dict(zip(schema.names, range(layout.width), strict=True))
    return lambda table: {name: layout.column(table, at) for name, at in places.items()}


def _series(column: Column, values: Array) -> Any:
    """The values of one column in the type that it had in training."""
    import pandas as pd

    if column.stored != "object":
        plain = column.type == column.stored
        return values if plain else pd.array(values, dtype=_extension(column))
    listed = values.tolist()
    if column.kind == "category":
        return pd.Categorical(listed, _categories(column, listed), ordered=column.ordered)
    if column.kind == "time":
        wanted: Any = column.type if column.type.startswith("datetime64") else "datetime64[ns]"
        return pd.Series(pd.to_datetime(listed, utc="," in column.type)).astype(wanted)
    if column.kind in ("int", "bool", "text"):
        return pd.array(listed, dtype=_extension(column))
    if column.type == "object":
        return pd.Series(listed, dtype=object)
    return pd.Series(listed)


def _extension(column: Column) -> Any:
    """The type of pandas' own for values that may be null, or were so in training."""
    if column.kind == "text":
        return "str" if column.type == "str" else "string"
    if column.kind == "bool":
        return "boolean"
    lower = column.type.lower()
    return "UI" + lower[2:] if lower.startswith("u") else lower.capitalize()


def _categories(column: Column, listed: list[Any]) -> list[Any] | None:
    """Those of training, and those that came beside them; None where none are known."""
    if not column.categories:
        return None
    unseen = {value for value in listed if value is not None} - set(column.categories)
    return [*column.categories, *sorted(unseen, key=str)]
