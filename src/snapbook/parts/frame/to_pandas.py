"""Canonical values as pandas objects, under pandas 2.2 and 3."""

from __future__ import annotations

from typing import Any

from snapbook.parts.frame import tagged
from snapbook.parts.frame.names import json_name
from snapbook.parts.frame.stored import Stored
from snapbook.parts.frame.to_numpy import array as numpy_array
from snapbook.parts.frame.to_numpy import objects
from snapbook.parts.frame.values import Coded, Fixed, Pair, Text, Values
from snapbook.parts.frame.zones import zone_from


def make(stored: Stored, kind: str) -> Any:
    """The DataFrame, Series or Index."""
    import pandas as pd

    facts: Any = stored.part.facts
    index = _index(stored, facts)
    if kind == "pandas.Index":
        return index
    first = len(facts["index"])
    arrays = [
        column_array(stored.values(first + place), column)
        for place, column in enumerate(facts["columns"])
    ]
    # Series of a named dtype, because pandas 3 makes ``str`` of bare arrays of objects.
    lanes = [pd.Series(one, index=index, dtype=one.dtype, copy=False) for one in arrays]
    if kind == "pandas.Series":
        made = lanes[0].rename(json_name(facts["columns"][0]["name"]))
    else:
        made = pd.DataFrame(dict(enumerate(lanes)), index=index, copy=False)
        made.columns = _axis(facts)
    if "attrs" in facts["hint"]:
        made.attrs = tagged.decode(bytes.fromhex(facts["hint"]["attrs"]))
    return made


def column_array(values: Values, column: Any) -> Any:
    """One column's array: ndarray or extension array."""
    import pandas as pd

    schema = column["type"]
    hint = column.get("hint") or {}
    if "np" in schema:
        return numpy_array(values, column)
    if "zone" in schema:
        assert isinstance(values, Fixed)
        moments = pd.DatetimeIndex(values.data.view(f"M8[{schema['unit']}]"))
        # pandas makes its own kind of zone of a name (pytz or zoneinfo).
        zone = zone_from(schema["zone"]) if schema["zone"][0] in "+-" else schema["zone"]
        return moments.tz_localize("UTC").tz_convert(zone).array
    if "period" in schema:
        assert isinstance(values, Fixed)
        made: Any = pd.PeriodIndex  # its stubs lack from_ordinals
        return made.from_ordinals(values.data, freq=schema["period"]).array
    if "nullable" in schema:
        return _nullable(values, schema["nullable"])
    if "string" in schema:
        return _string(values, schema["string"], hint)
    if "category" in schema:
        assert isinstance(values, Coded)
        inner = {"type": schema["category"], "hint": column.get("hint")}
        words = index_of(column_array(values.categories, inner))
        return pd.Categorical.from_codes(values.codes, categories=words, ordered=schema["ordered"])
    if "interval" in schema:
        assert isinstance(values, Pair)
        inner = {"type": schema["interval"]}
        left = index_of(column_array(values.left, inner))
        right = index_of(column_array(values.right, inner))
        return pd.arrays.IntervalArray.from_arrays(left, right, closed=schema["closed"])
    if "sparse" in schema:
        fill = tagged.decode(bytes.fromhex(schema["fill"]))
        dense = column_array(values, {"type": schema["sparse"]})
        return pd.arrays.SparseArray(dense, dtype=pd.SparseDtype(dense.dtype, fill))
    return _arrow(values, schema["pandas_arrow"])


def index_of(array: Any) -> Any:
    """An Index of exactly the dtype of ``array``."""
    import pandas as pd

    return pd.Index(array, dtype=array.dtype)


def _nullable(values: Values, name: str) -> Any:
    import numpy as np
    import pandas as pd

    assert isinstance(values, Fixed)
    nulls = np.zeros(len(values.data), bool) if values.nulls is None else values.nulls.copy()
    if name == "Boolean":
        return pd.arrays.BooleanArray(values.data.astype(bool), nulls)
    if name.startswith("Float"):
        return pd.arrays.FloatingArray(values.data.copy(), nulls)
    return pd.arrays.IntegerArray(values.data.copy(), nulls)


