"""Canonical values as Arrow arrays and tables."""

from __future__ import annotations

from typing import Any

from snapbook.parts.frame.from_arrow import json_type
from snapbook.parts.frame.names import json_name
from snapbook.parts.frame.stored import Stored
from snapbook.parts.frame.to_numpy import objects
from snapbook.parts.frame.values import Coded, Fixed, Text, Values, starts_of

NAT = -(2**63)


def make(stored: Stored, kind: str) -> Any:
    """The pyarrow object."""
    import pyarrow as pa

    facts: Any = stored.part.facts
    arrays = [
        array(stored.values(place), json_type(column["type"]["arrow"]))
        for place, column in enumerate(facts["columns"])
    ]
    name = kind.partition(".")[2]
    if name in ("Table", "RecordBatch"):
        fields = [
            pa.field(json_name(column["name"]), made.type)
            for column, made in zip(facts["columns"], arrays, strict=True)
        ]
        return getattr(pa, name).from_arrays(arrays, schema=pa.schema(fields))
    return pa.chunked_array(arrays) if name == "ChunkedArray" else arrays[0]


def array(values: Values, kind: Any) -> Any:
    """One Arrow Array of type ``kind``."""
    import pyarrow as pa

    t = pa.types
    if isinstance(values, Coded):
        codes = pa.array(values.codes, mask=values.codes < 0).cast(kind.index_type)
        words = array(values.categories, kind.value_type)
        return pa.DictionaryArray.from_arrays(codes, words, ordered=kind.ordered)
    if isinstance(values, Text) and values.tag != "mixed":
        return _text(values).cast(kind)
    if isinstance(values, Text):
        return pa.array(objects(values), type=kind)
    assert isinstance(values, Fixed)
    if t.is_null(kind):
        return pa.nulls(len(values.data))
    if t.is_boolean(kind):
        return pa.array(values.data.astype(bool), mask=values.nulls)
    return _fixed(values, kind)


def _fixed(values: Fixed, kind: Any) -> Any:
    import numpy as np
    import pyarrow as pa

    nulls, data = values.nulls, np.ascontiguousarray(values.data)
    if values.tag[:2] in ("M8", "m8"):
        nulls = data == NAT
    bits = None
    if nulls is not None and nulls.any():
        bits = pa.py_buffer(np.packbits(~nulls, bitorder="little").tobytes())
    return pa.Array.from_buffers(kind, len(data), [bits, pa.py_buffer(data)])


def _text(values: Text) -> Any:
    import numpy as np
    import pyarrow as pa

    kind = pa.large_string() if values.tag == "str" else pa.large_binary()
    bits = None
    if values.nulls is not None:
        bits = pa.py_buffer(np.packbits(~values.nulls, bitorder="little").tobytes())
    buffers = [bits, pa.py_buffer(starts_of(values)), pa.py_buffer(values.data)]
    return pa.Array.from_buffers(kind, len(values.lengths), buffers)
