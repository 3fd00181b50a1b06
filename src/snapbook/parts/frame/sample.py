"""The profile of a frame for which there is no time: from some of its rows."""

from __future__ import annotations

from typing import Any

from snapbook.parts.frame.digest import hash_columns, open_safely
from snapbook.parts.frame.objects import Clock
from snapbook.parts.frame.sketch import SAMPLE, sketch
from snapbook.parts.frame.table import Table
from snapbook.profile import Profile

_COLUMNS = 200  # of a frame that has more none is profiled: names and dtypes must do


def sample(obj: Any, table: Table) -> list[Profile | None]:
    """The profile of each column from rows at equal distances, None where there is none."""
    nothing: list[Profile | None] = [None] * len(table.columns)
    if len(table.columns) > _COLUMNS or not table.rows:
        return nothing
    step = max(table.rows // SAMPLE, 1)
    try:
        if table.type.startswith("pandas.") and table.type != "pandas.Index":
            few = obj.iloc[::step]
        elif table.type.startswith("pyarrow."):
            few = obj.take(list(range(0, table.rows, step)))
        elif table.type.startswith("scipy."):
            return nothing
        else:
            few = obj[::step]
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - the user's own objects
        return nothing
    opened = open_safely(few, table.type)
    if isinstance(opened, str) or len(opened.columns) != len(table.columns):
        return nothing
    hashed = list(hash_columns(opened, Clock()))[len(opened.index) :]
    return sketch([None if one.loaded is None else (one.loaded.values, one.nan) for one in hashed])
