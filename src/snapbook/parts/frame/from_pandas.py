"""pandas DataFrames, Series and indexes as tables.

Knows the dtypes of pandas 2.2 and 3 by the names of their classes. What two libraries' versions say
differently about equal frames (the dtype of text labels, range or listed row numbers, the storage
behind ``str``) goes to hints, which restoring uses and digests do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from snapbook.canonical import Json
from snapbook.parts.frame.from_numpy import dtype_json, fixed, load_array
from snapbook.parts.frame.hashing import values_digest
from snapbook.parts.frame.names import name_json
from snapbook.parts.frame.objects import Clock, from_objects
from snapbook.parts.frame.table import Column, Loaded, Table
from snapbook.parts.frame.tagged import encode, name_of
from snapbook.parts.frame.values import Coded, Fixed, NotCanonical, Pair
from snapbook.parts.frame.zones import zone_text

if TYPE_CHECKING:
    from numpy.typing import NDArray


def open_table(obj: Any, kind: str) -> Table:
    """A pandas object as a table."""
    if kind == "pandas.Index":
        index, schema, hint = _index(obj)
        return Table(kind, (len(obj),), len(obj), (), index, {"index": schema}, {"index": hint})
    index, schema, hint = _index(obj.index)
    hints: dict[str, Json] = {"index": hint}
    attrs = _attrs(obj)
    if attrs is not None:
        hints["attrs"] = attrs
    if kind == "pandas.Series":
        column = _column(name_json(obj.name), obj.array)
        return Table(kind, (len(obj),), len(obj), (column,), index, {"index": schema}, hints)
    names, axis_schema, axis_hint = _axis(obj.columns)
    hints["axis"] = axis_hint
    columns = tuple(map(_column, names, _arrays(obj)))
    shape = (len(obj.index), len(names))
    return Table(
        kind, shape, shape[0], columns, index, {"index": schema, "axis": axis_schema}, hints
    )


def _arrays(frame: Any) -> Iterator[Any]:
    """The columns' arrays, without the cost of a Series each."""
    quick = getattr(frame, "_iter_column_arrays", None)
    if quick is not None:
        return iter(quick())
    return (frame.iloc[:, place].array for place in range(frame.shape[1]))


def _attrs(obj: Any) -> Json:
    """``attrs`` in hex if they are simple, else None."""
    if not obj.attrs:
        return None
    try:
        return encode(dict(obj.attrs)).hex()
    except NotCanonical:
        return None


def _axis(labels: Any) -> tuple[list[Json], Json, Json]:
    """Names, schema and hint of the column labels."""
    names = [name_json(label) for label in labels.tolist()]
    kind = name_of(type(labels))
    hint: dict[str, Json] = {"kind": kind, "dtype": str(labels.dtype)}
    if kind == "RangeIndex":
        hint["range"] = [labels.start, labels.stop, labels.step]
    elif kind == "CategoricalIndex":
        hint["categories"] = [name_json(label) for label in labels.categories.tolist()]
        hint["dtype"] = str(labels.categories.dtype)
        hint["ordered"] = bool(labels.ordered)
    elif kind in ("DatetimeIndex", "TimedeltaIndex", "PeriodIndex", "IntervalIndex"):
        # Labels as pandas objects; their own dtype is not told by them alone when empty.
        hint["freq"] = _freq(labels)
    return names, {"names": [name_json(name) for name in labels.names]}, hint


def _freq(index: Any) -> Json:
    freq = getattr(index, "freqstr", None)
    return freq if isinstance(freq, str) else None


def _index(index: Any) -> tuple[tuple[Column, ...], Json, Json]:
    """Levels, schema and hint of the row labels; a range has no levels."""
    kind = name_of(type(index))
    schema: dict[str, Json] = {"names": [name_json(name) for name in index.names]}
    hint: dict[str, Json] = {"kind": kind}
    if kind == "MultiIndex":
        levels = [
            _level(place, level, codes)
            for place, (level, codes) in enumerate(zip(index.levels, index.codes, strict=True))
        ]
        return tuple(levels), {**schema, "multi": True}, hint
    span = _range(index, kind)
    if span is not None:
        if kind == "RangeIndex":
            hint["range"] = [index.start, index.stop, index.step]
        return (), {**schema, "range": span}, hint
    freq = _freq(index)
    if freq is not None and kind in ("DatetimeIndex", "TimedeltaIndex"):
        hint["freq"] = freq
    array = index.to_numpy() if _is_plain(index.dtype) else index.array
    return (_column(0, array),), schema, hint


def _range(index: Any, kind: str) -> Json:
    """Start and step if the labels are 64-bit integers at equal distances, else None."""
    if kind == "RangeIndex":
        start, step, rows = index.start, index.step, len(index)
    elif kind == "Index" and index.dtype == "int64":
        labels, rows = index.to_numpy(), len(index)
        start = int(labels[0]) if rows else 0
        step = int(labels[1]) - start if rows > 1 else 1
        if rows > 2 and not _even(labels, step):
            return None
        if step == 0:
            return None
    else:
        return None
    return [start if rows else 0, step if rows > 1 else 1]


def _even(labels: NDArray[Any], step: int) -> bool:
    import numpy as np

    if not -(2**62) < step < 2**62:
        return False
    if not (np.diff(labels[:64]) == step).all():
        return False
    return bool((np.diff(labels) == step).all())


