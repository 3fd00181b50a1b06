"""The file behind the index: tables that follow a catalog event by event, beside other processes.

Knows how the tables are kept up to date, and thrown away when they are broken or belong to another
chain; what an event means is `catalog.apply`. Nothing here is ever asked to be right that the chain
cannot make right again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from snapbook.catalog.apply import Applier
from snapbook.catalog.base import Catalog, Head
from snapbook.catalog.content import Content, Get
from snapbook.catalog.follow import clear, follow, take
from snapbook.catalog.rows import COLUMNS, FROM, VersionRow, version_rows
from snapbook.catalog.tables import SCHEMA
from snapbook.events import Event
from snapbook.store.sqlite import CacheFile

_T = TypeVar("_T")


class Followed:
    """The tables over one catalog. ``path`` is the cache file, None for memory.

    ``get`` gives a blob by its digest. Call `follow` before asking; all answers are as of then or
    newer.
    """

    def __init__(self, path: Path | None, get: Get) -> None:
        self._file = CacheFile(path, SCHEMA)
        self._applier = Applier(Content(get))
        self._catalog: Catalog | None = None
        self._followed: sqlite3.Connection | None = None

    def follow(self, catalog: Catalog) -> Head:
        """Take in the events since the last time; gives the head that the index now stands at."""
        self._catalog = catalog
        return self._safely(self._follow)

    def take(self, event: Event) -> bool:
        """Take in ``event``, which was appended just now; False where others have to come first."""
        return self._safely(lambda db: take(db, event, self._applier))

    def rebuild(self) -> None:
        """Forget everything and follow the catalog from its first event."""
        self._safely(clear)
        if self._catalog is not None:
            self.follow(self._catalog)

    def give_room(self) -> None:
        """Leave the room of the cache file to others."""
        self._file.give_room()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def ask(self, question: Callable[[sqlite3.Connection], _T]) -> _T:
        """What ``question`` finds in the tables; it changes nothing."""
        return self._safely(question)

    def _follow(self, db: sqlite3.Connection) -> Head:
        self._followed = db
        return follow(db, self._catalog, self._applier) if self._catalog is not None else Head()

    def _safely(self, act: Callable[[sqlite3.Connection], _T]) -> _T:
        """``act`` on tables that have followed; on fresh ones after a file that was broken."""
        try:
            return self._on_followed(act)
        except sqlite3.OperationalError:
            # Locked for longer than anybody should, full or read-only: this process goes on alone.
            self._file.go_alone()
        except sqlite3.DatabaseError:
            self._file.discard()
        return self._on_followed(act)

    def _on_followed(self, act: Callable[[sqlite3.Connection], _T]) -> _T:
        with self._file.use() as db:
            if db is not self._followed:
                self._follow(db)
            return act(db)

    def _rows(self, sql: str, *values: object) -> list[Any]:
        return self._safely(lambda db: db.execute(sql, values).fetchall())

    def _column(self, sql: str, *values: object) -> list[Any]:
        return [row[0] for row in self._rows(sql, *values)]

    def _some(
        self,
        sql: str,
        values: Sequence[object],
        most: int = -1,
        order: str = "v.n DESC",
        skip: int = 0,
    ) -> list[VersionRow]:
        query = f"SELECT {COLUMNS} FROM {FROM} WHERE {sql} ORDER BY {order} LIMIT ? OFFSET ?"
        return self._safely(
            lambda db: version_rows(db, db.execute(query, (*values, most, skip)).fetchall())
        )
