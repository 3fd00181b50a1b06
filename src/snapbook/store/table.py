"""Which pack holds a blob: a table over the indexes of all packs, fed by looking where they lie.

Knows pack ids and digests; how packs are listed and their indexes read is an engine's. The table is
a cache: the packs are the truth, and whatever is not found is looked for once more.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from snapbook.store.sqlite import CacheFile, transaction

_SCHEMA = """
CREATE TABLE IF NOT EXISTS packs (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS blobs (
    digest BLOB NOT NULL, pack INTEGER NOT NULL, PRIMARY KEY (digest, pack)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS damaged (
    digest BLOB NOT NULL, pack INTEGER NOT NULL, PRIMARY KEY (digest, pack)
) WITHOUT ROWID;
"""
_SOUND = " AND NOT EXISTS (SELECT 1 FROM damaged d WHERE d.digest = b.digest AND d.pack = b.pack)"
_T = TypeVar("_T")


class PackTable(ABC):
    """The packs there are and what they hold; ``cache`` None keeps the table in memory."""

    def __init__(self, cache: Path | None) -> None:
        self._file = CacheFile(cache, _SCHEMA)
        # Packs whose index cannot be read, with why: not looked at again until they change.
        self.broken: dict[str, str] = {}
        self._filled: sqlite3.Connection | None = None

    @abstractmethod
    def scan(self, quick: bool = False) -> None:
        """Bring the table up to what there is.

        ``quick`` may miss a pack that came a moment ago: enough for whoever would only write a blob
        a second time.
        """

    @abstractmethod
    def names(self) -> Iterable[str]:
        """The packs there are, looked up afresh: those that cannot be read too."""

    def packs_of(self, digest: bytes) -> list[str]:
        """The packs that hold the blob, as far as the table knows."""
        return self._safely(lambda db: _packs_of(db, digest))

    def sound_packs_of(self, digest: bytes) -> list[str]:
        """Those of them in which it was not found to be damaged."""
        return self._safely(lambda db: _packs_of(db, digest, _SOUND))

    def damaged_in(self, name: str) -> frozenset[bytes]:
        """The blobs of the pack that were found to be damaged."""
        query = "SELECT digest FROM damaged JOIN packs ON id = pack WHERE name = ?"
        return self._safely(lambda db: frozenset(row[0] for row in db.execute(query, (name,))))

    def damaged(self, name: str, digests: Iterable[bytes], *, whole: bool = False) -> None:
        """Remember blobs of the pack that are not as they were written: none relies on them.

        With ``whole`` all of the pack was read, and its other blobs are sound.
        """
        rows = list(digests)
        self._safely(lambda db: _set_damaged(db, name, rows, whole))

    def known(self) -> set[str]:
        """The packs in the table."""
        return self._safely(_names)

    def between(self, low: bytes, high: bytes) -> list[bytes]:
        """At most 64 digests from ``low`` to ``high``, both included."""
        return self._safely(
            lambda db: [
                bytes(row[0])
                for row in db.execute(
                    "SELECT DISTINCT digest FROM blobs WHERE digest BETWEEN ? AND ?"
                    " ORDER BY digest LIMIT 64",
                    (low, high),
                )
            ]
        )

    def held(self, name: str) -> list[bytes]:
        """The blobs of a pack, as the table remembers them."""
        return self._safely(
            lambda db: [
                bytes(row[0])
                for row in db.execute(
                    "SELECT digest FROM blobs WHERE pack = (SELECT id FROM packs WHERE name = ?)",
                    (name,),
                )
            ]
        )

    def add(self, name: str, digests: Iterable[bytes]) -> None:
        """Take the pack ``name`` into the table."""
        rows = list(digests)
        self._safely(lambda db: _insert(db, name, rows))

    def forget(self, names: Iterable[str]) -> None:
        """Take packs that are gone out of the table."""
        gone = list(names)
        if gone:
            self._safely(lambda db: _delete(db, gone))

    def give_room(self) -> None:
        """Leave the room of the cache file to others."""
        self._file.give_room()

    def close(self) -> None:
        """Let go of the cache file."""
        self._file.close()

    def _safely(self, act: Callable[[sqlite3.Connection], _T]) -> _T:
        """``act`` on the table; on a fresh one after a file that turned out broken."""
        try:
            return self._on_filled(act)
        except sqlite3.OperationalError:
            # Locked for longer than anybody should, full or read-only: this process goes on alone.
            self._file.go_alone()
        except sqlite3.DatabaseError:
            self._file.discard()
        return self._on_filled(act)

    def _on_filled(self, act: Callable[[sqlite3.Connection], _T]) -> _T:
        with self._file.use() as db:
            if db is not self._filled:
                self._filled = db
                if not _names(db):
                    self.scan()
                if db is not self._filled:  # given up for one in memory meanwhile
                    return self._on_filled(act)
            return act(db)


def _packs_of(db: sqlite3.Connection, digest: bytes, but: str = "") -> list[str]:
    query = "SELECT name FROM blobs b JOIN packs ON id = pack WHERE digest = ?" + but
    return [row[0] for row in db.execute(query, (digest,))]


def _set_damaged(db: sqlite3.Connection, name: str, digests: list[bytes], whole: bool) -> None:
    pack = "(SELECT id FROM packs WHERE name = ?)"
    with transaction(db):
        if whole:
            db.execute(f"DELETE FROM damaged WHERE pack = {pack}", (name,))
        db.executemany(
            "INSERT OR IGNORE INTO damaged SELECT ?, id FROM packs WHERE name = ?",
            ((digest, name) for digest in digests),
        )


def _names(db: sqlite3.Connection) -> set[str]:
    return {row[0] for row in db.execute("SELECT name FROM packs")}


def _insert(db: sqlite3.Connection, name: str, digests: list[bytes]) -> None:
    with transaction(db):
        if db.execute("SELECT 1 FROM packs WHERE name = ?", (name,)).fetchone():
            return
        pack = db.execute("INSERT INTO packs (name) VALUES (?)", (name,)).lastrowid
        db.executemany("INSERT INTO blobs VALUES (?, ?)", ((digest, pack) for digest in digests))


def _delete(db: sqlite3.Connection, names: list[str]) -> None:
    with transaction(db):
        db.execute("CREATE TEMP TABLE IF NOT EXISTS gone (id INTEGER PRIMARY KEY)")
        db.execute("DELETE FROM gone")
        db.executemany(
            "INSERT INTO gone SELECT id FROM packs WHERE name = ?", ((name,) for name in names)
        )
        db.execute("DELETE FROM blobs WHERE pack IN (SELECT id FROM gone)")
        db.execute("DELETE FROM damaged WHERE pack IN (SELECT id FROM gone)")
        db.execute("DELETE FROM packs WHERE id IN (SELECT id FROM gone)")
