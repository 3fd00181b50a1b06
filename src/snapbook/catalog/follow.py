"""Bringing the tables of the index up to the chain, batch by batch, beside other processes.

Knows when the tables belong to another chain (restored from a backup, mended, exchanged) and begins
anew then; notes events that cannot be read and goes on after them, and looks at one again only when
its stamp has changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import islice

from snapbook.catalog.apply import Applier, record
from snapbook.catalog.base import Catalog, Head
from snapbook.catalog.chain import readable
from snapbook.catalog.tables import TABLES
from snapbook.events import Event
from snapbook.store.sqlite import transaction

_BATCH = 500
# Of more than these a part is looked at each time: a stamp costs microseconds, on any disk.
_LOOKED_AT = 5000


def follow(db: sqlite3.Connection, catalog: Catalog, applier: Applier) -> Head:
    """Take in the events since the last time; gives the head that the tables now stand at."""
    cursor, gaps = _standing(db)
    # Read after the cursor: other processes move both, and the chain is never behind.
    head = catalog.head()
    if (gaps and _is_mended(db, catalog)) or (cursor.n >= head.n and cursor != head):
        clear(db)
    elif cursor == head:
        return cursor
    looked = False
    while (cursor := _cursor(db)).n < head.n:
        events = list(islice(readable(catalog.stored(cursor.n + 1, head.n)), _BATCH))
        other = not looked and _is_other_chain(cursor, events)
        looked = True
        if other:
            clear(db)
            continue
        if cursor.n and any(event.type == "purged" for event in events):
            # What was purged may stand in any row; the blobs are gone, so a new look omits it.
            clear(db)
            applier.content.forget()
            continue
        applier.content.warm(events)
        with transaction(db):
            if _cursor(db) == cursor:
                _take(db, applier, cursor, events, head)
        applier.content.cool()
    return cursor


def take(db: sqlite3.Connection, event: Event, applier: Applier) -> bool:
    """Take in ``event``, which was made just now, without asking the chain for it.

    False where the tables do not stand right before it: then they have to `follow`.
    """
    before = Head(event.n - 1, event.prev)
    if event.type == "purged" or _cursor(db) != before:
        return False
    applier.content.warm([event])
    with transaction(db):
        if stands := _cursor(db) == before:
            _take(db, applier, before, [event], Head(event.n, event.digest))
    applier.content.cool()
    return stands


def clear(db: sqlite3.Connection) -> None:
    """Forget everything."""
    with transaction(db):
        for name in TABLES:
            db.execute(f"DELETE FROM {name}")


def _take(
    db: sqlite3.Connection, applier: Applier, cursor: Head, events: Sequence[Event], head: Head
) -> None:
    last: Head | None = cursor
    n = cursor.n
    for event in events:
        for gap in range(n + 1, event.n):
            record(db, gap, "it cannot be read", unread=True)
            last = None
        if last is not None and event.prev != last.digest:
            record(db, event.n, f"it does not follow event {n}")
        applier.apply(db, event)
        last, n = Head(event.n, event.digest), event.n
    if len(events) < _BATCH and n < head.n:
        for gap in range(n + 1, head.n + 1):
            record(db, gap, "it cannot be read", unread=True)
        last = head
    db.execute("INSERT OR REPLACE INTO cursor VALUES (1, ?, ?)", last or cursor)


def _standing(db: sqlite3.Connection) -> tuple[Head, bool]:
    """How far the tables are, and whether any event on the way could not be read."""
    asked = "SELECT n, digest, EXISTS (SELECT 1 FROM broken WHERE unread) FROM cursor"
    row = db.execute(asked).fetchone()
    return (Head(*row[:2]), bool(row[2])) if row else (Head(), False)


def _cursor(db: sqlite3.Connection) -> Head:
    row = db.execute("SELECT n, digest FROM cursor").fetchone()
    return Head(*row) if row else Head()


def _is_mended(db: sqlite3.Connection, catalog: Catalog) -> bool:
    """Whether an event that could not be read can be read now.

    Only those are read whose stamp is not the one that they had when they were read last.
    """
    asked = "SELECT n, stamp FROM broken WHERE unread ORDER BY random() LIMIT ?"
    known = dict(db.execute(asked, (_LOOKED_AT,)).fetchall())
    # Before an event is read: what changes after this has another stamp.
    stamps = catalog.stamps(known) if known else []
    looked = [(now, n) for now, n in zip(stamps, known, strict=True) if now != known[n]]
    if any(catalog.event(n) is not None for _, n in looked):
        return True
    if looked:
        with transaction(db):
            db.executemany("UPDATE broken SET stamp = ? WHERE n = ? AND unread", looked)
    return False


def _is_other_chain(cursor: Head, events: Sequence[Event]) -> bool:
    """Whether ``events`` go on with another chain than was followed: restored or exchanged."""
    first = next((event for event in events[:1] if event.n == cursor.n + 1), None)
    return first is not None and first.prev != cursor.digest
