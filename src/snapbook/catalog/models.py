"""Models in the tables of the index: their names, the numbers they reached, what is said of them.

Knows a model's row, and which rows of versions are its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from snapbook.catalog import passing
from snapbook.catalog.content import Content
from snapbook.catalog.values import digest, entries, items, text
from snapbook.events import Event
from snapbook.refs import Number

_TOUCHING = frozenset({"tag", "note", "alias"})  # what is said of a version later


def enter(db: sqlite3.Connection, name: object) -> int:
    """The id of the model called ``name``, which is there from now on. Raises TypeError."""
    if not isinstance(name, str) or not name:
        raise TypeError("model is no name")
    db.execute("INSERT OR IGNORE INTO models (name) VALUES (?)", (name,))
    return known(db, name)


def known(db: sqlite3.Connection, name: object) -> int:
    """The id of the model called ``name``. Raises KeyError."""
    row = db.execute("SELECT id FROM models WHERE name = ?", (str(name),)).fetchone()
    if row is None:
        raise KeyError(f"no model {name}")
    return int(row[0])


def living(db: sqlite3.Connection, model: int, time: str) -> None:
    """The model has a version: it is there, and was made with its first."""
    db.execute(
        "UPDATE models SET gone = 0, made = iif(made = '', ?, made) WHERE id = ?", (time, model)
    )


def reached(db: sqlite3.Connection, model: int, number: Number) -> None:
    """The model had ``number``: later ones come after it."""
    db.execute(
        "UPDATE models SET major = ?, minor = ?, patch = ?"
        " WHERE id = ? AND (major, minor, patch) < (?, ?, ?)",
        (*number, model, *number),
    )


def versions_of(db: sqlite3.Connection, model: int, manifest: bytes) -> list[int]:
    """The versions of a model that are ``manifest``, those that were not deleted first."""
    query = "SELECT n FROM versions WHERE manifest = ? AND model = ? ORDER BY deleted, n"
    rows = db.execute(query, (manifest, model))
    return [row[0] for row in rows]


def rename(db: sqlite3.Connection, event: Event) -> None:
    """From now on the model is called otherwise; its old name still finds it."""
    model, to = known(db, event.body["model"]), str(event.body["to"])
    db.execute("INSERT INTO renames VALUES (?, ?, ?)", (event.n, model, event.body["model"]))
    db.execute("UPDATE models SET name = ? WHERE id = ?", (to, model))


def act(db: sqlite3.Connection, event: Event, content: Content) -> None:
    """A model by itself: made, described, tagged, or gone with all of its versions."""
    body: Mapping[str, Any] = event.body
    way, texts = body["way"], body.get("texts") or ""
    if way not in ("create", "change", "delete"):
        raise ValueError(f"no way is called {way}")
    words, _ = content.words(texts)
    model = enter(db, body["model"]) if way == "create" else known(db, body["model"])
    db.execute("INSERT INTO model_acts VALUES (?, ?)", (event.n, bytes.fromhex(texts)))
    if way == "delete":
        db.execute("UPDATE versions SET deleted = 1 WHERE model = ?", (model,))
        passing.let_deleted_go(db, model)
        db.execute("DELETE FROM model_tags WHERE model = ?", (model,))
        db.execute("UPDATE models SET gone = 1, description = '' WHERE id = ?", (model,))
        return
    if way == "create":
        db.execute("UPDATE models SET gone = 0, made = ? WHERE id = ?", (event.time, model))
    if "text" in words:
        told = text(words["text"])
        db.execute("UPDATE models SET description = ? WHERE id = ?", (told, model))
    for name in items(body.get("removed")):
        db.execute("DELETE FROM model_tags WHERE model = ? AND name = ?", (model, text(name)))
    for name, value in entries(words.get("tags")).items():
        tag = (model, name, text(value))
        db.execute("INSERT OR REPLACE INTO model_tags VALUES (?, ?, ?)", tag)


def touch(db: sqlite3.Connection, event: Event) -> None:
    """When the model of ``event``, and the versions it is about, were last said anything of."""
    body: Mapping[str, Any] = event.body
    if not isinstance(name := body.get("model"), str):
        return
    db.execute("UPDATE models SET touched = ? WHERE name = ?", (event.time, name))
    if event.type not in _TOUCHING:
        return
    for manifest in filter(None, map(body.get, ("manifest", "old", "new"))):
        db.execute(
            "UPDATE versions SET touched = ? WHERE manifest = ?"
            " AND model = (SELECT id FROM models WHERE name = ?)",
            (event.time, digest(manifest), name),
        )
