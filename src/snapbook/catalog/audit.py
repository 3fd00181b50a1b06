"""What an auditor asks of a chain: is it whole, is it the one of before, all of it as rows.

Reads any Catalog. What the chain cannot show of itself (its end cut off, all of it written anew) is
found by what was seen of it before: a head that was remembered, or rows that were exported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from snapbook.catalog.base import Broken, Catalog, Head, Progress
from snapbook.events import Event


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest event at the ``time`` when the chain was last found whole."""

    n: int
    digest: str
    time: str


def broken(
    catalog: Catalog,
    seen: Seen | None = None,
    rows: Iterable[Mapping[str, Any]] = (),
    progress: Progress | None = None,
) -> list[Broken]:
    """Every event that is not what it was, the first one first.

    ``seen`` is what was remembered of the chain, ``rows`` what `exported` gave of it before.
    """
    found: dict[int, Broken] = {}
    for bad in (
        *catalog.verify(progress),
        *_not_as_seen(catalog, seen),
        *_not_as_exported(catalog, rows),
    ):
        found.setdefault(bad.n, bad)
    return [found[n] for n in sorted(found)]


def exported(catalog: Catalog) -> Iterator[dict[str, Any]]:
    """Every event as a row, oldest first: its members and its digest, or why it cannot be read."""
    why = {bad.n: bad.why for bad in catalog.verify()}
    last, n = catalog.head().n, 0
    for event in catalog.read():
        yield from ({"n": gap, "broken": why.get(gap, "")} for gap in range(n + 1, event.n))
        row = row_of(event)
        yield row if event.n not in why else {**row, "broken": why[event.n]}
        n = event.n
    yield from ({"n": gap, "broken": why.get(gap, "")} for gap in range(n + 1, last + 1))


def row_of(event: Event) -> dict[str, Any]:
    """``event`` as a row of an export."""
    return {
        "n": event.n,
        "digest": event.digest,
        "prev": event.prev,
        "type": event.type,
        "time": event.time,
        "author": event.author,
        "body": dict(event.body),
        **event.rest,
    }


def _not_as_seen(catalog: Catalog, seen: Seen | None) -> Iterator[Broken]:
    if seen is None or not seen.n:
        return
    head = catalog.head()
    if head.n < seen.n:
        yield Broken(head.n + 1, f"it is gone: on {seen.time[:10]} there were {seen.n} events")
    elif _digest(catalog, seen.n) not in (None, seen.digest):
        yield Broken(
            seen.n, f"it is not the one of {seen.time[:10]}: it or one before was exchanged"
        )


def _not_as_exported(catalog: Catalog, rows: Iterable[Mapping[str, Any]]) -> Iterator[Broken]:
    if not (known := list(rows)):
        return
    digests = {event.n: event.digest for event in catalog.read()}
    last = catalog.head().n
    for row in known:
        n, digest = row.get("n"), row.get("digest")
        if type(n) is not int or not isinstance(digest, str):
            continue  # it could not be read then either
        if n > last:
            yield Broken(n, "it is gone: the export has it")
        elif digests.get(n, digest) != digest:
            yield Broken(n, "it is not the one that was exported")


def _digest(catalog: Catalog, n: int) -> str | None:
    event = catalog.event(n)
    return event.digest if event is not None else None


def head_of(catalog: Catalog, time: str) -> Seen:
    """What is to be remembered of a chain that is whole at ``time``."""
    head: Head = catalog.head()
    return Seen(head.n, head.digest, time)
