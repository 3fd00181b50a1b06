"""Canonical values as numpy arrays and scipy's sparse matrices."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from snapbook.parts.frame import tagged
from snapbook.parts.frame.stored import Stored
from snapbook.parts.frame.values import Fixed, Text, Values, pieces

if TYPE_CHECKING:
    from numpy.typing import NDArray


def make(stored: Stored, kind: str) -> Any:
    """The array or sparse matrix."""
    facts: Any = stored.part.facts
    columns = [array(stored.values(place), column) for place, column in enumerate(facts["columns"])]
    if kind.startswith("scipy."):
        import scipy.sparse

        data, indices, indptr = columns
        shape = tuple(facts["shape"])
        return getattr(scipy.sparse, kind.rpartition(".")[2])((data, indices, indptr), shape=shape)
    if facts["schema"].get("fields"):
        return _structured(facts, columns)
    return _shaped(stored, kind, facts, columns)


def array(values: Values, column: Any) -> NDArray[Any]:
    """One column as a one-dimensional array of its own dtype."""
    import numpy as np

    schema = column["type"]
    dtype = np.dtype(schema["np"])
    if dtype.kind in "OUST":
        items = objects(values, schema.get("missing"))
        if dtype.kind == "O":
            return object_array(items)
        return np.array(items, dtype=dtype)
    assert isinstance(values, Fixed)
    found = values.data.view(dtype) if dtype.kind in "mM" else values.data
    order = (column.get("hint") or {}).get("order")
    if order is not None:
        return found.astype(found.dtype.newbyteorder(order))
    # Blobs are read-only memory; what the user gets is theirs to change.
    return found if found.flags.writeable else found.copy()


def objects(values: Values, missing: str | None = None) -> list[Any]:
    """Text or tagged values as Python objects, ``missing`` being what stands for nulls."""
    assert isinstance(values, Text)
    absent = missing_value(missing)
    if values.tag == "mixed":
        return [tagged.decode(piece) if piece is not None else absent for piece in pieces(values)]
    if values.tag == "bytes":
        return [absent if piece is None else piece for piece in pieces(values)]
    if values.nulls is None and (ascii_text := _ascii(values)) is not None:
        ends = [0, *values.lengths.cumsum(dtype="i8").tolist()]
        return [ascii_text[a:b] for a, b in pairwise(ends)]
    return [
        absent if piece is None else piece.decode("utf-8", "surrogatepass")
        for piece in pieces(values)
    ]


def missing_value(name: str | None) -> Any:
    """The object for nulls: None, NaN, NA or NaT."""
    if name in (None, "none"):
        return None
    if name == "nan":
        return math.nan
    import pandas as pd

    return pd.NA if name == "na" else pd.NaT


def object_array(items: list[Any]) -> NDArray[Any]:
    """A one-dimensional array of objects, whatever they are."""
    import numpy as np

    found = np.empty(len(items), dtype=object)
    found[:] = items if not any(type(item) in (list, tuple, np.ndarray) for item in items) else None
    if len(items) and found[0] is None and items[0] is not None:
        for place, item in enumerate(items):
            found[place] = item
    return found


def _ascii(values: Text) -> str | None:
    raw = values.data.tobytes()
    return raw.decode("ascii") if raw.isascii() else None


def _structured(facts: Any, columns: list[NDArray[Any]]) -> NDArray[Any]:
    import numpy as np

    names = [column["name"] for column in facts["columns"]]
    made = np.empty(
        facts["rows"], dtype=[(n, c.dtype) for n, c in zip(names, columns, strict=True)]
    )
    for name, column in zip(names, columns, strict=True):
        made[name] = column
    return made


def _shaped(stored: Stored, kind: str, facts: Any, columns: list[NDArray[Any]]) -> NDArray[Any]:
    import numpy as np

    shape = tuple(facts["shape"])
    if len(columns) == 1:
        made = columns[0].reshape(shape)
    elif columns:
        made = np.empty(shape, dtype=columns[0].dtype)
        for place, column in enumerate(columns):
            made[:, place] = column
    else:
        made = np.empty(shape, dtype=facts["hint"].get("dtype", "f8"))
    if kind == "numpy.ma.MaskedArray":
        masks = [stored.values(place) for place in range(len(columns))]
        flat = [
            np.zeros(len(v.data), bool) if v.nulls is None else v.nulls
            for v in masks
            if isinstance(v, Fixed)
        ]
        mask = flat[0].reshape(shape) if len(flat) == 1 else np.stack(flat, axis=1)
        return np.ma.MaskedArray(made, mask=mask)
    return made
