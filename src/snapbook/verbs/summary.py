"""What a version says of itself in a few lines: parameters that were set, and what changed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from snapbook.catalog.rows import VersionRow
from snapbook.compare import compare
from snapbook.errors import Damaged, NotFound
from snapbook.parts.base import Change, Part
from snapbook.repository import Repository
from snapbook.verbs.values import Summary

MOST = 12
_TOLD = ("code", "params", "data", "environment", "files")


def summary(repository: Repository, version: VersionRow, parts: Sequence[Part]) -> Summary:
    """The summary of ``version``, whose ``parts`` are at hand, against the one made before it."""
    before = repository.index.numbered(version.model, version.number, 1)
    if before is None:
        return Summary(_set_params(parts))
    try:
        old = repository.parts(before.manifest)
        changes = compare(old, parts, repository.store.get, deep=False).changes
    except (NotFound, Damaged):
        return Summary(_set_params(parts), before.ref)
    lines = [_line(change) for change in changes if change.section in _TOLD]
    more = [f"and {len(lines) - MOST} more"] if len(lines) > MOST else []
    return Summary(_set_params(parts), before.ref, (*lines[:MOST], *more))


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


def _line(change: Change) -> str:
    """One change; metrics and the model's structure stand elsewhere."""
    old, new = change.old, change.new
    short = all(isinstance(value, str | int | float | bool) for value in (old, new))
    if change.section in ("params", "environment") and short and change.what == "changed":
        return f"{change.name} {_short(old)} -> {_short(new)}"
    if change.section == "data" and change.lines:
        return f"{change.name} {change.lines[0]}"
    return f"{change.name} {change.what}"


def _short(value: Any) -> str:
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.6g}"
    return str(value)
