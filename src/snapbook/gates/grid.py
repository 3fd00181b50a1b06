"""Rows of any library whose values can be changed: column by column, the type of the rest kept.

Knows pandas, polars and arrays of two dimensions; imports none of them but numpy. Never changes
what it was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Column: TypeAlias = "np.ndarray[Any, Any]"


@dataclass(frozen=True, slots=True)
class Grid:
    """``rows`` with the names of its columns; ``numbers`` are the places of those with amounts."""

    rows: Any
    names: tuple[str, ...]
    numbers: tuple[int, ...]

    def column(self, at: int) -> Column:
        """The values of one column."""
        import numpy as np

        kind = _library(self.rows)
        if kind == "pandas":
            return np.asarray(self.rows.iloc[:, at])
        if kind == "polars":
            return np.asarray(self.rows.to_series(at).to_numpy())
        return np.asarray(self.rows[:, at])

    def amounts(self, at: int) -> Column:
        """The values of a column of ``numbers`` as floats, NaN where there is none."""
        import numpy as np

        kind = _library(self.rows)
        if kind == "pandas":
            found: Column = self.rows.iloc[:, at].to_numpy(dtype=np.float64, na_value=np.nan)
            return found
        return self.column(at).astype(np.float64)

    def with_columns(self, changed: Mapping[int, Column]) -> Any:
        """The rows with other values in some columns, whole numbers kept whole."""
        import numpy as np

        kind = _library(self.rows)
        if kind == "pandas":
            new = self.rows.copy(deep=False)
            for at, values in changed.items():
                new.isetitem(at, _like(self.column(at).dtype, values))
            return new
        if kind == "polars":
            import polars

            columns = {
                self.names[at]: polars.Series(_like(self.column(at).dtype, values))
                for at, values in changed.items()
            }
            return self.rows.with_columns(**columns)
        whole = self.rows.dtype.kind in "iu" and all(_are_whole(v) for v in changed.values())
        other = self.rows.dtype.kind in "iub" and not whole
        array: Any = self.rows.astype(np.float64) if other else self.rows.copy()
        for at, values in changed.items():
            array[:, at] = values
        return array


def opened(rows: Any) -> Grid:
    """``rows`` as a Grid. Raises TypeError for what has no columns of values."""
    kind = _library(rows)
    if kind == "pandas":
        numbers = [at for at, dtype in enumerate(rows.dtypes) if _is_amount(dtype)]
        return Grid(rows, tuple(map(str, rows.columns)), tuple(numbers))
    if kind == "polars":
        numbers = [at for at, dtype in enumerate(rows.dtypes) if dtype.is_numeric()]
        return Grid(rows, tuple(rows.columns), tuple(numbers))
    if kind == "numpy" and rows.ndim == 2:
        every = range(rows.shape[1])
        numbers = list(every) if rows.dtype.kind in "fiu" else []
        return Grid(rows, tuple(f"x{at}" for at in every), tuple(numbers))
    raise TypeError(f"values of a {type(rows).__name__} cannot be changed here")


def taken(rows: Any, places: Column) -> Any:
    """The rows at ``places``, of the same type."""
    if hasattr(rows, "iloc"):
        return rows.iloc[places]
    if hasattr(rows, "take") and hasattr(rows, "column_names"):  # pyarrow
        return rows.take(places)
    return rows[places]


def _library(rows: Any) -> str:
    for base in type(rows).__mro__:
        top, name = base.__module__.partition(".")[0], base.__qualname__
        if (top, name) in (("pandas", "DataFrame"), ("polars", "DataFrame"), ("numpy", "ndarray")):
            return top
    return ""


def _is_amount(dtype: Any) -> bool:
    return getattr(dtype, "kind", "") in ("f", "i", "u") and not hasattr(dtype, "categories")


def _like(dtype: Any, values: Column) -> Column:
    """Whole numbers for a column of whole numbers, as far as they are."""
    if getattr(dtype, "kind", "") in ("i", "u") and _are_whole(values):
        cast: Column = values.astype(dtype)
        return cast
    return values


def _are_whole(values: Column) -> bool:
    import numpy as np

    if values.dtype.kind != "f":
        return True
    return bool(np.isfinite(values).all()) and bool((values == np.floor(values)).all())
