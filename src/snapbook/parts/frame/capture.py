"""A frame becomes a Part: digests, schema, profile, and its rows as blobs while they may be kept.

Rows are dropped past the budget (the hashes stay), and past the deadline schema and a sampled
profile are all that is recorded. Never changes the frame and never raises for what is in it; what
could not be kept is said in notices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from snapbook.canonical import Json
from snapbook.parts.base import Notice, Part
from snapbook.parts.frame import engines
from snapbook.parts.frame.digest import Hashed, hash_columns, open_safely, schema_of
from snapbook.parts.frame.hashing import frame_digest
from snapbook.parts.frame.keep import Kept, keep
from snapbook.parts.frame.names import name_text
from snapbook.parts.frame.objects import Clock, Late
from snapbook.parts.frame.sample import sample
from snapbook.parts.frame.sketch import sketch
from snapbook.parts.frame.table import Table, frame_type
from snapbook.parts.frame.tagged import name_of
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
    ``deadline`` is a value of `time.monotonic`. Raises TypeError for what `is_frame` denies, and
    what the writer raises.
    """
    kind = frame_type(obj)
    if kind is None:
        raise TypeError(f"{name_of(type(obj))} is no frame")
    if engines.is_engines(kind):
        part, said = engines.capture(obj, kind, name, role, Clock(deadline))
        return Captured(part, tuple(said), 0)
    table = open_safely(obj, kind)
    if isinstance(table, str):
        facts: dict[str, Json] = {"type": kind, "digest": None, "role": role, "stored": False}
        return Captured(Part("frame", name, facts), (Notice("not-hashed", name, table),), 0)
    try:
        hashed = list(hash_columns(table, Clock(deadline)))
    except Late:
        notice = Notice("not-hashed", name, "there was no time left to read it")
        return Captured(Part("frame", name, _late_facts(obj, table, role)), (notice,), 0)
    facts = _facts(table, hashed, role)
    notices = tuple(
        Notice("not-hashed", f"{name}[{name_text(item.column.name)}]", item.why)
        for item in hashed
        if item.why
    )
    if not store or facts["digest"] is None:
        return Captured(Part("frame", name, facts), notices, 0)
    return _stored(Part("frame", name, facts), table, hashed, notices, bases, budget_bytes, writer)


def _stored(
    part: Part,
    table: Table,
    hashed: list[Hashed],
    notices: tuple[Notice, ...],
    bases: Sequence[Part],
    budget_bytes: int | None,
    writer: Writer,
) -> Captured:
    """``part`` with its rows, or without them where they go past the budget."""
    before, mark = writer.new_bytes, writer.mark()
    limit = None if budget_bytes is None else before + budget_bytes
    kept: Kept | None = keep(part, table, hashed, bases, writer, limit)
    new = writer.new_bytes - before
    if kept is None:
        writer.rewind(mark)
        why = f"more than {(budget_bytes or 0) / 1e6:,.0f} MB new, hash kept"
        return Captured(part, (*notices, Notice("hash-only", part.name, why)), 0)
    facts = {**part.facts, "stored": True, "layout": kept.layout}
    return Captured(Part("frame", part.name, facts, tuple(kept.blobs)), notices, new)


def _facts(table: Table, hashed: list[Hashed], role: str) -> dict[str, Json]:
    schema = schema_of(table, hashed)
    count = len(table.index)
    profiles = sketch(
        [None if i.loaded is None else (i.loaded.values, i.nan) for i in hashed[count:]]
    )
    columns = [_column(item, one) for item, one in zip(hashed[count:], profiles, strict=True)]
    return {
        **_head(table, role),
        "digest": frame_digest(schema, table.rows, [item.digest for item in hashed]),
        "columns": columns,
        "index": [_column(item, None) for item in hashed[:count]],
    }


def _head(table: Table, role: str) -> dict[str, Json]:
    return {
        "type": table.type,
        "shape": list(table.shape),
        "rows": table.rows,
        "digest": None,
        "schema": dict(table.schema),
        "hint": dict(table.hint),
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
    if item.odd:
        facts["odd"] = True
    return facts


def _late_facts(obj: Any, table: Table, role: str) -> dict[str, Json]:
    """Schema by names and dtypes, and the profile of a few rows; no digest."""
    profiles = sample(obj, table)
    columns: list[Json] = []
    for column, profile in zip(table.columns, profiles, strict=True):
        facts: dict[str, Json] = {"name": column.name, "dtype": column.dtype, "digest": None}
        columns.append(facts if profile is None else {**facts, "profile": profile})
    return {**_head(table, role), "columns": columns, "index": []}
