"""What a version's blobs say of it, in the tables of the index: words, tags, metrics, parameters.

Knows the rows that hang on a version; how blobs are read is `catalog.content`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from snapbook import canonical
from snapbook.catalog import things
from snapbook.catalog.content import Content
from snapbook.catalog.values import direction, entries, text, typed


def fill(db: sqlite3.Connection, n: int, manifest: str, texts: str, content: Content) -> None:
    """Fill the row of version ``n``; what cannot be read is said in its ``damage``."""
    words, why = content.words(texts)
    parts, damage, notebook, held = content.parts(manifest)
    models = [facts for kind, _, facts in parts if kind == "model"]
    db.execute(
        "UPDATE versions SET reason = ?, message = ?, class = ?, params = ?, main = ?,"
        " notebook = ?, damage = ? WHERE n = ?",
        (
            text(words.get("reason")),
            text(words.get("message")),
            text(models[0].get("class_name")) if models else "",
            _paramset(db, [(part, facts) for kind, part, facts in parts if kind == "params"]),
            _metrics(db, n, [facts for kind, _, facts in parts if kind == "metrics"]),
            notebook,
            damage or why,
            n,
        ),
    )
    for name, value in entries(words.get("tags")).items():
        db.execute("INSERT OR REPLACE INTO tags VALUES (?, ?, ?)", (n, name, text(value)))
    things.enter(db, n, held)


def _metrics(db: sqlite3.Connection, n: int, parts: list[Mapping[str, Any]]) -> str:
    """Enter the metrics of version ``n``; gives the main one's name."""
    db.execute("DELETE FROM metrics WHERE n = ?", (n,))
    main, place = "", 0
    for facts in parts:
        values, directions = entries(facts.get("values")), entries(facts.get("directions"))
        main = main or text(facts.get("main"))
        for name, value in values.items():
            db.execute(
                "INSERT OR IGNORE INTO metrics VALUES (?, ?, ?, ?, ?, ?)",
                (n, name, place, *typed(value), direction(directions.get(name))),
            )
            place += 1
    return main


def _paramset(db: sqlite3.Connection, parts: list[tuple[str, Mapping[str, Any]]]) -> int:
    """The id of these parameters, entered once however many versions share them."""
    if not parts:
        return 0
    key = bytes.fromhex(canonical.digest("".join(digest for digest, _ in parts).encode()))
    known = db.execute("SELECT id FROM paramsets WHERE key = ?", (key,)).fetchone()
    if known:
        return int(known[0])
    values: dict[str, Any] = {}
    for _, facts in parts:
        values = {**entries(facts.get("values")), **values}
    entered = db.execute(
        "INSERT INTO paramsets (key, json) VALUES (?, ?)", (key, canonical.encode(values))
    ).lastrowid
    assert entered is not None
    db.executemany(
        "INSERT INTO params VALUES (?, ?, ?, ?)",
        ((name, entered, *typed(value)) for name, value in values.items()),
    )
    return entered
