"""What waits to be pushed, in words: for the queue itself, the status and the lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow, Waiting
    from snapbook.registry.known import Known
    from snapbook.repository import Repository

_SHOWN = 3


def is_in(version: VersionRow, known: Known) -> bool:
    """Whether ``version`` is known to be in the registry."""
    return any(there.lower().startswith(f"{known.name.lower()}::") for there in version.shared)


def listed(repository: Repository) -> list[tuple[VersionRow, Waiting]]:
    """What waits, in the order in which it was queued."""
    index = repository.index
    found = []
    for one in index.waiting():
        rows = [row for row in index.of_manifest(one.manifest, one.model) if not row.deleted]
        found += [(rows[0], one)] if rows else []
    return found


def told(repository: Repository) -> tuple[list[str], list[Json]]:
    """What waits, in a line for each registry, and as data."""
    waiting = listed(repository)
    names: dict[str, list[str]] = {}
    for row, one in waiting:
        names.setdefault(one.registry, []).append(row.ref)
    lines = [f"{_several(refs)} for {name}" for name, refs in names.items()]
    return lines, [{"ref": row.ref, "registry": one.registry} for row, one in waiting]


def _several(refs: Sequence[str]) -> str:
    shown = ", ".join(refs[:_SHOWN])
    return shown if len(refs) <= _SHOWN else f"{shown} +{len(refs) - _SHOWN}"
