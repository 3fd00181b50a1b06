"""Notes and tags in the tables of the index: what was said of a version, here or in a registry.

The same words may come back from where they were sent: they count once, by the digest of their
salted text. Of two people who set one tag apart from each other the later one counts, whatever the
order in which their events came.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import NamedTuple

from snapbook.events import parse_time, time_text


class Said(NamedTuple):
    """Words of event ``n`` about a version of the model with this id: who said them, and when.

    ``time`` is "" where they were said here: then it is ``now``, the event's own.
    """

    n: int
    model: int
    manifest: bytes
    texts: bytes
    author: str
    time: str
    now: str


def note(db: sqlite3.Connection, said: Said, text: str) -> None:
    """Enter a note."""
    if not _is_told(db, "notes", said):
        db.execute(
            "INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?, ?)",
            (said.n, said.model, said.manifest, said.texts, text, said.time or said.now,
             said.author),
        )  # fmt: skip


def tag(
    db: sqlite3.Connection, said: Said, removed: Collection[str], tags: Mapping[str, str]
) -> None:
    """Enter what was tagged: first ``removed`` go, then ``tags`` are set."""
    if _is_told(db, "taggings", said):
        return
    said = said._replace(time=said.time or _after_all(db, said))
    db.execute(
        "INSERT INTO taggings VALUES (?, ?, ?, ?, ?, ?)",
        (said.n, said.model, said.manifest, said.texts, said.time, said.author),
    )
    late = {name for name in {*removed, *tags} if _is_later(db, said, name)}
    versions = "SELECT n FROM versions WHERE manifest = ? AND model = ?"
    for (n,) in db.execute(versions, (said.manifest, said.model)).fetchall():
        for name in late.intersection(removed):
            db.execute("DELETE FROM tags WHERE n = ? AND name = ?", (n, name))
        for name in late.intersection(tags):
            db.execute("INSERT OR REPLACE INTO tags VALUES (?, ?, ?)", (n, name, tags[name]))


def _is_told(db: sqlite3.Connection, table: str, said: Said) -> bool:
    known = f"SELECT 1 FROM {table} WHERE manifest = ? AND model = ? AND texts = ?"
    place = (said.manifest, said.model, said.texts)
    return bool(said.texts) and db.execute(known, place).fetchone() is not None


def _after_all(db: sqlite3.Connection, said: Said) -> str:
    """Now, or just after all that was tagged before, where a clock went back meanwhile."""
    known = "SELECT max(time) FROM tagged WHERE manifest = ? AND model = ?"
    last = db.execute(known, (said.manifest, said.model)).fetchone()[0]
    if last is None or last < said.now:
        return said.now
    return time_text(parse_time(last) + timedelta(microseconds=1))


def _is_later(db: sqlite3.Connection, said: Said, name: str) -> bool:
    """Enter that the tag was set or removed then, unless that was done later still."""
    return bool(
        db.execute(
            "INSERT INTO tagged VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " time = excluded.time, texts = excluded.texts"
            " WHERE (excluded.time, excluded.texts) > (tagged.time, tagged.texts)",
            (said.manifest, said.model, name, said.time, said.texts),
        ).rowcount
    )
