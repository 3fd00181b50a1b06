"""The chain in PostgreSQL: a row for each event, with its sealed bytes, never changed.

Knows how one process among many makes event n and no other: n is the primary key, and the commit of
its row is the commit point. What is acknowledged was written to the server's log before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from hashlib import sha256
from typing import TYPE_CHECKING

from snapbook.canonical import Json
from snapbook.catalog.base import Broken, Head, Progress
from snapbook.catalog.chain import (
    broken_links,
    conflict,
    following,
    head_of,
    in_order,
    link,
    readable,
)
from snapbook.catalog.database import Database, is_away
from snapbook.events import Event, seal

if TYPE_CHECKING:
    from sqlalchemy import Connection

_BATCH = 500
_NEWEST = "SELECT n, sealed FROM snapbook_events ORDER BY n DESC LIMIT 1"
_ONE = "SELECT sealed FROM snapbook_events WHERE n = %(n)s"
_SOME = (
    "SELECT n, sealed FROM snapbook_events WHERE n BETWEEN %(start)s AND %(last)s"
    " ORDER BY n LIMIT %(most)s"
)
# Only behind the row that was seen as the newest, in one trip.
_FIRST = (
    "INSERT INTO snapbook_events (n, sealed) SELECT %(n)s, %(sealed)s"
    " WHERE NOT EXISTS (SELECT 1 FROM snapbook_events)"
)
_NEXT = (
    "INSERT INTO snapbook_events (n, sealed) SELECT %(n)s, %(sealed)s WHERE EXISTS (SELECT 1 FROM"
    " (SELECT n, sealed FROM snapbook_events ORDER BY n DESC LIMIT 1) newest"
    " WHERE n = %(n)s - 1 AND sha256(sealed) = %(before)s)"
)
_STAMPS = "SELECT n, encode(sha256(sealed), 'hex') FROM snapbook_events WHERE n = ANY(%(places)s)"


class PostgresCatalog:
    """A chain of rows in ``database``."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._seen: tuple[Head, bytes] | None = None  # the newest event, and a digest of its row

    def head(self) -> Head:
        """The newest event there is."""
        newest = self.database.ask(_newest)
        if newest is None:
            return Head()
        head = head_of(*newest)
        self._seen = head, sha256(newest[1]).digest()
        return head

    def read(self, start: int = 1) -> Iterator[Event]:
        """The readable events from ``start`` on, in order, up to the newest at the first call."""
        return readable(self.stored(start, self.head().n))

    def event(self, n: int) -> Event | None:
        """Event ``n``; None where it is absent or cannot be read."""
        sealed = self.sealed(n)
        return link(n, sealed).event if sealed is not None else None

    def sealed(self, n: int) -> bytes | None:
        """The bytes of event ``n`` as they are stored, damaged or not; None if there are none."""
        return self.database.ask(lambda db: _sealed(db, n))

    def stored(self, start: int, last: int) -> Iterator[tuple[int, bytes]]:
        """The events from ``start`` to ``last`` as they are stored; absent ones are left out."""
        while start <= last:
            rows = self._some(start, last)
            yield from rows
            if len(rows) < _BATCH:
                return
            start = rows[-1][0] + 1

    def stamps(self, places: Iterable[int]) -> list[str]:
        """A digest of each event's row, which the server makes; of nothing where there is none."""
        asked = {"places": list(places)}
        rows = self.database.ask(lambda db: db.exec_driver_sql(_STAMPS, asked).fetchall())
        found = {int(n): str(stamp) for n, stamp in rows}
        return [found.get(n, "absent") for n in asked["places"]]

    def append(
        self,
        type: str,
        body: Mapping[str, Json],
        author: str,
        time: str,
        expected: Head,
        rest: Mapping[str, Json] | None = None,
    ) -> Event:
        """Make event ``expected.n + 1``. Raises Conflict, ReadOnly or Unreachable."""
        from sqlalchemy.exc import DBAPIError, IntegrityError

        event = following(expected, type, body, author, time, rest)
        sealed, before = seal(event), self._mark(expected)
        if expected.n and before is None:
            raise conflict(event.n)
        try:
            try:
                made = self.database.once(lambda db: _insert(db, event.n, sealed, before))
            except IntegrityError:
                raise
            except DBAPIError as error:
                if not is_away(error):
                    raise self.database.refused(error) from error
                # The server went away, perhaps after it was done: what stands there now says it.
                made = self.database.again(lambda db: _insert_or_find(db, event.n, sealed, before))
        except IntegrityError as error:
            raise conflict(event.n) from error
        if not made:
            raise conflict(event.n)
        self._seen = Head(event.n, event.digest), sha256(sealed).digest()
        return event

    def turn(self) -> AbstractContextManager[None]:
        """Wait a little for others who are about to append: spares retries, nothing rests on it."""
        return self.database.turn()

    def verify(self, progress: Progress | None = None) -> Iterator[Broken]:
        """Every event that is missing, changed, cut or out of the chain."""
        last = self.head().n
        return broken_links(last, in_order(self.stored(1, last)), progress)

    def _mark(self, head: Head) -> bytes | None:
        """The digest of the row of ``head``, which was the newest when it was looked at; or None.

        None where there is no event yet, and where ``head`` is not the newest.
        """
        seen = self._seen
        if head.n and (seen is None or seen[0] != head):
            self.head()
            seen = self._seen
        return seen[1] if head.n and seen is not None and seen[0] == head else None

    def _some(self, start: int, last: int) -> list[tuple[int, bytes]]:
        asked = {"start": start, "last": last, "most": _BATCH}
        rows = self.database.ask(lambda db: db.exec_driver_sql(_SOME, asked).fetchall())
        return [(int(n), bytes(sealed)) for n, sealed in rows]


def _newest(db: Connection) -> tuple[int, bytes] | None:
    row = db.exec_driver_sql(_NEWEST).fetchone()
    return None if row is None else (int(row[0]), bytes(row[1]))


def _sealed(db: Connection, n: int) -> bytes | None:
    row = db.exec_driver_sql(_ONE, {"n": n}).fetchone()
    return None if row is None else bytes(row[0])


def _insert(db: Connection, n: int, sealed: bytes, before: bytes | None) -> bool:
    """Make row ``n`` behind the one with the digest ``before`` (None: as the first); if it is."""
    asked = {"n": n, "sealed": sealed, "before": before}
    return db.exec_driver_sql(_FIRST if before is None else _NEXT, asked).rowcount == 1


def _insert_or_find(db: Connection, n: int, sealed: bytes, before: bytes | None) -> bool:
    """Whether event ``n`` is ours, made now or before the server went away."""
    found = _sealed(db, n)
    return found == sealed if found is not None else _insert(db, n, sealed, before)
