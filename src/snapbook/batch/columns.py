"""Arrow columns -> the Table that a served model is asked with, checked as a request's rows are.

Numbers that fit go by whole columns; whatever does not is taken value by value, by the very
functions that read requests, so that a row means here what it means there. Rows are counted from 0
in the whole of the input, not in the piece at hand. Knows no files and no model.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from snapbook.errors import nearest
from snapbook.serve import values
from snapbook.serve.refusal import Unfit
from snapbook.serve.schema import Column, Schema
from snapbook.serve.table import Layout, Table

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"


def checked_names(names: list[str], schema: Schema) -> None:
    """Raise Unfit unless ``names`` hold each input once. Others may be beside them."""
    for name in schema.names:
        if name not in names:
            near = nearest(name, names, 1)
            meant = f" (is it {near[0][:100]}?)" if near else ""
            raise Unfit(f"there is no column {name}{meant}", name)
    for place, name in enumerate(names):
        if name in names[:place]:
            raise Unfit(f"there are two columns {name[:100]!r}", name[:100])


def table(piece: Any, schema: Schema, layout: Layout, first: int) -> Table:
    """The inputs out of ``piece``, an Arrow table whose first row is row ``first`` of the input.

    Raises Unfit, which names the column and the row.
    """
    arrays = []
    for column in schema.columns:
        try:
            arrays.append(_taken(column, _whole(piece.column(column.name))))
        except Unfit as error:
            raise _moved(error, column, first) from None
    return layout.table(arrays, piece.num_rows)


def _moved(error: Unfit, column: Column, first: int) -> Unfit:
    """``error`` with its row counted from the beginning of the input."""
    if error.row is None:
        return error
    row = error.row + first
    why = error.why.replace(f"{column.name} in row {error.row}", f"{column.name} in row {row}", 1)
    return Unfit(why, column.name, row)


def _whole(chunked: Any) -> Any:
    """A column as one array of plain values: dictionaries are layout."""
    import pyarrow as pa

    array = chunked.combine_chunks() if isinstance(chunked, pa.ChunkedArray) else chunked
    if isinstance(array, pa.ChunkedArray):  # of no chunk at all
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.nulls(0, array.type)
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def _taken(column: Column, array: Any) -> Array:
    import pyarrow as pa

    t, kind = pa.types, array.type
    numeric = t.is_integer(kind) or t.is_floating(kind) or t.is_decimal(kind)
    if column.kind == "float" and numeric:
        wide = array.cast(pa.float64(), safe=False)
        return values.narrowed(column, wide.to_numpy(zero_copy_only=False))
    if column.kind == "int" and numeric:
        return _integers(column, array)
    if column.kind == "bool" and t.is_boolean(kind) and not array.null_count:
        return values.cast(column, array.to_numpy(zero_copy_only=False))
    if column.kind == "time" and (t.is_timestamp(kind) or t.is_date(kind)):
        return _times(column, array)
    return values.taken(column, _plain(array))


def _integers(column: Column, array: Any) -> Array:
    """Whole numbers; of floats those that are whole, and not a number is null."""
    import pyarrow as pa

    whole = pa.types.is_integer(array.type)
    if whole and not array.null_count and column.stored != "object":
        return values.cast(column, array.to_numpy(zero_copy_only=False))
    return values.taken(column, _plain(array if whole else array.cast(pa.float64(), safe=False)))


def _plain(array: Any) -> list[Any]:
    """The values as a request would bring them: not a number is null."""
    import pyarrow as pa

    if pa.types.is_decimal(array.type):
        array = array.cast(pa.float64(), safe=False)
    listed: list[Any] = array.to_pylist()
    if pa.types.is_floating(array.type):
        return [None if value is None or math.isnan(value) else value for value in listed]
    return listed


def _times(column: Column, array: Any) -> Array:
    import numpy as np
    import pyarrow as pa

    if array.null_count and not column.nullable:
        row = int(array.is_null().to_numpy(zero_copy_only=False).argmax())
        _null(column, row)
    zoned = "," in column.type
    if (getattr(array.type, "tz", None) is not None) != zoned and array.null_count < len(array):
        row = int(array.is_valid().to_numpy(zero_copy_only=False).argmax())
        said = "needs a time zone" if zoned else "has a time zone, and may have none"
        raise Unfit(f"{column.name} in row {row} {said}", column.name, row)
    if pa.types.is_date(array.type):
        array = array.cast(pa.timestamp("s") if str(array.type) == "date32[day]" else
                           pa.timestamp("ms"))  # fmt: skip
    found = np.empty(len(array), dtype="object")
    found[:] = array.to_pylist()
    return found


def _null(column: Column, row: int) -> NoReturn:
    why = f"{column.name} in row {row} is null, which it may not be"
    raise Unfit(why, column.name, row)
