"""Pushes that wait for a registry: queued as events of the chain, sent when it is reached next.

So the queue outlives every crash, and goes where its repository goes. What the registry refuses
stays in it and is told; only its owner takes anything out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapbook.errors import SnapbookError, Unreachable
from snapbook.repository import Author
from snapbook.verbs import queued, travel

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.registry.known import Known
    from snapbook.repository import Repository
    from snapbook.verbs.here import Here


def queue(
    repository: Repository,
    version: VersionRow,
    known: Known,
    author: Author,
    *,
    rows: bool,
    strict: bool,
) -> str:
    """Let ``version`` wait for the registry; gives the line that says so.

    It may be there already: what was said of it since waits then.
    """
    repository.queue(version, known.name, author, rows=rows, strict=strict)
    return f"{version.ref} waits for {known.name}: it goes with the next push, pull or sync"


def send(
    here: Here, repository: Repository, known: Known
) -> tuple[list[str], list[dict[str, Json]]]:
    """Push all that waits for a registry that has just answered; gives lines and data."""
    with travel.Way(here, known) as way:
        return _sent(way, repository)


def _sent(way: travel.Way, repository: Repository) -> tuple[list[str], list[dict[str, Json]]]:
    known = way.known
    lines: list[str] = []
    sent: list[dict[str, Json]] = []
    for version, one in queued.listed(repository):
        if one.registry.lower() != known.name.lower():
            continue
        try:
            moved = travel.send(way, repository, version, strict=one.strict, rows=one.rows)
        except Unreachable:
            lines.append(f"{version.ref} still waits: {known.name} does not answer any more")
            break
        except SnapbookError as error:
            lines.append(f"{version.ref} still waits for {known.name}: {error.sentence}")
            continue
        line, data = travel.pushed(version, moved, known)
        lines.append(f"waited: {version.ref} {line}")
        sent.append(data)
    return lines, sent
