"""How a frame's rows are kept: shared with an equal frame, as row numbers, or as groups of rows.

Tried in that order. What a column of a base with the same rows already keeps is listed, not
written; then the base's cuts are taken over, and otherwise its key columns, so that a frame that
changes is cut as it was. Knows hashed columns, parts and a writer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snapbook.canonical import Json
from snapbook.parts.base import Part
from snapbook.parts.frame import grid, segments
from snapbook.parts.frame.digest import Hashed
from snapbook.parts.frame.stored import Stored
from snapbook.parts.frame.subset import as_rows
from snapbook.parts.frame.table import Table
from snapbook.parts.frame.values import Values, leaves, rows_of
from snapbook.store.base import Writer


@dataclass(frozen=True, slots=True)
class Kept:
    """The layout for the facts, and the digests of all blobs that reading needs."""

    layout: Mapping[str, Json]
    blobs: list[str]


def keep(
    part: Part,
    table: Table,
    hashed: list[Hashed],
    bases: Sequence[Part],
    writer: Writer,
    limit_bytes: int | None,
) -> Kept | None:
    """The rows of ``hashed`` in ``writer``; None once its new bytes are past ``limit_bytes``."""
    usable = [base for base in bases if base.facts.get("stored")]
    same = _same(part, hashed, usable, writer)
    if same is not None:
        return same
    lanes = [item.loaded.values for item in hashed if item.loaded is not None]
    grown = [base for base in usable if _layout(base)["kind"] == "segments"]
    seeds = [_layout(base)["shuffle"]["seed"] for base in usable if "shuffle" in _layout(base)]
    found = as_rows(table, hashed, grown, writer, seeds)
    if found is not None:
        kept = Kept(found.layout, found.blobs)
    else:
        kept_or_none = _groups(table, hashed, lanes, grown, writer, limit_bytes)
        if kept_or_none is None:
            return None
        kept = kept_or_none
    return None if _past(writer, limit_bytes) else kept


def _past(writer: Writer, limit_bytes: int | None) -> bool:
    return limit_bytes is not None and writer.new_bytes > limit_bytes


def _layout(base: Part) -> Any:
    return base.facts["layout"]


def _same(part: Part, hashed: list[Hashed], bases: Sequence[Part], writer: Writer) -> Kept | None:
    """What an equal frame keeps. Frames with odd NaNs are equal to others, but not bit by bit."""
    if any(item.odd for item in hashed):
        return None
    for base in bases:
        equal = base.facts["digest"] == part.facts["digest"] and not _is_odd(base)
        if equal and writer.rely(base.blobs):
            return Kept(_layout(base), list(base.blobs))
    return None


def _is_odd(base: Part) -> bool:
    facts: Any = base.facts
    return any(column.get("odd") for column in (*facts["index"], *facts["columns"]))


def _groups(
    table: Table,
    hashed: list[Hashed],
    lanes: list[Values],
    bases: Sequence[Part],
    writer: Writer,
    limit_bytes: int | None,
) -> Kept | None:
    known = _Known(bases, table.rows, hashed, writer)
    ends, key = known.ends, known.key
    if ends is None:
        places, window = _key(table, hashed, lanes, bases)
        key = {"names": [_name(hashed, place, table) for place in places], "window": window}
        chosen = [leaf for place in places for leaf in leaves(lanes[place])]
        ends = grid.cuts(table.rows, chosen, window)
    kept = {blob for base in bases if writer.rely(base.blobs) for blob in base.blobs}
    columns: list[Json] = []
    blobs: list[str] = []
    for item, values in zip(hashed, lanes, strict=True):
        form = segments.form_of(values)
        own = ends if rows_of(values) == table.rows else grid.even(rows_of(values))
        columns.append({"form": form} if own is ends else {"form": form, "ends": own})
        blobs.extend(known.blobs(item, form) or segments.write(values, own, writer, kept))
        if _past(writer, limit_bytes):
            return None
    return Kept({"kind": "segments", "ends": ends, "key": key, "columns": columns}, blobs)


def _name(hashed: list[Hashed], place: int, table: Table) -> Json:
    """A key column's name; levels of the row labels are told from columns by their number."""
    if place < len(table.index):
        return {"level": place}
    return hashed[place].column.name


def _key(
    table: Table, hashed: list[Hashed], lanes: list[Values], bases: Sequence[Part]
) -> tuple[list[int], int]:
    """Key columns and window: a base's, if this frame has them too, else what fits best."""
    names = [_name(hashed, place, table) for place in range(len(hashed))]
    for base in bases:
        key = _layout(base).get("key")
        if key and key["names"] and all(name in names for name in key["names"]):
            return [names.index(name) for name in key["names"]], int(key["window"])
    # Columns before labels: row numbers that were dropped and set anew would move every cut.
    first = len(table.index)
    places, window = grid.pick(lanes[first:], table.rows)
    if window == 1:
        return [first + place for place in places], window
    return grid.pick(lanes, table.rows)


class _Known:
    """The columns that a base with the same number of rows keeps already, by their digests."""

    def __init__(
        self, bases: Sequence[Part], rows: int, hashed: list[Hashed], writer: Writer
    ) -> None:
        self.ends: list[int] | None = None
        self.key: Json = None
        self._columns: dict[str, tuple[Json, list[str]]] = {}
        wanted = {item.digest for item in hashed if not item.odd}
        best = 0
        for base in bases:
            if base.facts["rows"] != rows:
                continue
            columns = _columns(base, wanted)
            held = {digest: kept for digest, kept in columns.items() if writer.rely(kept[1])}
            if len(held) > best:
                best, self._columns = len(held), held
                self.ends, self.key = list(_layout(base)["ends"]), _layout(base)["key"]

    def blobs(self, item: Hashed, form: Json) -> list[str] | None:
        """The blobs of an equal column of the same form, if there is one."""
        if item.odd or item.digest is None or item.digest not in self._columns:
            return None
        kept_form, blobs = self._columns[item.digest]
        return blobs if kept_form == form else None


def _columns(base: Part, wanted: set[str | None]) -> dict[str, tuple[Json, list[str]]]:
    """Digest -> (form, blobs) of the columns that ``base`` keeps and that are wanted."""
    facts: Any = base.facts
    stored = Stored(base, _no_blob)
    found: dict[str, tuple[Json, list[str]]] = {}
    for place, column in enumerate((*facts["index"], *facts["columns"])):
        if column["digest"] in wanted and not column.get("odd"):
            # Coded values are equal by digest whatever the order of their categories: their
            # blobs are not, so those are shared only through the writer.
            form = stored.form(place)
            if not (isinstance(form, Mapping) and "codes" in form):
                found[column["digest"]] = (form, list(stored.digests(place)))
    return found


def _no_blob(digest: str) -> bytes:
    raise KeyError(digest)
