"""The digest of a frame and of each of its columns.

Opens a frame, loads its columns one after another and hashes them. A column whose values have no
canonical form (or raise) has no digest, and then the frame has none: such a frame is never equal to
another. Never changes the frame, never raises for what is in it. Knows nothing of storage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from snapbook.canonical import Json
from snapbook.parts.frame.hashing import frame_digest, measure
from snapbook.parts.frame.names import name_text
from snapbook.parts.frame.objects import Clock, Late
from snapbook.parts.frame.table import Column, Loaded, Table, frame_type, open_table
from snapbook.parts.frame.tagged import name_of
from snapbook.parts.frame.values import NotCanonical


@dataclass(frozen=True, slots=True)
class FrameDigest:
    """``digest`` of the whole, None if some column has none; ``schema`` is what it is over beside
    the values; ``columns`` are (name, digest or None), row labels not among them; ``notices`` are
    (name, why) of what was not hashed.
    """

    digest: str | None
    schema: Mapping[str, Json]
    columns: tuple[tuple[Json, str | None], ...]
    notices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Hashed:
    """A column with its digest and values; where there are none, ``why`` completes a sentence.

    ``nan`` and ``odd`` as in `hashing.Measured`.
    """

    column: Column
    digest: str | None
    loaded: Loaded | None
    why: str = ""
    nan: bool = False
    odd: bool = False


def digest(obj: object) -> FrameDigest:
    """The digests of a frame. Raises TypeError for what `is_frame` denies, nothing else."""
    kind = frame_type(obj)
    if kind is None:
        raise TypeError(f"{name_of(type(obj))} is no frame")
    table = open_safely(obj, kind)
    if isinstance(table, str):
        return FrameDigest(None, {"type": kind}, (), ((kind, table),))
    # One column at a time: its converted values are dropped before the next is loaded.
    light = [
        Hashed(item.column, item.digest, None, item.why) if item.loaded is None else _light(item)
        for item in hash_columns(table, Clock())
    ]
    schema = schema_of(table, light)
    count = len(table.index)
    whole = frame_digest(schema, table.rows, [item.digest for item in light])
    notices = tuple((name_text(item.column.name), item.why) for item in light if item.why)
    columns = tuple((item.column.name, item.digest) for item in light[count:])
    return FrameDigest(whole, schema, columns, notices)


def open_safely(obj: object, kind: str) -> Table | str:
    """The table, or why there is none: subclasses and labels may raise whatever they like."""
    try:
        return open_table(obj, kind)
    except KeyboardInterrupt:
        raise
    except NotCanonical as error:
        return f"it holds {error}"
    except BaseException as error:  # noqa: BLE001 - the user's own objects
        return f"it raises {name_of(type(error))}"


def hash_columns(table: Table, clock: Clock) -> Iterator[Hashed]:
    """Levels of the row labels and then columns, loaded and hashed. Raises Late."""
    for column in (*table.index, *table.columns):
        yield _hash(column, clock)


def schema_of(table: Table, hashed: list[Hashed]) -> Mapping[str, Json]:
    """What a frame's digest is over beside its values: type, names, dtypes, labels."""
    count = len(table.index)
    types = [item.loaded.schema if item.loaded is not None else None for item in hashed]
    columns: list[Json] = [
        {"name": item.column.name, "type": kind}
        for item, kind in zip(hashed[count:], types[count:], strict=True)
    ]
    return {"type": table.type, **table.schema, "levels": types[:count], "columns": columns}


def _hash(column: Column, clock: Clock) -> Hashed:
    try:
        loaded = column.load(clock)
        clock.check()
        seen = measure(loaded.values)
        return Hashed(column, seen.digest, loaded, "", seen.nan, seen.odd)
    except (KeyboardInterrupt, Late):
        raise
    except NotCanonical as error:
        return Hashed(column, None, None, f"it holds {error}")
    except BaseException as error:  # noqa: BLE001 - the user's own objects
        return Hashed(column, None, None, f"it raises {name_of(type(error))}")


def _light(item: Hashed) -> Hashed:
    import numpy as np

    from snapbook.parts.frame.values import Fixed

    loaded: Any = item.loaded
    empty = Fixed("null", np.empty(0, dtype="u1"))
    return Hashed(item.column, item.digest, Loaded(empty, loaded.schema), item.why)
