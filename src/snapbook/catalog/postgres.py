"""The chain in PostgreSQL: a row for each event, with its sealed bytes, never changed.

Knows how one process among many makes event n and no other: n is the primary key, and the commit of
its row is the commit point. What is acknowledged was written to the server's log before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
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
_ONE = "SELECT sealed FROM snapbook_events WHERE n = :n"
_SOME = (
    "SELECT n, sealed FROM snapbook_events WHERE n BETWEEN :start AND :last ORDER BY n LIMIT :most"
)
_INSERT = "INSERT INTO snapbook_events (n, sealed) VALUES (:n, :sealed)"
_STAMPS = "SELECT n, encode(sha256(sealed), 'hex') FROM snapbook_events WHERE n = ANY(:places)"


class PostgresCatalog:
    """A chain of rows in ``database``."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def head(self) -> Head:
        """The newest event there is."""
        return self.database.ask(_head)

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
        from sqlalchemy import text

        wanted = list(places)
        rows = self.database.ask(
            lambda db: db.execute(text(_STAMPS), {"places": wanted}).fetchall()
        )
        found = {int(n): str(stamp) for n, stamp in rows}
        return [found.get(n, "absent") for n in wanted]

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
        sealed = seal(event)

        def act(db: Connection) -> bool:
            if _head(db) != expected:
                return False
            _insert(db, event.n, sealed)
            return True

        try:
            try:
                made = self.database.once(act)
            except IntegrityError:
                raise
            except DBAPIError as error:
                if not is_away(error):
                    raise self.database.refused(error) from error
                # The server went away, perhaps after it was done: what stands there now says it.
                made = self.database.again(
                    lambda db: _insert_or_find(db, event.n, sealed, expected)
                )
        except IntegrityError as error:
            raise conflict(event.n) from error
        if not made:
            raise conflict(event.n)
        return event

    def turn(self) -> AbstractContextManager[None]:
        """Wait a little for others who are about to append: spares retries, nothing rests on it."""
        return self.database.turn()

    def verify(self, progress: Progress | None = None) -> Iterator[Broken]:
        """Every event that is missing, changed, cut or out of the chain."""
        last = self.head().n
        return broken_links(last, in_order(self.stored(1, last)), progress)

    def _some(self, start: int, last: int) -> list[tuple[int, bytes]]:
        from sqlalchemy import text

        asked = {"start": start, "last": last, "most": _BATCH}
        rows = self.database.ask(lambda db: db.execute(text(_SOME), asked).fetchall())
        return [(int(n), bytes(sealed)) for n, sealed in rows]


def _head(db: Connection) -> Head:
    from sqlalchemy import text

    row = db.execute(text(_NEWEST)).fetchone()
    return Head() if row is None else head_of(int(row[0]), bytes(row[1]))


def _sealed(db: Connection, n: int) -> bytes | None:
    from sqlalchemy import text

    row = db.execute(text(_ONE), {"n": n}).fetchone()
    return None if row is None else bytes(row[0])


def _insert(db: Connection, n: int, sealed: bytes) -> None:
    from sqlalchemy import text

    db.execute(text(_INSERT), {"n": n, "sealed": sealed})


def _insert_or_find(db: Connection, n: int, sealed: bytes, expected: Head) -> bool:
    """Whether event ``n`` is ours, made now or before the server went away."""
    found = _sealed(db, n)
    if found is not None:
        return found == sealed
    if _head(db) != expected:
        return False
    _insert(db, n, sealed)
    return True
