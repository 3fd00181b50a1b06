"""What changed between two frames, in a few words from their facts: for cards and reasons."""

from __future__ import annotations

from typing import Any

from snapbook.parts.base import Change, Part
from snapbook.parts.frame.names import json_name, name_text


def brief(old: Part, new: Part) -> list[Change]:
    """At most one change of section "data"; its fact "short": "+1,204 rows, -1 column (age)".

    Reads no blob. Equal digests give no change.
    """
    if old.facts.get("digest") and old.facts.get("digest") == new.facts.get("digest"):
        return []
    words = [*_rows(old, new), *_columns(old, new)]
    if not words and not (old.facts.get("digest") and new.facts.get("digest")):
        words = ["not hashed"]
    text = ", ".join(words or ["values changed"])
    return [Change("data", new.name, "changed", None, None, (text,), facts={"short": text})]


def _rows(old: Part, new: Part) -> list[str]:
    before, after = _shape(old), _shape(new)
    if not before or not after or before[0] == after[0]:
        return []
    return [f"{after[0] - before[0]:+,} rows"]


def _columns(old: Part, new: Part) -> list[str]:
    was, now = _digests(old), _digests(new)
    words = []
    for sign, names in (
        ("-", [name for name in was if name not in now]),
        ("+", [name for name in now if name not in was]),
    ):
        if names:
            shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
            words.append(f"{sign}{len(names)} column{'s' * (len(names) > 1)} ({shown})")
    retyped = [name for name in was if name in now and was[name][1] != now[name][1]]
    if retyped:
        name = retyped[0]
        words.append(f"{name} {was[name][1]} -> {now[name][1]}")
    same_rows = _shape(old)[:1] == _shape(new)[:1]
    edited = [name for name in was if name in now and was[name][0] != now[name][0]]
    if not words and edited and same_rows and not _is_unnamed(new):
        shown = ", ".join(edited[:3]) + (", ..." if len(edited) > 3 else "")
        words.append(f"values of {shown} changed")
    return words


def _is_unnamed(part: Part) -> bool:
    """Whether it is one column without a name, as a Series that was computed is."""
    columns: Any = part.facts.get("columns") or []
    return len(columns) == 1 and columns[0]["name"] is None


def _shape(part: Part) -> list[int]:
    shape: Any = part.facts.get("shape") or []
    return [int(length) for length in shape]


def _digests(part: Part) -> dict[str, tuple[Any, str]]:
    """Column -> (digest, dtype), names as text; of two columns with one name the last counts."""
    columns: Any = part.facts.get("columns") or []
    return {
        name_text(json_name(column["name"])): (column.get("digest"), str(column.get("dtype", "")))
        for column in columns
    }
