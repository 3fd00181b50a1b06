"""What changed between two captured frames: schema first, then rows and cells, then shift.

Told from the two parts and as few blobs as possible: groups of rows with equal digests are equal
and are not read. What was not stored is told from hashes and profiles alone. Gives values; faces
write them. Each change's facts hold a stable "kind".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from snapbook import profile
from snapbook.errors import NotFound
from snapbook.parts.base import Change, Part
from snapbook.parts.frame.names import name_text
from snapbook.parts.frame.rows import Found, compare
from snapbook.parts.frame.schema import Columns, match, schema_changes
from snapbook.parts.frame.stored import Stored

_LEAST_SHIFT = 0.1  # below this two samples of one distribution differ as well


def diff(old: Part, new: Part, get: Callable[[str], bytes]) -> list[Change]:
    """Changes of section "data", in the order in which they should be read; [] for equal frames.

    Raises Damaged for stored rows that cannot be read. Rows that are not here count as not stored.
    """
    if old.facts.get("digest") is not None and old.facts["digest"] == new.facts.get("digest"):
        return []
    columns = match(old, new)
    changes = schema_changes(old, new, columns)
    found = _stored_rows(old, new, columns, get)
    changes.extend(_hashed_rows(old, new) if found is None else _rows(new, found))
    if found is None:
        changes.extend(_hashed_columns(new, columns))
    else:
        changes.extend(_cells(new, columns, found))
    changes.extend(_shifts(new, columns))
    return changes


def _stored_rows(
    old: Part, new: Part, columns: Columns, get: Callable[[str], bytes]
) -> Found | None:
    if not (old.facts.get("stored") and new.facts.get("stored")):
        return None
    try:
        return compare(Stored(old, get), Stored(new, get), columns)
    except NotFound:
        return None


def _rows(new: Part, found: Found) -> list[Change]:
    words = []
    if found.reordered and not found.added and not found.removed:
        words.append("rows in another order")
    if found.added:
        place = " at the end" if found.at_end else ""
        words.append(f"+{found.added:,} rows{place}")
    if found.removed:
        words.append(f"-{found.removed:,} rows")
    if not words:
        return []
    facts: dict[str, Any] = {
        "kind": "rows",
        "added": found.added,
        "removed": found.removed,
        "at_end": found.at_end,
        "removed_at": list(found.removed_at),
    }
    return [
        Change(
            "data", new.name, "changed", found.old_rows, found.new_rows, tuple(words), facts=facts
        )
    ]


def _cells(new: Part, columns: Columns, found: Found) -> list[Change]:
    changes = []
    for cells in found.cells:
        column = columns.common[cells.column].new
        name = name_text(column["name"])
        number = f"{'at least ' if cells.partly else ''}{cells.count:,} cell"
        lines = [f"{name}: {number}{'s' if cells.count != 1 else ''} changed"]
        lines.extend(f"{name}[{row}]  {was} -> {now}" for row, was, now in cells.places)
        facts: dict[str, Any] = {
            "kind": "cells",
            "column": column["name"],
            "count": cells.count,
            "partly": cells.partly,
            "places": [list(place) for place in cells.places],
        }
        changes.append(Change("data", new.name, "changed", lines=tuple(lines), facts=facts))
    if found.labels:
        line = "row labels changed"
        changes.append(Change("data", new.name, "changed", lines=(line,), facts={"kind": "labels"}))
    return changes


def _hashed_rows(old: Part, new: Part) -> list[Change]:
    a, b = old.facts.get("rows"), new.facts.get("rows")
    if not isinstance(a, int) or not isinstance(b, int) or a == b:
        return []
    facts: dict[str, Any] = {"kind": "rows", "added": max(b - a, 0), "removed": max(a - b, 0)}
    return [Change("data", new.name, "changed", a, b, (f"{b - a:+,} rows",), facts=facts)]


def _hashed_columns(new: Part, columns: Columns) -> list[Change]:
    """Columns whose digests differ, or are not known, where rows cannot be looked at."""
    changes = []
    for pair in columns.common:
        was, now = pair.old.get("digest"), pair.new.get("digest")
        if was is not None and was == now:
            continue
        name = name_text(pair.new["name"])
        line = f"{name}: values changed" if was and now else f"{name}: not hashed, not compared"
        facts = {"kind": "values", "column": pair.new["name"]}
        changes.append(Change("data", new.name, "changed", lines=(line,), facts=facts))
    return changes


def _shifts(new: Part, columns: Columns) -> list[Change]:
    """Columns whose distribution moved, worst first."""
    shifts = []
    for pair in columns.common:
        was, now = pair.old.get("profile"), pair.new.get("profile")
        same = pair.old.get("digest") is not None and pair.old["digest"] == pair.new.get("digest")
        if was and now and not same and was["kind"] == now["kind"]:
            far = profile.distance(was, now)
            if far >= _LEAST_SHIFT:
                shifts.append((far, pair))
    shifts.sort(key=lambda shift: -shift[0])
    return [_shift(new, far, pair.old, pair.new) for far, pair in shifts]


def _shift(new: Part, far: float, old: Any, now: Any) -> Change:
    name = name_text(now["name"])
    line = f"{name}: shift {far:.2f}"
    was, is_now = old["profile"].get("mean"), now["profile"].get("mean")
    if was is not None and is_now is not None and now["profile"]["kind"] == "numeric":
        line += f", mean {was:g} -> {is_now:g}"
    facts: dict[str, Any] = {"kind": "shift", "column": now["name"], "distance": round(far, 4)}
    return Change("data", new.name, "changed", lines=(line,), facts=facts)
