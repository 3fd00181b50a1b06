"""Where aliases may point, in the tables of the index: asked, answered, found, and decided."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from snapbook.catalog import models
from snapbook.catalog.content import Content
from snapbook.catalog.values import digest, signer, text
from snapbook.events import Event


def enter(
    db: sqlite3.Connection,
    event: Event,
    content: Content,
    manifest: bytes = b"",
    alias: str = "",
    word: str = "",
    kept: object = None,
) -> None:
    """Enter ``event`` as one of them; ``kept`` is the digest of a policy or of evidence."""
    body: Mapping[str, Any] = event.body
    texts = body.get("texts") or ""
    words, _ = content.words(texts)
    db.execute(
        "INSERT INTO rulings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.n,
            event.type,
            models.known(db, body["model"]),
            manifest,
            alias,
            word,
            bytes.fromhex(texts),
            text(words.get("text")),
            bytes.fromhex(str(kept or "")),
            signer(body.get("signature")),
            event.time,
            event.author,
        ),
    )


def opinion(db: sqlite3.Connection, event: Event, content: Content) -> None:
    """Somebody asks for a version, approves or rejects it."""
    body: Mapping[str, Any] = event.body
    word = text(body.get("word"))
    enter(db, event, content, digest(body["manifest"]), str(body["alias"]), word)


def verdict(db: sqlite3.Connection, event: Event, content: Content) -> None:
    """What somebody found who tried a version."""
    body: Mapping[str, Any] = event.body
    gate, kept = text(body["gate"]), digest(body["evidence"]).hex()
    enter(db, event, content, digest(body["manifest"]), str(body["alias"]), gate, kept)


def rollout(db: sqlite3.Connection, event: Event, content: Content) -> None:
    """A version is being rolled out, or no more: ``word`` is the way."""
    body: Mapping[str, Any] = event.body
    way, kept = text(body["way"]), body.get("evidence")
    enter(db, event, content, digest(body["manifest"]), str(body["alias"]), way, kept)


def policy(db: sqlite3.Connection, event: Event, content: Content) -> None:
    """From now on this policy decides."""
    enter(db, event, content, kept=digest(event.body["policy"]).hex())
