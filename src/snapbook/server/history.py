"""What happened to one version: made, noted, tagged, pointed at; who did it and when.

Reads the chain, because the index keeps no author of a tag; events of a later snapbook stand in it
by their type alone.
"""

from __future__ import annotations

from typing import Any

from snapbook import canonical
from snapbook.catalog.rows import VersionRow
from snapbook.errors import Damaged, NotFound
from snapbook.events import Event
from snapbook.repository import Repository

MOST = 60


def history(repository: Repository, version: VersionRow) -> list[dict[str, Any]]:
    """The newest events about a version, oldest first: {n, time, author, kind, text}."""
    told = []
    for n in sorted(repository.index.acts(version.manifest, MOST)):
        event = next(repository.catalog.read(n), None)
        if event is not None and event.n == n:
            text = _text(repository, event, version.manifest)
            told.append(
                {
                    "n": event.n,
                    "time": event.time,
                    "author": event.author,
                    "kind": event.type,
                    "text": text,
                }
            )
    return told


def _text(repository: Repository, event: Event, manifest: str) -> str:
    body: dict[str, Any] = dict(event.body)
    words = _words(repository, body.get("texts"))
    if event.type == "version":
        said = str(words.get("message") or words.get("reason") or "")
        return f"{body.get('model')}:{body.get('number')}  {said}".strip()
    if event.type == "note":
        return str(words.get("text") or words.get("message") or "")
    if event.type == "tag":
        tags = words.get("tags")
        given = tags.items() if isinstance(tags, dict) else ()
        set_ = [f"{name}={value}" if value else str(name) for name, value in given]
        removed = body.get("removed")
        gone = [f"without {name}" for name in removed] if isinstance(removed, list) else []
        return ", ".join(set_ + gone)
    if event.type == "alias":
        way = "here" if body.get("new") == manifest else "away"
        return f"@{body.get('name')} moved {way}"
    return ""


def _words(repository: Repository, digest: object) -> dict[str, Any]:
    """The texts of an event; none where they were purged or cannot be read."""
    if not isinstance(digest, str) or not digest:
        return {}
    try:
        value = canonical.decode(repository.store.get(digest))
    except (NotFound, Damaged, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
