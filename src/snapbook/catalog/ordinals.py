"""Models by themselves, and versions counted 1, 2, 3: as registries of another kind see them.

Everything here follows from the chain. Ordinals are the order of its events and so as permanent as
those; behind an event that cannot be read nobody knows them, and nothing is guessed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from snapbook.errors import Damaged

_LIVING = "v.deleted = 0 AND m.gone = 0"


@dataclass(frozen=True, slots=True)
class Registered:
    """A model that is there, perhaps without versions. Times are as events write them."""

    name: str
    made: str
    touched: str
    description: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Counted:
    """A living version by its ordinal. ``n`` is the place of the event that first made it."""

    n: int
    model: str
    ordinal: int
    manifest: str
    time: str
    touched: str


def registered(db: sqlite3.Connection, name: str = "") -> list[Registered]:
    """The models that are there, or the one called ``name``, by name."""
    chosen, values = (" AND name = ?", (name,)) if name else ("", ())
    rows = db.execute(
        "SELECT id, name, made, touched, description FROM models"
        f" WHERE gone = 0{chosen} ORDER BY name",
        values,
    ).fetchall()
    tags: dict[int, dict[str, str]] = {}
    only = (rows[0][0],) if name and rows else ()
    query = "SELECT model, name, value FROM model_tags" + (" WHERE model = ?" if only else "")
    for model, tag, value in db.execute(query, only):
        tags.setdefault(model, {})[tag] = value
    return [
        Registered(known, made, touched, text, tags.get(id_, {}))
        for id_, known, made, touched, text in rows
    ]


def counted(
    db: sqlite3.Connection, model: str = "", ordinal: int = 0, manifest: str = ""
) -> list[Counted]:
    """The living versions by ordinal: all, or those of ``model``, ``ordinal``, ``manifest``.

    Raises Damaged where an event before one of them cannot be read.
    """
    wanted: list[tuple[str, object]] = [("m.name = ?", model)] if model else []
    wanted += [("v.ordinal = ?", ordinal)] if ordinal else []
    wanted += [("v.manifest = ?", bytes.fromhex(manifest))] if manifest else []
    rows = db.execute(
        "SELECT min(v.n), m.name, v.ordinal, v.manifest, v.time, max(v.touched), v.first"
        " FROM versions v JOIN models m ON m.id = v.model"
        f" WHERE {' AND '.join([_LIVING, *(sql for sql, _ in wanted)])}"
        " GROUP BY v.model, v.ordinal ORDER BY m.name, v.ordinal",
        [value for _, value in wanted],
    ).fetchall()
    unread = db.execute("SELECT min(n) FROM broken WHERE unread").fetchone()[0]
    if unread is not None and any(row[6] > unread for row in rows):
        raise Damaged(
            "Versions cannot be counted here",
            f"event {unread} of the registry cannot be read, and may be one of them",
            act="Its administrator finds out more",
            hint="snapbook audit verify",
        )
    return [Counted(n, name, at, key.hex(), *times) for n, name, at, key, *times, _ in rows]


def tagged(db: sqlite3.Connection, name: str) -> dict[int, str]:
    """What the tag ``name`` says, by the places of the versions that have it."""
    return dict(db.execute("SELECT n, value FROM tags WHERE name = ?", (name,)).fetchall())


def with_tag(db: sqlite3.Connection, name: str, value: str) -> list[int]:
    """The places of the living versions whose tag ``name`` says ``value``, oldest first.

    A tag is a word that others may repeat later: who asks for one version takes the first.
    """
    rows = db.execute(
        "SELECT t.n FROM tags t JOIN versions v ON v.n = t.n JOIN models m ON m.id = v.model"
        f" WHERE t.name = ? AND t.value = ? AND {_LIVING} ORDER BY t.n",
        (name, value),
    )
    return [row[0] for row in rows]


def held(db: sqlite3.Connection, model: str) -> int:
    """The ordinal of the first version of ``model`` that may not be deleted; 0 for none."""
    row = db.execute(
        "SELECT min(v.ordinal) FROM versions v JOIN models m ON m.id = v.model"
        " JOIN holds h ON h.model = v.model AND h.manifest = v.manifest"
        f" WHERE m.name = ? AND {_LIVING}",
        (model,),
    ).fetchone()
    return row[0] or 0


def stood(db: sqlite3.Connection, model: str, aliases: Sequence[str]) -> frozenset[str]:
    """The manifests of ``model`` that any of ``aliases`` ever pointed at."""
    marks = ", ".join("?" * len(aliases))
    rows = db.execute(
        "SELECT DISTINCT v.new FROM moves v JOIN models m ON m.id = v.model"
        f" WHERE m.name = ? AND v.name COLLATE NOCASE IN ({marks})",
        (model, *aliases),
    )
    return frozenset(row[0].hex() for row in rows if row[0])
