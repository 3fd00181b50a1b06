"""What an auditor asks of a chain: is it whole, is it the one of before, all of it as rows.

Reads any Catalog. What the chain cannot show of itself (its end cut off, all of it written anew) is
found by what was seen of it before: a head that was remembered, or rows that were exported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from snapbook.catalog.base import Broken, Catalog, Head, Progress
from snapbook.catalog.chain import Read, link


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
    """Every event as a row, oldest first: its members and its digest, or why it cannot be read.

    Of one that is closed to who asks, its link; and only that, of one that could not be closed.
    """
    why = {bad.n: bad.why for bad in catalog.verify()}
    last = catalog.head().n
    stored = catalog.stored(1, last)
    at, sealed = next(stored, (0, b""))
    for n in range(1, last + 1):
        row: dict[str, Any] = {"n": n, "closed": ""}
        if at == n:
            row = _row(n, link(n, sealed))
            at, sealed = next(stored, (0, b""))
        if n not in why:
            yield row
        elif "body" in row:
            yield {**row, "broken": why[n]}
        else:
            yield {"n": n, "broken": why[n]}


def _row(n: int, found: Read) -> dict[str, Any]:
    event = found.event
    if event is None:
        return {"n": n, "digest": found.digest, "prev": found.prev, "closed": found.closed}
    row: dict[str, Any] = {
        "n": n,
        "digest": event.digest,
        "prev": event.prev,
        "type": event.type,
        "time": event.time,
        "author": event.author,
        "body": dict(event.body),
        **event.rest,
    }
    return {**row, "salt": event.salt} if event.salt else row


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
    last = catalog.head().n
    digests = {n: link(n, sealed).digest for n, sealed in catalog.stored(1, last)}
    for row in known:
        n, digest = row.get("n"), row.get("digest")
        if type(n) is not int or not isinstance(digest, str):
            continue  # it could not be read then either
        if n > last:
            yield Broken(n, "it is gone: the export has it")
        elif digests.get(n, digest) != digest:
            yield Broken(n, "it is not the one that was exported")


def _digest(catalog: Catalog, n: int) -> str | None:
    return next((link(at, sealed).digest for at, sealed in catalog.stored(n, n)), None)


def head_of(catalog: Catalog, time: str) -> Seen:
    """What is to be remembered of a chain that is whole at ``time``."""
    head: Head = catalog.head()
    return Seen(head.n, head.digest, time)
