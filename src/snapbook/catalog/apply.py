"""One event's effect on the tables of the index.

Knows what each type of event means for what can be asked; what an event names in the store is read
by `catalog.content`. An event may
come from another program or a later snapbook: whatever is not as expected is recorded and passed
over, and never stops the events after it.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping
from typing import Any

from snapbook import canonical
from snapbook.catalog import passing, spoken, things
from snapbook.catalog.content import Content
from snapbook.errors import Usage
from snapbook.events import Event
from snapbook.refs import Number, number_text, parse_number


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
            act(self, db, event)
            _touch(db, event)
        except (KeyError, TypeError, ValueError, Usage, sqlite3.IntegrityError) as error:
            db.execute("ROLLBACK TO event")
            record(db, event.n, f"a {event.type} event that cannot be used ({error})")
        db.execute("RELEASE event")

    def read_content(self, db: sqlite3.Connection, n: int, manifest: str, texts: str) -> None:
        """Fill a version's row from its blobs; what cannot be read is said in its ``damage``."""
        words, why = self.content.words(texts)
        parts, damage, notebook, held = self.content.parts(manifest)
        models = [facts for kind, _, facts in parts if kind == "model"]
        db.execute(
            "UPDATE versions SET reason = ?, message = ?, class = ?, params = ?, main = ?,"
            " notebook = ?, damage = ? WHERE n = ?",
            (
                _text(words.get("reason")),
                _text(words.get("message")),
                _text(models[0].get("class_name")) if models else "",
                _paramset(db, [(part, facts) for kind, part, facts in parts if kind == "params"]),
                _metrics(db, n, [facts for kind, _, facts in parts if kind == "metrics"]),
                notebook,
                damage or why,
                n,
            ),
        )
        _set_tags(db, n, words.get("tags"))
        things.enter(db, n, held)

    def _version(
        self, db: sqlite3.Connection, event: Event, further: Mapping[str, Any] | None = None
    ) -> None:
        """``further`` is the body of a version that an event of another type makes."""
        body: Mapping[str, Any] = event.body if further is None else further
        number = parse_number(body["number"])
        model = _model(db, body["model"])
        texts = body.get("texts") or ""
        # A copied version is its author's, and as old as it is; who copied it is in the event.
        made = _entries(body.get("made"))
        db.execute(
            "INSERT INTO versions (n, model, major, minor, patch, manifest, key, texts, parents,"
            " time, author, bump, auto, signed, signer, first, touched, ordinal)"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
            " (SELECT coalesce(max(ordinal), 0) + 1 FROM versions WHERE model = ?))",
            (
                event.n,
                model,
                *number,
                _digest(body["manifest"]),
                bytes.fromhex(body.get("key") or ""),
                bytes.fromhex(texts),
                b"".join(map(_digest, body.get("parents") or ())),
                _text(made.get("time") or event.time),
                _text(made.get("author") or event.author),
                _text(body.get("bump")),
                bool(body.get("auto")),
                bool(body.get("signature")),
                _signer(body.get("signature")),
                event.n,
                event.time,
                model,
            ),
        )
        _reached(db, model, number)
        _living(db, model, event.time)
        if further is None:
            parts = map(_digest, _list(body.get("withheld")))
            passing.withhold(db, _digest(body["manifest"]), model, parts)
        self.read_content(db, event.n, body["manifest"], texts)

    def _named(self, db: sqlite3.Connection, event: Event) -> None:
        """A model by itself: made, described, tagged, or gone with all of its versions."""
        body: Mapping[str, Any] = event.body
        way, texts = body["way"], body.get("texts") or ""
        if way not in ("create", "change", "delete"):
            raise ValueError(f"no way is called {way}")
        words, _ = self.content.words(texts)
        model = _model(db, body["model"]) if way == "create" else _known_model(db, body["model"])
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
            told = _text(words["text"])
            db.execute("UPDATE models SET description = ? WHERE id = ?", (told, model))
        for name in _list(body.get("removed")):
            db.execute("DELETE FROM model_tags WHERE model = ? AND name = ?", (model, _text(name)))
        for name, value in _entries(words.get("tags")).items():
            tag = (model, name, _text(value))
            db.execute("INSERT OR REPLACE INTO model_tags VALUES (?, ?, ?)", tag)

    def _tag(self, db: sqlite3.Connection, event: Event) -> None:
        body: Mapping[str, Any] = event.body
        said = _said(db, event)
        words, _ = self.content.words(said.texts.hex())
        tags = {name: _text(value) for name, value in _entries(words.get("tags")).items()}
        spoken.tag(db, said, [_text(name) for name in _list(body.get("removed"))], tags)

    def _note(self, db: sqlite3.Connection, event: Event) -> None:
        said = _said(db, event)
        words, _ = self.content.words(said.texts.hex())
        spoken.note(db, said, _text(words.get("text") or words.get("message")))

    def _alias(self, db: sqlite3.Connection, event: Event) -> None:
        body: Mapping[str, Any] = event.body
        model, name = _known_model(db, body["model"]), str(body["name"])
        old, new = bytes.fromhex(body.get("old") or ""), bytes.fromhex(body.get("new") or "")
        db.execute(
            "INSERT INTO moves VALUES (?, ?, ?, ?, ?, ?, ?)",
            (event.n, model, name, old, new, event.time, event.author),
        )
        db.execute("DELETE FROM aliases WHERE model = ? AND name = ?", (model, name))
        if new:
            db.execute("INSERT INTO aliases VALUES (?, ?, ?)", (model, name, new))
        if body.get("way"):
            self._rule(db, event, new, name, str(body["way"]), body.get("evidence"))
        if "version" in body:
            self._further(db, event, model, new)

    def _further(self, db: sqlite3.Connection, event: Event, model: int, manifest: bytes) -> None:
        """One more number for a Manifest that the model has; the tags of the first stay with it."""
        known = _versions_of(db, model, manifest)
        body = _entries(event.body["version"])
        if not known or body.get("manifest") != manifest.hex():
            raise KeyError("a number for what the model does not have")
        self._version(db, event, {**body, "model": event.body["model"]})
        # As new as it was: what was made since stays the newest. Two numbers are one version.
        db.execute(
            "UPDATE versions SET (first, ordinal) ="
            " (SELECT first, ordinal FROM versions WHERE n = ?) WHERE n = ?",
            (known[0], event.n),
        )
        db.execute("DELETE FROM tags WHERE n = ?", (event.n,))
        db.execute(
            "INSERT INTO tags SELECT ?, name, value FROM tags WHERE n = ?", (event.n, known[0])
        )

    def _request(self, db: sqlite3.Connection, event: Event) -> None:
        body: Mapping[str, Any] = event.body
        word = _text(body.get("word"))
        self._rule(db, event, _digest(body["manifest"]), str(body["alias"]), word, None)

    def _verdict(self, db: sqlite3.Connection, event: Event) -> None:
        body: Mapping[str, Any] = event.body
        gate, kept = _text(body["gate"]), _digest(body["evidence"]).hex()
        self._rule(db, event, _digest(body["manifest"]), str(body["alias"]), gate, kept)

    def _policy(self, db: sqlite3.Connection, event: Event) -> None:
        self._rule(db, event, b"", "", "", _digest(event.body["policy"]).hex())

    def _rule(
        self,
        db: sqlite3.Connection,
        event: Event,
        manifest: bytes,
        alias: str,
        word: str,
        kept: object,
    ) -> None:
        body: Mapping[str, Any] = event.body
        texts = body.get("texts") or ""
        words, _ = self.content.words(texts)
        db.execute(
            "INSERT INTO rulings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                event.n,
                event.type,
                _known_model(db, body["model"]),
                manifest,
                alias,
                word,
                bytes.fromhex(texts),
                _text(words.get("text")),
                bytes.fromhex(str(kept or "")),
                _signer(body.get("signature")),
                event.time,
                event.author,
            ),
        )

    def _delete(self, db: sqlite3.Connection, event: Event) -> None:
        number = parse_number(str(event.body["number"]))
        model = _known_model(db, event.body["model"])
        db.execute(
            "UPDATE versions SET deleted = 1"
            " WHERE model = ? AND major = ? AND minor = ? AND patch = ?",
            (model, *number),
        )
        passing.let_deleted_go(db, model)

    def _rename(self, db: sqlite3.Connection, event: Event) -> None:
        model, to = _known_model(db, event.body["model"]), str(event.body["to"])
        db.execute("INSERT INTO renames VALUES (?, ?, ?)", (event.n, model, event.body["model"]))
        db.execute("UPDATE models SET name = ? WHERE id = ?", (to, model))

    def _shared(self, db: sqlite3.Connection, event: Event) -> None:
        body: Mapping[str, Any] = event.body
        model, there = _known_model(db, body["model"]), _text(body["there"])
        number = parse_number(str(body["number"]))
        db.execute(
            "INSERT OR IGNORE INTO shared VALUES (?, ?, ?, ?, ?, ?)",
            (
                event.n,
                model,
                _digest(body["manifest"]),
                _text(body["registry"]),
                there,
                number_text(number),
            ),
        )
        if there.lower() == str(body["model"]).lower():
            _reached(db, model, number)
        if body.get("way") == "push":
            passing.let_go(db, (_digest(body["manifest"]), model, _text(body["registry"])))

    def _queue(self, db: sqlite3.Connection, event: Event) -> None:
        body: Mapping[str, Any] = event.body
        model = _known_model(db, body["model"])
        place = _digest(body["manifest"]), model, _text(body["registry"])
        if body.get("waits") is not True:
            passing.let_go(db, place)
            return
        rows, strict = body.get("rows") is True, body.get("strict") is True
        passing.wait(db, place, event.n, rows=rows, strict=strict)

    def _hold(self, db: sqlite3.Connection, event: Event) -> None:
        body: Mapping[str, Any] = event.body
        place = _digest(body["manifest"]), _known_model(db, body["model"])
        db.execute("DELETE FROM holds WHERE manifest = ? AND model = ?", place)
        if body.get("holds") is True:
            texts = body.get("texts") or ""
            # Purged words hold no less.
            text = _text(self.content.words(texts)[0].get("text")) or "held"
            row = (*place, event.n, bytes.fromhex(texts), text)
            db.execute("INSERT INTO holds VALUES (?, ?, ?, ?, ?)", row)

    def _rows(self, db: sqlite3.Connection, event: Event) -> None:
        body: Mapping[str, Any] = event.body
        parts = [_digest(part) for part in _list(body["parts"])]
        passing.fill_in(db, _digest(body["manifest"]), _known_model(db, body["model"]), parts)

    def _condemned(self, db: sqlite3.Connection, event: Event) -> None:
        packs = [(str(pack),) for pack in _list(event.body["packs"])]
        db.executemany("INSERT OR IGNORE INTO condemned VALUES (?)", packs)


