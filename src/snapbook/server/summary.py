"""What a version page says in its first lines: parameters that were set, and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from snapbook.catalog.rows import VersionRow
from snapbook.compare import compare
from snapbook.display.words import numbers_apart
from snapbook.errors import Damaged, NotFound
from snapbook.parts.base import Change, Part
from snapbook.repository import Repository

MOST = 12
_SHOWN = ("code", "params", "data", "environment", "files")


def summary(repository: Repository, version: VersionRow, parts: Sequence[Part]) -> dict[str, Any]:
    """{set_params: name -> value, changed: lines against the version made before}."""
    return {"set_params": _set_params(parts), "changed": _changed(repository, version, parts)}


def _set_params(parts: Sequence[Part]) -> dict[str, Any]:
    """The parameters that differ from their defaults; all, where nobody knows the defaults."""
    for part in parts:
        if part.kind == "params":
            values: Any = part.facts.get("values")
            chosen: Any = part.facts.get("set")
            if isinstance(values, dict):
                names = chosen if isinstance(chosen, list) else list(values)
                return {name: values[name] for name in names if name in values}
    return {}


def _changed(repository: Repository, version: VersionRow, parts: Sequence[Part]) -> list[str]:
    """A line for each thing that differs; metrics and the model's structure stand elsewhere."""
    before = repository.index.numbered(version.model, version.number, 1)
    if before is None:
        return []
    try:
        old = repository.parts(before.manifest)
        changes = compare(old, parts, repository.store.get, deep=False).changes
    except (NotFound, Damaged):
        return []
    lines = [_line(change) for change in changes if change.section in _SHOWN]
    more = len(lines) - MOST
    return [*lines[:MOST], f"and {more} more"] if more > 0 else lines


def _line(change: Change) -> str:
    old, new = change.old, change.new
    short = all(isinstance(value, str | int | float | bool) for value in (old, new))
    if change.section in ("params", "environment") and short and change.what == "changed":
        was, now = numbers_apart(old, new)
        return f"{change.name} {was} -> {now}"
    if change.section == "data" and change.lines:
        return f"{change.name} {change.lines[0]}"
    return f"{change.name} {change.what}"
