"""How large a frame is in memory, by its metadata alone: no value is read, nothing is copied.

What objects refer to (texts in a column of objects) is not counted, since it could only be found by
looking at each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_MOST_BLOCKS = 2000


def shape_of(frame: Any, kind: str) -> tuple[int, ...]:
    """(rows, columns), or (rows,); ``kind`` is what `table.frame_type` calls it.

    Raises whatever a hostile frame raises.
    """
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
