"""What passes between repositories, in the tables of the index: pushes that wait, rows withheld."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable


def wait(
    db: sqlite3.Connection, place: tuple[bytes, int, str], n: int, *, rows: bool, strict: bool
) -> None:
    """Enter by event ``n`` that the version at ``place`` (manifest, model's id, registry) waits."""
    let_go(db, place)
    db.execute("INSERT INTO waiting VALUES (?, ?, ?, ?, ?, ?)", (*place, n, rows, strict))


def let_go(db: sqlite3.Connection, place: tuple[bytes, int, str]) -> None:
    """The version waits for that registry no more."""
    db.execute("DELETE FROM waiting WHERE manifest = ? AND model = ? AND registry = ?", place)


def let_deleted_go(db: sqlite3.Connection, model: int) -> None:
    """What was deleted waits for nothing."""
    living = "SELECT manifest FROM versions WHERE model = ?1 AND deleted = 0"
    db.execute(f"DELETE FROM waiting WHERE model = ?1 AND manifest NOT IN ({living})", (model,))


def withhold(db: sqlite3.Connection, manifest: bytes, model: int, parts: Iterable[bytes]) -> None:
    """The version came without the rows of these frames, and of no others."""
    db.execute("DELETE FROM withheld WHERE manifest = ? AND model = ?", (manifest, model))
    db.executemany(
        "INSERT OR IGNORE INTO withheld VALUES (?, ?, ?)",
        [(manifest, model, part) for part in parts],
    )


def fill_in(db: sqlite3.Connection, manifest: bytes, model: int, parts: Iterable[bytes]) -> None:
    """The rows of these frames came later."""
    db.executemany(
        "DELETE FROM withheld WHERE manifest = ? AND model = ? AND part = ?",
        [(manifest, model, part) for part in parts],
    )