def _string(values: Values, name: str, hint: Any) -> Any:
    import pandas as pd

    dtype = _string_dtype(name, str(hint.get("storage") or "python"))
    if "arrow" in dtype.storage and isinstance(values, Text) and values.tag == "str":
        import pyarrow as pa

        from snapbook.parts.frame import to_arrow

        return pd.array(pa_strings(to_arrow.array(values, pa.large_string())), dtype=dtype)
    missing = "na" if name == "string" else "nan"
    return pd.array(objects(values, missing), dtype=dtype)


def pa_strings(arrow: Any) -> Any:
    """Arrow strings as what `pandas.array` takes without a loop."""
    import pandas as pd

    return pd.arrays.ArrowExtensionArray(arrow)


def _string_dtype(name: str, storage: str) -> Any:
    """``str`` or ``string`` on ``storage``, or on what is here."""
    import numpy as np
    import pandas as pd

    try:
        import pyarrow  # noqa: F401 - only whether it is here
    except ImportError:
        storage = "python"
    if name == "string":
        return pd.StringDtype(storage)
    if pd.__version__.startswith("2."):
        return pd.StringDtype("pyarrow_numpy")
    return pd.StringDtype(storage, na_value=np.nan)


def _arrow(values: Values, kind: Any) -> Any:
    import pandas as pd

    from snapbook.parts.frame import to_arrow
    from snapbook.parts.frame.from_arrow import json_type

    return pd.arrays.ArrowExtensionArray(to_arrow.array(values, json_type(kind)))


def _index(stored: Stored, facts: Any) -> Any:
    import pandas as pd

    schema, hint = facts["schema"]["index"], facts["hint"]["index"]
    names = [json_name(name) for name in schema["names"]]
    if schema.get("multi"):
        levels, codes = [], []
        for place, level in enumerate(facts["index"]):
            values = stored.values(place)
            assert isinstance(values, Coded)
            inner = {"type": level["type"]["level"], "hint": level.get("hint")}
            levels.append(index_of(column_array(values.categories, inner)))
            codes.append(values.codes)
        return pd.MultiIndex(levels=levels, codes=codes, names=names)  # type: ignore[arg-type]  # takes arrays
    if "range" in hint:
        start, stop, step = hint["range"]
        return pd.RangeIndex(start, stop, step, name=names[0])
    if "range" in schema:
        import numpy as np

        start, step = schema["range"]
        labels = start + step * np.arange(facts["rows"], dtype=np.int64)
        return pd.Index(labels, name=names[0])
    index = index_of(column_array(stored.values(0), facts["index"][0]))
    index.name = names[0]
    if hint.get("freq") is not None:
        index.freq = hint["freq"]
    return index


def _axis(facts: Any) -> Any:
    """The column labels."""
    import pandas as pd

    labels = [json_name(column["name"]) for column in facts["columns"]]
    names = [json_name(name) for name in facts["schema"]["axis"]["names"]]
    hint = facts["hint"]["axis"]
    kind, dtype = hint["kind"], hint["dtype"]
    if kind == "MultiIndex":
        if not labels:
            return pd.MultiIndex.from_arrays([[] for _ in names], names=names)
        return pd.MultiIndex.from_tuples(labels, names=names)
    if kind == "RangeIndex":
        start, stop, step = hint["range"]
        return pd.RangeIndex(start, stop, step, name=names[0])
    if kind == "CategoricalIndex":
        words = pd.Index([json_name(w) for w in hint["categories"]], dtype=_label_dtype(dtype))
        return pd.CategoricalIndex(labels, categories=words, ordered=hint["ordered"], name=names[0])
    if kind != "Index" and not labels:
        return pd.Index([], dtype=dtype, name=names[0])
    if kind != "Index":
        index = pd.Index(labels, name=names[0])
        if hint.get("freq") is not None and kind in ("DatetimeIndex", "TimedeltaIndex"):
            index.freq = hint["freq"]
        return index
    # Tuples as labels of a plain Index must not become levels.
    index = pd.Index(labels, dtype=_label_dtype(dtype), tupleize_cols=False)
    return index.rename(names[0])


def _label_dtype(dtype: str) -> str:
    import pandas as pd

    if dtype == "str" and pd.__version__.startswith("2."):
        return "object"
    return dtype
