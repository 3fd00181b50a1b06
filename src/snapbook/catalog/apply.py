"""One event's effect on the tables of the index.

Knows what each type of event means for what can be asked; what an event names in the store is read
by `catalog.content`. An event may come from another program or a later snapbook: whatever is not as
expected is recorded and passed over, and never stops the events after it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from snapbook.catalog import details, models, passing, ruled, spoken
from snapbook.catalog.content import Content
from snapbook.catalog.values import digest, digests, entries, items, signer, text
from snapbook.errors import Usage
from snapbook.events import Event
from snapbook.refs import number_text, parse_number


class Applier:
    """Writes events into the tables; ``content`` gives what they name."""

    def __init__(self, content: Content) -> None:
        self.content = content

    def apply(self, db: sqlite3.Connection, event: Event) -> None:
        """Enter ``event``; what is malformed in it is recorded in the table `broken`."""
        act = _ACTS.get(event.type)
        if act is None:
            return
        db.execute("SAVEPOINT event")
        try:
            act(db, event, self.content)
            models.touch(db, event)
        except (KeyError, TypeError, ValueError, Usage, sqlite3.IntegrityError) as error:
            db.execute("ROLLBACK TO event")
            record(db, event.n, f"a {event.type} event that cannot be used ({error})")
        db.execute("RELEASE event")


def record(db: sqlite3.Connection, n: int, why: str, unread: bool = False) -> None:
    """Enter that event ``n`` is of no use; ``unread`` if its bytes may yet come back."""
    db.execute("INSERT OR REPLACE INTO broken (n, unread, why) VALUES (?, ?, ?)", (n, unread, why))


def _version(
    db: sqlite3.Connection,
    event: Event,
    content: Content,
    further: Mapping[str, Any] | None = None,
) -> None:
    """``further`` is the body of a version that an event of another type makes."""
    body: Mapping[str, Any] = event.body if further is None else further
    number = parse_number(body["number"])
    model = models.enter(db, body["model"])
    texts = body.get("texts") or ""
    # A copied version is its author's, and as old as it is; who copied it is in the event.
    made = entries(body.get("made"))
    db.execute(
        "INSERT INTO versions (n, model, major, minor, patch, manifest, key, texts, parents,"
        " time, author, bump, auto, signed, signer, first, touched, ordinal)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
        " (SELECT coalesce(max(ordinal), 0) + 1 FROM versions WHERE model = ?))",
        (
            event.n,
            model,
            *number,
            digest(body["manifest"]),
            bytes.fromhex(body.get("key") or ""),
            bytes.fromhex(texts),
            b"".join(map(digest, body.get("parents") or ())),
            text(made.get("time") or event.time),
            text(made.get("author") or event.author),
            text(body.get("bump")),
            bool(body.get("auto")),
            bool(body.get("signature")),
            signer(body.get("signature")),
            event.n,
            event.time,
            model,
        ),
    )
    models.reached(db, model, number)
    models.living(db, model, event.time)
    if further is None:
        parts = digests(body.get("withheld"))
        passing.withhold(db, digest(body["manifest"]), model, parts)
    details.fill(db, event.n, body["manifest"], texts, content)


def _tag(db: sqlite3.Connection, event: Event, content: Content) -> None:
    body: Mapping[str, Any] = event.body
    said = _said(db, event)
    words, _ = content.words(said.texts.hex())
    tags = {name: text(value) for name, value in entries(words.get("tags")).items()}
    spoken.tag(db, said, [text(name) for name in items(body.get("removed"))], tags)


def _note(db: sqlite3.Connection, event: Event, content: Content) -> None:
    said = _said(db, event)
    words, _ = content.words(said.texts.hex())
    spoken.note(db, said, text(words.get("text") or words.get("message")))


def _alias(db: sqlite3.Connection, event: Event, content: Content) -> None:
    body: Mapping[str, Any] = event.body
    model, name = models.known(db, body["model"]), str(body["name"])
    old, new = bytes.fromhex(body.get("old") or ""), bytes.fromhex(body.get("new") or "")
    db.execute(
        "INSERT INTO moves VALUES (?, ?, ?, ?, ?, ?, ?)",
        (event.n, model, name, old, new, event.time, event.author),
    )
    db.execute("DELETE FROM aliases WHERE model = ? AND name = ?", (model, name))
    if new:
        db.execute("INSERT INTO aliases VALUES (?, ?, ?)", (model, name, new))
    if body.get("way"):
        ruled.enter(db, event, content, new, name, str(body["way"]), body.get("evidence"))
    if "version" in body:
        _further(db, event, content, model, new)


def _further(
    db: sqlite3.Connection, event: Event, content: Content, model: int, manifest: bytes
) -> None:
    """One more number for a Manifest that the model has; the tags of the first stay with it."""
    known = models.versions_of(db, model, manifest)
    body = entries(event.body["version"])
    if not known or body.get("manifest") != manifest.hex():
        raise KeyError("a number for what the model does not have")
    _version(db, event, content, {**body, "model": event.body["model"]})
    # As new as it was: what was made since stays the newest. Two numbers are one version.
    db.execute(
        "UPDATE versions SET (first, ordinal) ="
        " (SELECT first, ordinal FROM versions WHERE n = ?) WHERE n = ?",
        (known[0], event.n),
    )
    db.execute("DELETE FROM tags WHERE n = ?", (event.n,))
    db.execute("INSERT INTO tags SELECT ?, name, value FROM tags WHERE n = ?", (event.n, known[0]))


def _delete(db: sqlite3.Connection, event: Event, _: Content) -> None:
    number = parse_number(str(event.body["number"]))
    model = models.known(db, event.body["model"])
    db.execute(
        "UPDATE versions SET deleted = 1 WHERE model = ? AND major = ? AND minor = ? AND patch = ?",
        (model, *number),
    )
    passing.let_deleted_go(db, model)


def _shared(db: sqlite3.Connection, event: Event, _: Content) -> None:
    body: Mapping[str, Any] = event.body
    model, there = models.known(db, body["model"]), text(body["there"])
    number = parse_number(str(body["number"]))
    db.execute(
        "INSERT OR IGNORE INTO shared VALUES (?, ?, ?, ?, ?, ?)",
        (
            event.n,
            model,
            digest(body["manifest"]),
            text(body["registry"]),
            there,
            number_text(number),
        ),
    )
    if there.lower() == str(body["model"]).lower():
        models.reached(db, model, number)
    if body.get("way") == "push":
        passing.let_go(db, (digest(body["manifest"]), model, text(body["registry"])))


def _queue(db: sqlite3.Connection, event: Event, _: Content) -> None:
    body: Mapping[str, Any] = event.body
    model = models.known(db, body["model"])
    place = digest(body["manifest"]), model, text(body["registry"])
    if body.get("waits") is not True:
        passing.let_go(db, place)
        return
    rows, strict = body.get("rows") is True, body.get("strict") is True
    passing.wait(db, place, event.n, rows=rows, strict=strict)


def _hold(db: sqlite3.Connection, event: Event, content: Content) -> None:
    body: Mapping[str, Any] = event.body
    place = digest(body["manifest"]), models.known(db, body["model"])
    db.execute("DELETE FROM holds WHERE manifest = ? AND model = ?", place)
    if body.get("holds") is True:
        texts = body.get("texts") or ""
        # Purged words hold no less.
        why = text(content.words(texts)[0].get("text")) or "held"
        row = (*place, event.n, bytes.fromhex(texts), why)
        db.execute("INSERT INTO holds VALUES (?, ?, ?, ?, ?)", row)


def _rows(db: sqlite3.Connection, event: Event, _: Content) -> None:
    body: Mapping[str, Any] = event.body
    parts = digests(body["parts"])
    passing.fill_in(db, digest(body["manifest"]), models.known(db, body["model"]), parts)


def _condemned(db: sqlite3.Connection, event: Event, _: Content) -> None:
    packs = [(str(pack), event.time) for pack in items(event.body["packs"])]
    db.executemany("INSERT OR IGNORE INTO condemned VALUES (?, ?)", packs)


def _said(db: sqlite3.Connection, event: Event) -> spoken.Said:
    """Whose words a note or a tag are: of who made the event, or of who said them elsewhere."""
    body: Mapping[str, Any] = event.body
    made = entries(body.get("made"))
    return spoken.Said(
        event.n,
        models.known(db, body["model"]),
        digest(body["manifest"]),
        bytes.fromhex(body.get("texts") or ""),
        text(made.get("author") or event.author),
        text(made.get("time")),
        event.time,
    )


_Act: TypeAlias = Callable[[sqlite3.Connection, Event, Content], None]
_ACTS: Mapping[str, _Act] = {
    "version": _version,
    "model": models.act,
    "tag": _tag,
    "note": _note,
    "alias": _alias,
    "delete": _delete,
    "rename": lambda db, event, _: models.rename(db, event),
    "shared": _shared,
    "queue": _queue,
    "rows": _rows,
    "hold": _hold,
    "request": ruled.opinion,
    "approval": ruled.opinion,
    "verdict": ruled.verdict,
    "policy": ruled.policy,
    "rollout": ruled.rollout,
    "condemned": _condemned,
}