def _is_plain(dtype: Any) -> bool:
    """Whether the dtype is numpy's own."""
    return type(dtype).__module__.partition(".")[0] == "numpy"


def _level(place: int, level: Any, codes: Any) -> Column:
    def load(clock: Clock) -> Loaded:
        inner = load_index(level, clock)
        coded = Coded(codes_of(codes), inner.values)
        return Loaded(coded, {"level": inner.schema}, inner.hint)

    return Column(place, str(level.dtype), load)


def load_index(index: Any, clock: Clock) -> Loaded:
    """The values of an index that has one level, as those of a column."""
    array = index.to_numpy() if _is_plain(index.dtype) else index.array
    return load_column(array, clock)


def codes_of(codes: Any) -> NDArray[Any]:
    """Codes as a plain little-endian signed array."""
    import numpy as np

    plain: NDArray[Any] = np.asarray(codes)
    return plain.astype(plain.dtype.newbyteorder("<"), copy=False)


def _column(name: Json, array: Any) -> Column:
    return Column(name, str(array.dtype), lambda clock: load_column(array, clock))


def load_column(array: Any, clock: Clock) -> Loaded:
    """The values of one column's array. Raises NotCanonical for extension types of others."""
    clock.check()
    if name_of(type(array)) == "NumpyExtensionArray":
        array = array.to_numpy()
    dtype = array.dtype
    if _is_plain(dtype):
        kind = name_of(type(array))
        if kind in ("DatetimeArray", "TimedeltaArray"):
            return Loaded(Fixed(dtype.str[1:], array.asi8), dtype_json(dtype))
        return load_array(array, clock)
    name = name_of(type(dtype))
    loader = _LOADERS.get(name)
    if loader is not None and type(dtype).__module__.partition(".")[0] == "pandas":
        return loader(array, clock)
    if (
        hasattr(array, "_mask")
        and hasattr(array, "_data")
        and name.removesuffix("Dtype") in _MASKED
    ):
        nulls = array._mask if array._mask.any() else None
        return Loaded(fixed(array._data, nulls), {"nullable": name.removesuffix("Dtype")})
    raise NotCanonical(f"values of dtype {name}")


_MASKED = frozenset(
    [
        *("Boolean", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"),
        *("Float32", "Float64"),
    ]
)


def _zoned(array: Any, _clock: Clock) -> Loaded:
    unit = array.dtype.unit
    schema: Json = {"zone": zone_text(array.dtype.tz), "unit": unit}
    return Loaded(Fixed(f"M8[{unit}]", array.asi8), schema)


def _period(array: Any, _clock: Clock) -> Loaded:
    freq = str(array.dtype).removeprefix("period[").removesuffix("]")
    return Loaded(Fixed(f"period[{freq}]", array.asi8), {"period": freq})


def _categorical(array: Any, clock: Clock) -> Loaded:
    inner = load_index(array.categories, clock)
    schema: Json = {
        "category": inner.schema,
        "ordered": bool(array.ordered),
        "order": values_digest(inner.values),
    }
    return Loaded(Coded(codes_of(array.codes), inner.values), schema, inner.hint)


def _interval(array: Any, clock: Clock) -> Loaded:
    left, right = load_index(array.left, clock), load_index(array.right, clock)
    schema: Json = {"interval": left.schema, "closed": array.closed}
    return Loaded(Pair(left.values, right.values), schema)


def _sparse(array: Any, clock: Clock) -> Loaded:
    inner = load_column(array.to_dense(), clock)
    fill = encode(array.dtype.fill_value).hex()
    return Loaded(inner.values, {"sparse": inner.schema, "fill": fill})


def _string(array: Any, clock: Clock) -> Loaded:
    """``str`` (missing is NaN) or ``string`` (missing is NA), on Arrow or on objects."""
    dtype = array.dtype
    missing = getattr(dtype, "na_value", None)
    floating = isinstance(missing, float) or dtype.storage == "pyarrow_numpy"
    schema: Json = {"string": "str" if floating else "string"}
    hint: Json = {"storage": dtype.storage.removesuffix("_numpy")}
    if hasattr(array, "__arrow_array__") and dtype.storage != "python":
        from snapbook.parts.frame import from_arrow

        values = from_arrow.load_values(from_arrow.one_array(array.__arrow_array__()), clock)
        return Loaded(values, schema, hint)
    return Loaded(from_objects(array.to_numpy(dtype=object).tolist(), clock).values, schema, hint)


def _arrow(array: Any, clock: Clock) -> Loaded:
    from snapbook.parts.frame import from_arrow

    arrow = array.__arrow_array__()
    schema: Json = {"pandas_arrow": from_arrow.type_json(arrow.type)}
    return Loaded(from_arrow.load_values(from_arrow.one_array(arrow), clock), schema)


_LOADERS: dict[str, Callable[[Any, Clock], Loaded]] = {
    "DatetimeTZDtype": _zoned,
    "PeriodDtype": _period,
    "CategoricalDtype": _categorical,
    "IntervalDtype": _interval,
    "SparseDtype": _sparse,
    "StringDtype": _string,
    "ArrowDtype": _arrow,
}
