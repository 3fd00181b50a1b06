"""How large a frame is in memory, by its metadata alone: no value is read, nothing is copied.

What objects refer to (texts in a column of objects) is not counted, since it could only be found by
looking at each.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import prod
from typing import Any

from snapbook.parts.base import Part
from snapbook.parts.frame.engines import is_engines

_MOST_BLOCKS = 2000
_BITS = re.compile(r"(?:u?int|float|complex|datetime|timedelta)(\d+)", re.IGNORECASE)


def shape_of(frame: Any, kind: str) -> tuple[int, ...]:
    """(rows, columns), or (rows,); ``kind`` is what `table.frame_type` calls it. () for a frame
    that an engine holds, which would have to count.

    Raises whatever a hostile frame raises.
    """
    if is_engines(kind):
        return ()
    if kind == "pyarrow.ChunkedArray" or kind == "pyarrow.Array":
        return (len(frame),)
    if kind in ("pyarrow.Table", "pyarrow.RecordBatch"):
        return (int(frame.num_rows), int(frame.num_columns))
    return tuple(int(length) for length in frame.shape)


def bytes_of(frame: Any, kind: str) -> int | None:
    """The bytes of its buffers; None where they cannot be told quickly.

    Raises whatever a hostile frame raises.
    """
    return _BYTES[kind.partition(".")[0]](frame)


def bytes_told(part: Part) -> int:
    """About what `bytes_of` would say of a kept frame once it is restored, by its facts."""
    columns: Any = part.facts.get("columns") or ()
    shape: Any = part.facts.get("shape") or ()
    widths = [_width(str(column.get("dtype", ""))) for column in columns]
    if len(shape) > 1 and len(widths) == 1:  # an array of one type
        widths *= int(prod(shape[1:]))
    rows: Any = part.facts.get("rows") or 0
    return int(rows) * sum(widths)


def _width(dtype: str) -> int:
    """The bytes of one value; a reference to it where its size is not fixed."""
    if dtype.lower() in ("bool", "boolean"):
        return 1
    match = _BITS.match(dtype)
    return max(1, int(match[1]) // 8) if match else 8


def _pandas(frame: Any) -> int | None:
    blocks = getattr(getattr(frame, "_mgr", None), "blocks", None)
    if blocks is None:
        return int(frame.nbytes)  # an Index
    if len(blocks) > _MOST_BLOCKS:
        return None
    return sum(int(block.values.nbytes) for block in blocks)


def _scipy(frame: Any) -> int:
    return int(frame.data.nbytes + frame.indices.nbytes + frame.indptr.nbytes)


_BYTES: dict[str, Callable[[Any], int | None]] = {
    "pandas": _pandas,
    "numpy": lambda frame: int(frame.nbytes),
    "polars": lambda frame: int(frame.estimated_size()),
    "pyarrow": lambda frame: int(frame.nbytes),
    "scipy": _scipy,
}
