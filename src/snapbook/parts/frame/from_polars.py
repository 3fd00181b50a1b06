"""polars DataFrames and Series as tables, with or without pyarrow: the values are the same."""

from __future__ import annotations

from typing import Any

from snapbook.canonical import Json
from snapbook.parts.frame.from_numpy import fixed
from snapbook.parts.frame.names import name_json
from snapbook.parts.frame.objects import Clock, from_objects
from snapbook.parts.frame.table import Column, Loaded, Table
from snapbook.parts.frame.values import Coded, Fixed, NotCanonical, Text, Values, text_from

NAT = -(2**63)


def open_table(obj: Any, kind: str) -> Table:
    """A polars object as a table."""
    if kind == "polars.Series":
        return Table(kind, (len(obj),), len(obj), (_column(obj),))
    return Table(kind, tuple(obj.shape), obj.height, tuple(map(_column, obj.get_columns())))


def type_json(dtype: Any) -> Json:
    """A polars dtype as JSON. Raises NotCanonical for types outside the table."""
    name = str(dtype.base_type().__name__)
    if name == "Datetime":
        return {"Datetime": dtype.time_unit, "zone": dtype.time_zone}
    if name == "Duration":
        return {"Duration": dtype.time_unit}
    if name == "Decimal":
        return {"Decimal": [dtype.precision, dtype.scale]}
    if name == "Enum":
        return {"Enum": list(dtype.categories)}
    if name == "List":
        return {"List": type_json(dtype.inner)}
    if name == "Array":
        return {"Array": type_json(dtype.inner), "shape": list(dtype.shape)}
    if name == "Struct":
        return {"Struct": [[field.name, type_json(field.dtype)] for field in dtype.fields]}
    if name in ("Object", "Unknown"):
        raise NotCanonical(f"values of polars type {name}")
    return name


def json_type(value: Any) -> Any:
    """The polars dtype that `type_json` was given."""
    import polars as pl

    if isinstance(value, str):
        return getattr(pl, value)
    if "Datetime" in value:
        return pl.Datetime(value["Datetime"], value["zone"])
    if "Duration" in value:
        return pl.Duration(value["Duration"])
    if "Decimal" in value:
        return pl.Decimal(*value["Decimal"])
    if "Enum" in value:
        return pl.Enum(value["Enum"])
    if "List" in value:
        return pl.List(json_type(value["List"]))
    if "Array" in value:
        inner = json_type(value["Array"])
        while isinstance(inner, pl.Array):  # the shape names every dimension at once
            inner = inner.inner
        return pl.Array(inner, tuple(value["shape"]))
    return pl.Struct({name: json_type(of) for name, of in value["Struct"]})


def _column(series: Any) -> Column:
    def load(clock: Clock) -> Loaded:
        schema: Json = {"polars": type_json(series.dtype)}
        return Loaded(_values(series, clock), schema)

    return Column(name_json(series.name), str(series.dtype), load)


def _values(series: Any, clock: Clock) -> Values:
    import polars as pl

    clock.check()
    dtype = series.dtype
    base = dtype.base_type()
    if base in (pl.Categorical, pl.Enum):
        return _coded(series, clock)
    if base is pl.String:
        return _strings(series, clock)
    if base is pl.Binary:
        return text_from("bytes", series.to_list())
    if base is pl.Null or dtype.is_nested() or base is pl.Decimal:
        return from_objects(series.to_list(), clock).values
    physical = series.to_physical()
    nulls = series.is_null().to_numpy() if series.null_count() else None
    if base in (pl.Datetime, pl.Duration):
        kind = "M8" if base is pl.Datetime else "m8"
        filled = physical.fill_null(NAT) if nulls is not None else physical
        return Fixed(f"{kind}[{dtype.time_unit}]", filled.to_numpy())
    empty = False if base is pl.Boolean else 0
    plain = (physical.fill_null(empty) if nulls is not None else physical).to_numpy()
    if base in (pl.Date, pl.Time):  # as Arrow calls them
        return Fixed("date32" if base is pl.Date else "time64[ns]", plain, nulls)
    return fixed(plain, nulls)


def _strings(series: Any, clock: Clock) -> Text:
    """Through Arrow without a copy if pyarrow is here; the values are the same without it."""
    try:
        import pyarrow as pa
    except ImportError:
        return from_objects(series.to_list(), clock).values
    from snapbook.parts.frame import from_arrow

    values = from_arrow.load_values(from_arrow.one_array(pa.chunked_array(series)), clock)
    assert isinstance(values, Text)
    return values


def _coded(series: Any, clock: Clock) -> Coded:
    """Categories in the order in which they come first, so that no global pool shows."""
    import numpy as np
    import polars as pl

    words = series.cast(pl.String)
    first = words.drop_nulls().unique(maintain_order=True)
    places = {word: place for place, word in enumerate(first.to_list())}
    codes = np.fromiter(
        (places.get(word, -1) for word in words.to_list()), dtype="<i4", count=len(words)
    )
    return Coded(codes, from_objects(list(places), clock).values)