_ACTS = {
    "version": Applier._version,
    "model": Applier._named,
    "tag": Applier._tag,
    "note": Applier._note,
    "alias": Applier._alias,
    "delete": Applier._delete,
    "rename": Applier._rename,
    "shared": Applier._shared,
    "queue": Applier._queue,
    "rows": Applier._rows,
    "hold": Applier._hold,
    "request": Applier._request,
    "approval": Applier._request,
    "verdict": Applier._verdict,
    "policy": Applier._policy,
    "condemned": Applier._condemned,
}


_TOUCHING = frozenset({"tag", "note", "alias"})  # what is said of a version later


def _touch(db: sqlite3.Connection, event: Event) -> None:
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
            (event.time, _digest(manifest), name),
        )


def record(db: sqlite3.Connection, n: int, why: str, unread: bool = False) -> None:
    """Enter that event ``n`` is of no use; ``unread`` if its bytes may yet come back."""
    db.execute("INSERT OR REPLACE INTO broken (n, unread, why) VALUES (?, ?, ?)", (n, unread, why))


def typed(value: object) -> tuple[float | None, str | None]:
    """A metric's or parameter's value as the two columns (number, text) that searches compare."""
    if isinstance(value, bool) or value is None or not isinstance(value, (int, float)):
        return None, value if isinstance(value, str) else str(value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf if value > 0 else -math.inf
    return (None, "nan") if math.isnan(number) else (number, None)


def _metrics(db: sqlite3.Connection, n: int, parts: list[Mapping[str, Any]]) -> str:
    """Enter the metrics of version ``n``; gives the main one's name."""
    db.execute("DELETE FROM metrics WHERE n = ?", (n,))
    main, place = "", 0
    for facts in parts:
        values, directions = _entries(facts.get("values")), _entries(facts.get("directions"))
        main = main or _text(facts.get("main"))
        for name, value in values.items():
            db.execute(
                "INSERT OR IGNORE INTO metrics VALUES (?, ?, ?, ?, ?, ?)",
                (n, name, place, *typed(value), _direction(directions.get(name))),
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
        values = {**_entries(facts.get("values")), **values}
    entered = db.execute(
        "INSERT INTO paramsets (key, json) VALUES (?, ?)", (key, canonical.encode(values))
    ).lastrowid
    assert entered is not None
    db.executemany(
        "INSERT INTO params VALUES (?, ?, ?, ?)",
        ((name, entered, *typed(value)) for name, value in values.items()),
    )
    return entered


def _set_tags(db: sqlite3.Connection, n: int, tags: object) -> None:
    for name, value in _entries(tags).items():
        db.execute("INSERT OR REPLACE INTO tags VALUES (?, ?, ?)", (n, name, _text(value)))


def _model(db: sqlite3.Connection, name: object) -> int:
    if not isinstance(name, str) or not name:
        raise TypeError("model is no name")
    db.execute("INSERT OR IGNORE INTO models (name) VALUES (?)", (name,))
    return _known_model(db, name)


def _living(db: sqlite3.Connection, model: int, time: str) -> None:
    """The model has a version: it is there, and was made with its first."""
    db.execute(
        "UPDATE models SET gone = 0, made = iif(made = '', ?, made) WHERE id = ?", (time, model)
    )


def _reached(db: sqlite3.Connection, model: int, number: Number) -> None:
    """The model had ``number``: later ones come after it."""
    db.execute(
        "UPDATE models SET major = ?, minor = ?, patch = ?"
        " WHERE id = ? AND (major, minor, patch) < (?, ?, ?)",
        (*number, model, *number),
    )


def _known_model(db: sqlite3.Connection, name: object) -> int:
    row = db.execute("SELECT id FROM models WHERE name = ?", (str(name),)).fetchone()
    if row is None:
        raise KeyError(f"no model {name}")
    return int(row[0])


def _versions_of(db: sqlite3.Connection, model: int, manifest: bytes) -> list[int]:
    """The versions of a model that are ``manifest``, those that were not deleted first."""
    query = "SELECT n FROM versions WHERE manifest = ? AND model = ? ORDER BY deleted, n"
    rows = db.execute(query, (manifest, model))
    return [row[0] for row in rows]


def _said(db: sqlite3.Connection, event: Event) -> spoken.Said:
    """Whose words a note or a tag are: of who made the event, or of who said them elsewhere."""
    body: Mapping[str, Any] = event.body
    made = _entries(body.get("made"))
    return spoken.Said(
        event.n,
        _known_model(db, body["model"]),
        _digest(body["manifest"]),
        bytes.fromhex(body.get("texts") or ""),
        _text(made.get("author") or event.author),
        _text(made.get("time")),
        event.time,
    )


def _digest(text: object) -> bytes:
    data = bytes.fromhex(str(text))
    if len(data) * 2 != canonical.DIGEST_LENGTH:
        raise ValueError(f"{text!r} is no digest")
    return data


def _list(value: object) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise TypeError("no list where one belongs")
    return value


def _entries(value: object) -> Mapping[str, Any]:
    """A table, or nothing where something else stands: the version is listed all the same."""
    return value if isinstance(value, dict) else {}


def _signer(signature: object) -> bytes:
    """The public key that a signature claims; nothing where that is no key."""
    try:
        return bytes.fromhex(str(_entries(signature).get("key") or ""))
    except ValueError:
        return b""


def _direction(value: object) -> str | None:
    return str(value) if value in ("max", "min") else None


def _text(value: object) -> str:
    return "" if value is None else str(value)
