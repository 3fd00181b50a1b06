"""A frame becomes a Part: digests, schema, profile, and its rows as blobs while they may be kept.

Rows are dropped past the budget (the hashes stay), and past the deadline schema and a sampled
profile are all that is recorded. Never changes the frame and never raises for what is in it; what
could not be kept is said in notices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snapbook.canonical import Json
from snapbook.parts.base import Notice, Part
from snapbook.parts.frame import grid, segments
from snapbook.parts.frame.digest import Hashed, hash_columns, open_safely, schema_of
from snapbook.parts.frame.hashing import frame_digest, has_odd_nan
from snapbook.parts.frame.names import name_text
from snapbook.parts.frame.objects import Clock, Late
from snapbook.parts.frame.sketch import sketch
from snapbook.parts.frame.table import Table, frame_type
from snapbook.parts.frame.tagged import name_of
from snapbook.parts.frame.values import leaves, rows_of
from snapbook.store.base import Writer


@dataclass(frozen=True, slots=True)
class Captured:
    """``part`` (kind "frame"), what to say about it, and the uncompressed bytes that were new."""

    part: Part
    notices: tuple[Notice, ...]
    new_bytes: int


def capture(
    obj: object,
    name: str,
    writer: Writer,
    *,
    role: str = "",
    store: bool = True,
    bases: Sequence[Part] = (),
    budget_bytes: int | None = None,
    deadline: float | None = None,
) -> Captured:
    """The frame ``obj``, called ``name`` by the user, as a part whose blobs went to ``writer``.

    ``bases`` are parts of frames whose rows are kept: what is equal to theirs is shared, and a row
    subset of one is kept as row numbers. ``budget_bytes`` are the new bytes still allowed,
    ``deadline`` is a value of `time.monotonic`. Raises TypeError for what `is_frame` denies.
    """
    kind = frame_type(obj)
    if kind is None:
        raise TypeError(f"{name_of(type(obj))} is no frame")
    table = open_safely(obj, kind)
    if isinstance(table, str):
        facts: dict[str, Json] = {"type": kind, "digest": None, "role": role, "stored": False}
        return Captured(Part("frame", name, facts), (Notice("not-hashed", name, table),), 0)
    try:
        hashed = list(hash_columns(table, Clock(deadline)))
    except Late:
        return _late(obj, table, name, role)
    facts = _facts(table, hashed, role)
    notices = [
        Notice("not-hashed", f"{name}[{name_text(item.column.name)}]", item.why)
        for item in hashed
        if item.why
    ]
    before = writer.new_bytes
    if not store:
        return Captured(Part("frame", name, facts), tuple(notices), 0)
    if facts["digest"] is None:
        return Captured(Part("frame", name, facts), tuple(notices), 0)
    mark = writer.mark()
    layout, blobs = _keep(table, hashed, bases, writer)
    new = writer.new_bytes - before
    if budget_bytes is not None and new > budget_bytes:
        writer.rewind(mark)
        why = f"{new / 1e6:.0f} MB new, limit {budget_bytes / 1e6:.0f} MB"
        notices.append(Notice("hash-only", name, why))
        return Captured(Part("frame", name, facts), tuple(notices), 0)
    facts = {**facts, "stored": True, "layout": layout}
    return Captured(Part("frame", name, facts, tuple(blobs)), tuple(notices), new)


def _facts(table: Table, hashed: list[Hashed], role: str) -> dict[str, Json]:
    schema = schema_of(table, hashed)
    count = len(table.index)
    profiles = sketch([None if i.loaded is None else i.loaded.values for i in hashed[count:]])
    columns = [_column(item, one) for item, one in zip(hashed[count:], profiles, strict=True)]
    short = {key: value for key, value in schema.items() if key not in ("columns", "levels")}
    return {
        "type": table.type,
        "shape": list(table.shape),
        "rows": table.rows,
        "digest": frame_digest(schema, table.rows, [item.digest for item in hashed]),
        "schema": short,
        "hint": dict(table.hint),
        "columns": columns,
        "index": [_column(item, None) for item in hashed[:count]],
        "role": role,
        "stored": False,
    }


def _column(item: Hashed, profile: Json) -> dict[str, Json]:
    facts: dict[str, Json] = {
        "name": item.column.name,
        "dtype": item.column.dtype,
        "digest": item.digest,
    }
    if profile is not None:
        facts["profile"] = profile
    if item.loaded is None:
        facts["why"] = item.why
        return facts
    facts["type"] = item.loaded.schema
    if item.loaded.hint is not None:
        facts["hint"] = item.loaded.hint
    if has_odd_nan(item.loaded.values):
        facts["odd"] = True
    return facts


def _keep(
    table: Table, hashed: list[Hashed], bases: Sequence[Part], writer: Writer
) -> tuple[Mapping[str, Json], list[str]]:
    """The layout and the blobs of the rows: row numbers into a base if that is smaller."""
    lanes = [item.loaded.values for item in hashed if item.loaded is not None]
    ends: list[int] = []
    if table.rows:
        places, window = grid.pick(lanes, table.rows)
        key = [leaf for place in places for leaf in leaves(lanes[place])]
        ends = grid.cuts(table.rows, key, window)
    columns: list[Json] = []
    blobs: list[str] = []
    for item, values in zip(hashed, lanes, strict=True):
        form = segments.form_of(values)
        if rows_of(values) == table.rows:
            columns.append({"form": form})
            blobs.extend(segments.write(values, ends, writer))
        else:  # the arrays of a sparse matrix have lengths of their own
            own = grid.even(rows_of(values))
            columns.append({"form": form, "ends": own})
            blobs.extend(segments.write(values, own, writer))
    return {"kind": "segments", "ends": ends, "columns": columns}, blobs


def _late(obj: Any, table: Table, name: str, role: str) -> Captured:
    """Schema as far as names and dtypes go, and nothing that needs all values."""
    columns: list[Json] = [
        {"name": column.name, "dtype": column.dtype, "digest": None} for column in table.columns
    ]
    facts: dict[str, Json] = {
        "type": table.type,
        "shape": list(table.shape),
        "rows": table.rows,
        "digest": None,
        "schema": dict(table.schema),
        "columns": columns,
        "role": role,
        "stored": False,
    }
    notice = Notice("not-hashed", name, "there was no time left to read it")
    return Captured(Part("frame", name, facts), (notice,), 0)
