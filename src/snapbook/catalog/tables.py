"""The tables of the index: what can be asked quickly about a chain of events.

Only caches: every row follows from the events and the blobs that they name. Numbers stand as three
integers, digests as 32 bytes, so that a version that changes one metric costs little.
"""

from __future__ import annotations

import sqlite3

SCHEMA = """
CREATE TABLE IF NOT EXISTS cursor (
    id INTEGER PRIMARY KEY CHECK (id = 1), n INTEGER NOT NULL, digest TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS models (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    major INTEGER NOT NULL DEFAULT 0,
    minor INTEGER NOT NULL DEFAULT 0,
    patch INTEGER NOT NULL DEFAULT 0,
    made TEXT NOT NULL DEFAULT '',
    touched TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    gone INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS model_tags (
    model INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (model, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS model_acts (n INTEGER PRIMARY KEY, texts BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS renames (
    n INTEGER PRIMARY KEY, model INTEGER NOT NULL, old TEXT NOT NULL COLLATE NOCASE
);
CREATE TABLE IF NOT EXISTS versions (
    n INTEGER PRIMARY KEY,
    model INTEGER NOT NULL,
    major INTEGER NOT NULL,
    minor INTEGER NOT NULL,
    patch INTEGER NOT NULL,
    manifest BLOB NOT NULL,
    key BLOB NOT NULL,
    texts BLOB NOT NULL,
    parents BLOB NOT NULL,
    time TEXT NOT NULL,
    author TEXT NOT NULL,
    bump TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    class TEXT NOT NULL DEFAULT '',
    params INTEGER NOT NULL DEFAULT 0,
    main TEXT NOT NULL DEFAULT '',
    auto INTEGER NOT NULL DEFAULT 0,
    signed INTEGER NOT NULL DEFAULT 0,
    signer BLOB NOT NULL DEFAULT x'',
    notebook TEXT NOT NULL DEFAULT '',
    deleted INTEGER NOT NULL DEFAULT 0,
    damage TEXT NOT NULL DEFAULT '',
    first INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    touched TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS version_number ON versions (model, major, minor, patch);
CREATE INDEX IF NOT EXISTS version_model ON versions (model, deleted);
CREATE INDEX IF NOT EXISTS version_first ON versions (model, deleted, first);
CREATE INDEX IF NOT EXISTS version_ordinal ON versions (model, ordinal);
CREATE INDEX IF NOT EXISTS version_manifest ON versions (manifest);
CREATE TABLE IF NOT EXISTS metrics (
    n INTEGER NOT NULL,
    name TEXT NOT NULL,
    place INTEGER NOT NULL,
    value REAL,
    text TEXT,
    direction TEXT,
    PRIMARY KEY (n, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS metric_value ON metrics (name, value, n);
CREATE TABLE IF NOT EXISTS paramsets (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, json BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS params (
    name TEXT NOT NULL,
    paramset INTEGER NOT NULL,
    value REAL,
    text TEXT,
    PRIMARY KEY (name, paramset)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tags (
    n INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (n, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tag_value ON tags (name, value, n);
CREATE TABLE IF NOT EXISTS aliases (
    model INTEGER NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    manifest BLOB NOT NULL,
    PRIMARY KEY (model, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS moves (
    n INTEGER PRIMARY KEY,
    model INTEGER NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    old BLOB NOT NULL,
    new BLOB NOT NULL,
    time TEXT NOT NULL,
    author TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS move_alias ON moves (model, name);
CREATE TABLE IF NOT EXISTS notes (
    n INTEGER PRIMARY KEY,
    model INTEGER NOT NULL,
    manifest BLOB NOT NULL,
    texts BLOB NOT NULL,
    text TEXT NOT NULL,
    time TEXT NOT NULL,
    author TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS note_manifest ON notes (manifest);
CREATE TABLE IF NOT EXISTS taggings (
    n INTEGER PRIMARY KEY,
    model INTEGER NOT NULL,
    manifest BLOB NOT NULL,
    texts BLOB NOT NULL,
    time TEXT NOT NULL,
    author TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS tagging_manifest ON taggings (manifest);
CREATE TABLE IF NOT EXISTS tagged (
    manifest BLOB NOT NULL,
    model INTEGER NOT NULL,
    name TEXT NOT NULL,
    time TEXT NOT NULL,
    texts BLOB NOT NULL,
    PRIMARY KEY (manifest, model, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shared (
    n INTEGER PRIMARY KEY,
    model INTEGER NOT NULL,
    manifest BLOB NOT NULL,
    registry TEXT NOT NULL COLLATE NOCASE,
    there TEXT NOT NULL COLLATE NOCASE,
    number TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS shared_place ON shared (manifest, model, registry, there, number);
CREATE INDEX IF NOT EXISTS shared_name ON shared (registry, there, number);
CREATE TABLE IF NOT EXISTS waiting (
    manifest BLOB NOT NULL,
    model INTEGER NOT NULL,
    registry TEXT NOT NULL COLLATE NOCASE,
    n INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    strict INTEGER NOT NULL,
    PRIMARY KEY (manifest, model, registry)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS holds (
    manifest BLOB NOT NULL,
    model INTEGER NOT NULL,
    n INTEGER NOT NULL,
    texts BLOB NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (manifest, model)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS withheld (
    manifest BLOB NOT NULL,
    model INTEGER NOT NULL,
    part BLOB NOT NULL,
    PRIMARY KEY (manifest, model, part)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rulings (
    n INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    model INTEGER NOT NULL,
    manifest BLOB NOT NULL,
    alias TEXT NOT NULL COLLATE NOCASE,
    word TEXT NOT NULL,
    texts BLOB NOT NULL,
    text TEXT NOT NULL,
    kept BLOB NOT NULL,
    signer BLOB NOT NULL,
    time TEXT NOT NULL,
    author TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS ruling_model ON rulings (model, type);
CREATE TABLE IF NOT EXISTS things (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS held (
    thing INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (thing, n)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS held_version ON held (n);
CREATE TABLE IF NOT EXISTS columns (
    name TEXT NOT NULL, thing INTEGER NOT NULL, PRIMARY KEY (name, thing)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS frames (
    name TEXT NOT NULL, digest BLOB NOT NULL, thing INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS frame_name ON frames (name);
CREATE INDEX IF NOT EXISTS frame_digest ON frames (digest);
CREATE TABLE IF NOT EXISTS packages (
    name TEXT NOT NULL,
    thing INTEGER NOT NULL,
    release TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (name, thing)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sources (
    id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, text TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS cells (
    source INTEGER NOT NULL, thing INTEGER NOT NULL, PRIMARY KEY (source, thing)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS condemned (pack TEXT PRIMARY KEY, time TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS broken (
    n INTEGER PRIMARY KEY,
    unread INTEGER NOT NULL,
    why TEXT NOT NULL,
    stamp TEXT NOT NULL DEFAULT ''
);
"""

# fmt: off
TABLES = (
    "cursor", "models", "model_tags", "model_acts", "renames", "versions", "metrics", "paramsets",
    "params", "tags", "aliases", "moves", "notes", "taggings", "tagged", "shared",
    "waiting", "holds", "withheld", "rulings", "things", "held", "columns", "frames", "packages",
    "sources", "cells", "condemned", "broken",
)
# fmt: on


def names(db: sqlite3.Connection, table: str) -> list[str]:
    """The different names in metrics, params or tags, sorted.

    Jumps from name to name through the index (a "loose index scan"); DISTINCT would read a row for
    each version.
    """
    rows = db.execute(
        f"WITH RECURSIVE found (name) AS (SELECT min(name) FROM {table} UNION ALL"
        f" SELECT (SELECT min(name) FROM {table} WHERE name > found.name) FROM found"
        " WHERE found.name IS NOT NULL) SELECT name FROM found WHERE name IS NOT NULL"
    )
    return [row[0] for row in rows]
