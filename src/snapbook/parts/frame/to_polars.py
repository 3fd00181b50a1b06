"""Canonical values as polars Series and DataFrames."""

from __future__ import annotations

from typing import Any

from snapbook.parts.frame.from_polars import json_type
from snapbook.parts.frame.names import json_name
from snapbook.parts.frame.stored import Stored
from snapbook.parts.frame.to_numpy import objects
from snapbook.parts.frame.values import Coded, Fixed, Text, Values, pieces

NAT = -(2**63)


def make(stored: Stored, kind: str) -> Any:
    """The polars object."""
    import polars as pl

    facts: Any = stored.part.facts
    series = [
        _series(
            json_name(column["name"]), stored.values(place), json_type(column["type"]["polars"])
        )
        for place, column in enumerate(facts["columns"])
    ]
    return series[0] if kind == "polars.Series" else pl.DataFrame(series)


def _series(name: str, values: Values, dtype: Any) -> Any:
    import polars as pl

    if isinstance(values, Coded):
        words = objects(values.categories)
        texts = [words[code] if code >= 0 else None for code in values.codes.tolist()]
        return pl.Series(name, texts, dtype=pl.String).cast(dtype)
    if isinstance(values, Text):
        items = pieces(values) if values.tag == "bytes" else objects(values)
        return pl.Series(name, items, dtype=dtype, strict=False)
    assert isinstance(values, Fixed)
    if dtype == pl.Null:
        return pl.Series(name, [None] * len(values.data), dtype=pl.Null)
    data = values.data if values.tag != "b1" else values.data.astype(bool)
    nulls = values.nulls
    if values.tag[:2] in ("M8", "m8"):
        nulls = data == NAT
    made = pl.Series(name, data.copy()).cast(dtype)
    if nulls is not None and nulls.any():
        absent = pl.Series(name, [None], dtype=dtype)
        made = made.zip_with(pl.Series(~nulls), absent.new_from_index(0, len(data)))
    return made
