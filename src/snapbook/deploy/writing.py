"""One event of a rollout, appended: what it says, signed, with its evidence and words beside it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import TypeAlias

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.deploy import rollout as rollouts
from snapbook.promote import signed
from snapbook.repository import Author, Repository
from snapbook.repository.acting import Decided, words_of_people
from snapbook.store.base import Writer

PURPOSE = "rollout"
Said: TypeAlias = tuple[str, str, dict[str, Json]]
"""The way, the manifest that it is about, and what else an event says."""
Decide: TypeAlias = Callable[[], Said | None]
"""Asked against the chain that the event will stand on; None where there is nothing to do."""


def write(
    repository: Repository,
    model: str,
    alias: str,
    author: Author,
    decide: Decide,
    *,
    text: str = "",
    evidence: Mapping[str, Json] | None = None,
) -> int:
    """Append the event that ``decide`` gives: its way, manifest, and what else it says; its place.

    0 where it gives None. ``evidence`` and ``text`` are kept beside it.
    """
    writer: Writer = repository.store.writer()
    try:

        def event() -> Decided | None:
            decided = decide()
            if decided is None:
                return None
            way, manifest, more = decided
            name = repository.known.model(model) or model
            said: dict[str, Json] = {
                "model": name, "alias": alias.lower(), "manifest": manifest, "way": way, **more,
            }  # fmt: skip
            if evidence is not None:
                salted: dict[str, Json] = {"salt": secrets.token_hex(16), **evidence}
                said["evidence"] = writer.add(canonical.encode(salted))
            body = dict(signed.with_signature(said, PURPOSE, said, author))
            if text:
                body["texts"] = words_of_people(writer, text=text)
            writer.commit()
            return rollouts.TYPE, body

        return repository.act(event, author, writer)
    finally:
        writer.close()
