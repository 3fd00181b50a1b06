"""Whether values are what a column takes, and the same values as an array.

One function a kind of column, for values out of JSON, and one for arrays that came as bytes. Each
names the first value that does not fit by its row. Knows nothing of requests.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from snapbook.serve.refusal import Unfit
from snapbook.serve.schema import Column, Kind

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"

_TYPES: dict[Kind, frozenset[type]] = {
    "float": frozenset({float, int}),
    "int": frozenset({int, float}),
    "bool": frozenset({bool}),
    "text": frozenset({str}),
    "category": frozenset({str, int, float, bool}),
    "time": frozenset({str}),
    "any": frozenset({str, int, float, bool}),
}
_WORDS = {str: "text", bool: "true or false", list: "a list", dict: "an object", float: "a number",
          int: "a number", type(None): "null"}  # fmt: skip


def taken(column: Column, values: Sequence[Any]) -> Array:
    """``values`` out of JSON as what holds the column. Raises Unfit."""
    import numpy as np

    wrong = set(map(type, values)) - _TYPES[column.kind]
    if wrong and wrong != {type(None)}:
        raise _mistyped(column, values)
    if wrong and not column.nullable:
        raise _null(column, _place(values, lambda value: value is None))
    if column.kind == "float":
        try:
            return narrowed(column, np.array(values, dtype=np.float64))
        except OverflowError:
            row = _place(values, lambda value: type(value) is int and _huge(value))
            raise Unfit(f"{_at(column, row)} is too large", column.name, row) from None
    if column.kind == "int":
        return _whole(column, values)
    if column.kind == "time":
        values = [_moment(column, value, row) for row, value in enumerate(values)]
    if column.kind == "any":
        _finite(column, values)
    array = np.empty(len(values), dtype=column.stored)
    array[:] = values
    return array


def cast(column: Column, array: Array) -> Array:
    """An array that came as bytes, (rows,), as what holds the column. Raises Unfit."""
    import numpy as np

    given = array.dtype.kind
    if column.kind == "float" and given in "fiu":
        return narrowed(column, array)
    if column.kind == "bool" and given == "b":
        return array.astype(column.stored)
    if given in "Ob" or column.kind in ("category", "any") or (
        column.kind == "int" and given in "iu" and column.stored == "object"
    ):  # fmt: skip
        return taken(column, array.tolist())
    if column.kind == "int" and given in "iu":
        bounds = np.iinfo(column.stored)
        outside = (array < bounds.min) | (array > bounds.max)
        if outside.any():
            raise _range(column, int(outside.argmax()))
        return array.astype(column.stored)
    raise Unfit(f"{column.name} came as {array.dtype}, it takes {column.takes}", column.name)


def narrowed(column: Column, array: Array) -> Array:
    """Numbers as a column of floats holds them; not a number is null. Raises Unfit."""
    import numpy as np

    with np.errstate(over="ignore"):
        found: Array = array.astype(column.stored)
    if np.isfinite(found).all():
        return found
    infinite = np.isinf(found)
    if infinite.any():
        row = int(infinite.argmax())
        raise Unfit(f"{_at(column, row)} is too large or infinite", column.name, row)
    if not column.nullable:
        raise _null(column, int(np.isnan(found).argmax()))
    return found


def _finite(column: Column, values: Sequence[Any]) -> None:
    """Raise Unfit for a number that no float holds: no model was fitted on one."""
    row = _place(values, lambda value: type(value) in (int, float) and _huge(value))
    if row < len(values):
        raise Unfit(f"{_at(column, row)} is too large or infinite", column.name, row)


def _whole(column: Column, values: Sequence[Any]) -> Array:
    import numpy as np

    if float in set(map(type, values)):
        row = _place(values, lambda value: type(value) is float and not value.is_integer())
        if row < len(values):
            why = f"{_at(column, row)} has a fraction, it takes whole numbers"
            raise Unfit(why, column.name, row)
        values = [None if value is None else int(value) for value in values]
    bounds = np.iinfo(column.type.lower())
    low, high = int(bounds.min), int(bounds.max)
    outside = _place(values, lambda value: value is not None and not low <= value <= high)
    if outside < len(values):
        raise _range(column, outside)
    array = np.empty(len(values), dtype=column.stored)
    array[:] = values
    return array


def _moment(column: Column, value: str | None, row: int) -> datetime | None:
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise Unfit(f"{_at(column, row)} is no time as ISO 8601", column.name, row) from None
    zoned = "," in column.type
    if (found.tzinfo is not None) != zoned:
        said = "needs a time zone" if zoned else "has a time zone, and may have none"
        raise Unfit(f"{_at(column, row)} {said}", column.name, row)
    return found


def _place(values: Sequence[Any], test: Callable[[Any], bool]) -> int:
    """Where the first value is that ``test`` holds for; how many there are if there is none."""
    return next((at for at, value in enumerate(values) if test(value)), len(values))


def _huge(value: float) -> bool:
    try:
        return math.isinf(float(value))
    except OverflowError:
        return True


def _at(column: Column, row: int) -> str:
    return f"{column.name} in row {row}"


def _null(column: Column, row: int) -> Unfit:
    return Unfit(f"{_at(column, row)} is null, which it may not be", column.name, row)


def _range(column: Column, row: int) -> Unfit:
    why = f"{_at(column, row)} is outside what {column.type} holds"
    return Unfit(why, column.name, row)


def _mistyped(column: Column, values: Sequence[Any]) -> Unfit:
    good = _TYPES[column.kind] | ({type(None)} if column.nullable else set())
    at = _place(values, lambda value: type(value) not in good)
    if values[at] is None:
        return _null(column, at)
    given = _WORDS.get(type(values[at]), "something else")
    why = f"{_at(column, at)} is {given}, it takes {column.takes}"
    return Unfit(why, column.name, at)
