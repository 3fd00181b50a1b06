"""numpy arrays, and scipy's compressed sparse matrices, as tables.

A plain array of one or two dimensions has one column for each of its columns; a wide or deeper one
is one column of all its values in C order. Byte order and memory layout are no part of the values.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from snapbook.canonical import Json
from snapbook.parts.frame.objects import Clock, from_objects
from snapbook.parts.frame.table import Column, Loaded, Table
from snapbook.parts.frame.values import Fixed, NotCanonical

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDEST = 1000  # columns of an array that get a digest and a profile each


def dtype_json(dtype: Any) -> Json:
    """The dtype as JSON without its byte order: {"np": "f8"}, {"np": "M8[ns]"}, {"np": "U3"}."""
    return {"np": dtype.str[1:]}


def fixed(array: NDArray[Any], nulls: NDArray[Any] | None = None) -> Fixed:
    """The values of a one-dimensional ``array`` of numbers, booleans or times.

    Shares the array's memory unless its byte order is foreign. Raises NotCanonical for others.
    """
    dtype = array.dtype
    if dtype.kind not in "biufcmM" or dtype.itemsize > (16 if dtype.kind == "c" else 8):
        raise NotCanonical(f"values of dtype {dtype}")
    if not dtype.isnative:
        array = array.astype(dtype.newbyteorder("="))
    if sys.byteorder != "little":
        array = array.astype(array.dtype.newbyteorder("<"))
    if dtype.kind in "mM":
        return Fixed(dtype.str[1:], array.view("<i8"), nulls)
    return Fixed(f"{dtype.kind}{dtype.itemsize}", array, nulls)


def load_array(array: NDArray[Any], clock: Clock) -> Loaded:
    """The values of a one-dimensional ``array`` of any dtype."""
    clock.check()
    dtype = array.dtype
    hint: Json = None if dtype.isnative else {"order": ">"}
    if dtype.kind in "OUST":
        found = from_objects(array.tolist(), clock)
        schema = {"np": dtype.str[1:] if dtype.kind in "US" else dtype.kind}
        if found.missing is not None:
            schema["missing"] = found.missing
        return Loaded(found.values, schema, hint)
    return Loaded(fixed(array), dtype_json(dtype), hint)


def open_table(obj: Any, kind: str) -> Table:
    """An array or sparse matrix as a table."""
    if kind.startswith("scipy."):
        return _sparse(obj, kind)
    import numpy as np

    nulls = None
    if isinstance(obj, np.ma.MaskedArray):
        nulls = np.ma.getmaskarray(obj)
        kind = "numpy.ma.MaskedArray"
    array = np.ndarray.view(obj, np.ndarray)
    if array.dtype.names is not None:
        return _structured(array)
    wide = array.ndim == 2 and array.shape[1] > WIDEST
    if array.ndim in (1, 2) and not wide:
        rows = array.shape[0]
        count = 1 if array.ndim == 1 else array.shape[1]
        columns = tuple(
            _column(place, _lane(array, place), None if nulls is None else _lane(nulls, place))
            for place in range(count)
        )
    else:
        rows = array.size
        flat = array.reshape(-1)
        columns = (_column(0, flat, None if nulls is None else nulls.reshape(-1)),)
    schema: dict[str, Json] = {"cut": list(array.shape[1:])}
    return Table(kind, array.shape, rows, columns, schema=schema)


def _lane(array: NDArray[Any], place: int) -> NDArray[Any]:
    return array if array.ndim == 1 else array[:, place]


def _column(name: Json, lane: NDArray[Any], nulls: NDArray[Any] | None = None) -> Column:
    def load(clock: Clock) -> Loaded:
        if nulls is None:
            return load_array(lane, clock)
        clock.check()
        return Loaded(fixed(lane, nulls if nulls.any() else None), dtype_json(lane.dtype))

    return Column(name, str(lane.dtype), load)


def _structured(array: NDArray[Any]) -> Table:
    if array.ndim != 1:
        raise NotCanonical("a structured array of several dimensions")
    names = array.dtype.names or ()
    columns = tuple(_column(name, array[name]) for name in names if array[name].ndim == 1)
    if len(columns) != len(names):
        raise NotCanonical("a structured array with nested shapes")
    return Table("numpy.ndarray", array.shape, len(array), columns, schema={"fields": True})


def _sparse(obj: Any, kind: str) -> Table:
    """Three columns of their own lengths: values, indices, pointers, in canonical order."""
    import numpy as np

    tidy = obj if obj.has_canonical_format else obj.copy()
    tidy.sum_duplicates()
    arrays = {
        "data": tidy.data,
        "indices": tidy.indices.astype(np.int64, copy=False),
        "indptr": tidy.indptr.astype(np.int64, copy=False),
    }
    columns = tuple(_column(name, array) for name, array in arrays.items())
    schema: dict[str, Json] = {"cut": list(tidy.shape[1:])}
    return Table(kind, tuple(obj.shape), int(obj.shape[0]), columns, schema=schema)
