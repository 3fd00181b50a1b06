"""What versions hold that searches ask for: columns and digests of frames, packages, cells' text.

Versions share nearly all of it with the one before: a frame, an environment and a block of executed
cells is entered once, by its digest, and each version only points at it. Knows the shape of these
parts (docs/format.md); what cannot be read is not found, and never an error.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from snapbook import canonical
from snapbook.errors import Damaged, NotFound

KINDS = ("frame", "environment", "cells")
_LONGEST = 65_536  # characters of a cell; what is longer is no code that a person looks for
_PLACES = 4
_NUMBER = re.compile(r"\d+")


class Thing(NamedTuple):
    """One of them: of a frame its name, digest and columns, of an environment its packages (name,
    version), of a block of cells their sources.
    """

    digest: str
    frame: tuple[str, str] = ("", "")
    columns: tuple[str, ...] = ()
    packages: tuple[tuple[str, str], ...] = ()
    sources: tuple[str, ...] = ()


def read(kind: str, digest: str, get: Callable[[str], bytes]) -> list[Thing]:
    """What the part of ``kind`` under ``digest`` has to say."""
    try:
        part = canonical.decode(get(digest))
        return list(_READERS[kind](part, digest, get))
    except (NotFound, Damaged, ValueError, TypeError, LookupError, AttributeError):
        return []  # whoever wrote it: a version is listed all the same


def enter(db: sqlite3.Connection, n: int, things: Iterable[Thing]) -> None:
    """Enter that version ``n`` holds ``things``, and no others."""
    db.execute("DELETE FROM held WHERE n = ?", (n,))
    for thing in things:
        held = (_id(db, thing), n)
        db.execute("INSERT OR IGNORE INTO held VALUES (?, ?)", held)


def release(version: str) -> str:
    """The numbers of a package's version, as a text that sorts as they do."""
    return ".".join(f"{int(part):09d}"[:9] for part in _NUMBER.findall(_plain(version))[:_PLACES])


def normal(package: str) -> str:
    """A package's name as all its spellings are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", package).lower()


def _plain(version: str) -> str:
    """A version without what is no release: epoch, pre-releases, local labels."""
    tail = version.rpartition("!")[2].lstrip("vV")
    return re.split(r"[^0-9.]", tail, maxsplit=1)[0]


def _id(db: sqlite3.Connection, thing: Thing) -> int:
    key = bytes.fromhex(thing.digest)
    known = db.execute("SELECT id FROM things WHERE digest = ?", (key,)).fetchone()
    if known:
        return int(known[0])
    at = db.execute("INSERT INTO things (digest) VALUES (?)", (key,)).lastrowid
    assert at is not None
    name, digest = thing.frame
    if name:
        db.execute("INSERT INTO frames VALUES (?, ?, ?)", (name, bytes.fromhex(digest), at))
    db.executemany(
        "INSERT OR IGNORE INTO columns VALUES (?, ?)", [(column, at) for column in thing.columns]
    )
    padded = ".000000000" * (_PLACES - 1)
    db.executemany(
        "INSERT OR IGNORE INTO packages VALUES (?, ?, ?, ?)",
        [
            (name, at, (release(text) + padded)[: 10 * _PLACES - 1], text)
            for name, text in thing.packages
        ],
    )
    for source in thing.sources:
        db.execute("INSERT OR IGNORE INTO cells VALUES (?, ?)", (_source(db, source), at))
    return at


def _source(db: sqlite3.Connection, text: str) -> int:
    key = bytes.fromhex(canonical.digest(text.encode("utf-8", "replace")))
    known = db.execute("SELECT id FROM sources WHERE digest = ?", (key,)).fetchone()
    if known:
        return int(known[0])
    entered = db.execute("INSERT INTO sources (digest, text) VALUES (?, ?)", (key, text))
    return int(entered.lastrowid or 0)


def _frame(part: Any, digest: str, get: Callable[[str], bytes]) -> Iterable[Thing]:
    del get
    facts = part["facts"]
    names = [_sound(_name(column.get("name"))) for column in facts.get("columns") or ()]
    told = facts.get("digest")
    known = str(told) if isinstance(told, str) else ""
    bytes.fromhex(known)
    yield Thing(digest, (_sound(part["name"]), known), tuple(dict.fromkeys(names)))


def _environment(part: Any, digest: str, get: Callable[[str], bytes]) -> Iterable[Thing]:
    installed: Any = canonical.decode(get(part["blobs"][0]))
    told = ((normal(_sound(name)), _sound(version)) for name, version in installed.items())
    yield Thing(digest, packages=tuple(told))


def _cells(part: Any, digest: str, get: Callable[[str], bytes]) -> Iterable[Thing]:
    del digest
    count = int(part["facts"]["count"])
    for block in part["blobs"]:
        if count <= 0:
            break
        lines = [canonical.decode(line) for line in get(block).split(b"\n")]
        count -= len(lines)
        sources = (_sound(line.get("source") or "") for line in lines if isinstance(line, dict))
        yield Thing(block, sources=tuple(text for text in sources if 0 < len(text) <= _LONGEST))


def _sound(text: Any) -> str:
    """Text that a database takes: JSON may hold halves of characters."""
    return str(text).encode("utf-8", "replace").decode()


def _name(value: Any) -> str:
    """A column's name as a person writes it."""
    if isinstance(value, Mapping):
        if "tuple" in value:
            return "(" + ", ".join(map(_name, value["tuple"])) + ")"
        return str(value.get("text", "?"))
    return str(value)


_READERS: Mapping[str, Callable[[Any, str, Callable[[str], bytes]], Iterable[Thing]]] = {
    "frame": _frame,
    "environment": _environment,
    "cells": _cells,
}
