"""A frame of any library as named columns whose values can be asked for, one at a time.

`is_frame` tells by type alone. `open_table` dispatches to the module that knows the library, which
is loaded already if such an object exists. Knows nothing of digests or storage.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from snapbook.canonical import Json
from snapbook.parts.frame.objects import Clock
from snapbook.parts.frame.tagged import name_of
from snapbook.parts.frame.values import NotCanonical, Values


@dataclass(frozen=True, slots=True)
class Loaded:
    """A column's values with its schema (counts for the digest) and hints (do not)."""

    values: Values
    schema: Json
    hint: Json = None


@dataclass(frozen=True, slots=True)
class Column:
    """``name`` as JSON (see `names`), ``dtype`` as the user reads it, ``load`` gives the values.

    ``load`` raises NotCanonical or Late, or whatever a hostile value raises.
    """

    name: Json
    dtype: str
    load: Callable[[Clock], Loaded]


@dataclass(frozen=True, slots=True)
class Table:
    """A frame: ``type`` ("pandas.DataFrame"), ``shape``, columns, and the row labels.

    ``index`` are the levels of the row labels (none for a range or for other libraries).
    ``schema`` is what counts for the digest beside the columns' own schemas; ``hint`` is what
    restoring needs beside it.
    """

    type: str
    shape: tuple[int, ...]
    rows: int
    columns: tuple[Column, ...]
    index: tuple[Column, ...] = ()
    schema: Mapping[str, Json] = field(default_factory=dict)
    hint: Mapping[str, Json] = field(default_factory=dict)


_KNOWN = {
    "pandas": ("DataFrame", "Series", "Index"),
    "numpy": ("ndarray",),
    "polars": ("DataFrame", "Series"),
    "pyarrow": ("Table", "ChunkedArray", "Array", "RecordBatch"),
    # What an engine holds: see `engines`.
    "dask.dataframe": ("DataFrame", "Series"),
    "pyspark.sql": ("DataFrame",),
}


def frame_type(obj: object) -> str | None:
    """The library's name for a frame ("pandas.DataFrame"), from the type's bases, else None."""
    for base in type(obj).__mro__:
        for library, names in _KNOWN.items():
            name = name_of(base)
            if name in names and getattr(sys.modules.get(library), name, None) is base:
                return f"{library.partition('.')[0]}.{name}"
    return _sparse_type(obj)


def _sparse_type(obj: object) -> str | None:
    sparse = sys.modules.get("scipy.sparse")
    if sparse is not None:
        for name in ("csr_matrix", "csc_matrix", "csr_array", "csc_array"):
            if type(obj) is getattr(sparse, name, None):
                return f"scipy.sparse.{name}"
    return None


def is_frame(obj: object) -> bool:
    """Whether ``obj`` is a frame, Series, array or table. Imports nothing, calls nothing of it."""
    return frame_type(obj) is not None


def open_table(obj: Any, kind: str) -> Table:
    """``obj``, which `frame_type` called ``kind``, as a table."""
    library = kind.partition(".")[0]
    if library == "pandas":
        from snapbook.parts.frame import from_pandas

        return from_pandas.open_table(obj, kind)
    if library == "numpy" or library == "scipy":
        from snapbook.parts.frame import from_numpy

        return from_numpy.open_table(obj, kind)
    if library == "polars":
        from snapbook.parts.frame import from_polars

        return from_polars.open_table(obj, kind)
    if library == "pyarrow":
        from snapbook.parts.frame import from_arrow

        return from_arrow.open_table(obj, kind)
    raise NotCanonical(f"a {kind}")
