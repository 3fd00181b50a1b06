"""What was said of a version after it was made, on its way with it: notes, tags, a new name.

Words are known by the digest of their salted text, so that they count once wherever they come back
to. Each is an event of its own there too, made by who copies; who said it and when stands in it.
Knows what is offered and how it is taken in; nothing of networks or roles.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from snapbook import events
from snapbook.canonical import Json
from snapbook.catalog.rows import VersionRow
from snapbook.errors import BadOption
from snapbook.refs import check_model_name
from snapbook.repository import Author, Repository
from snapbook.store.base import Writer

_DIGEST = re.compile(r"[0-9a-f]{64}")
_TYPES = ("note", "tag")
_MOST = 10_000


def offered(source: Repository, version: VersionRow) -> list[Json]:
    """The words about ``version``, oldest first; what was purged is left out."""
    if not version.said:
        return []
    said: list[Json] = []
    for one in source.index.sayings(version.manifest, version.model):
        event = source.catalog.event(one.n)
        if event is None or not source.store.has(one.texts):
            continue
        told: dict[str, Json] = {
            "type": one.type, "texts": one.texts, "author": one.author, "time": one.time,
        }  # fmt: skip
        if removed := event.body.get("removed"):
            told["removed"] = removed
        said.append(told)
    return said


def checked(offer: Mapping[str, Json]) -> list[dict[str, Any]]:
    """The words of an offer, with nothing in them that does not belong there. Raises BadOption."""
    said = offer.get("said") or []
    if not isinstance(said, list) or len(said) > _MOST:
        raise _no_words("said is no list")
    return [_checked(one) for one in said]


def earlier(offer: Mapping[str, Json]) -> list[str]:
    """What the offered model was called before, the last name first. Raises BadName, BadOption."""
    names = offer.get("was") or []
    if not isinstance(names, list) or len(names) > _MOST:
        raise _no_words("was is no list")
    return [check_model_name(str(name)) for name in names]


def standing(repository: Repository, model: str, was: list[str]) -> str:
    """How the offered model is called here now, under an earlier name too; "" if it is unknown."""
    index = repository.index
    found = (index.model(name) for name in (model, *was))
    return next((name for name in found if name is not None), "")


def rename(repository: Repository, offer: Mapping[str, Json], author: Author) -> None:
    """Follow a model's new name: where it still has one that the other side calls an earlier one.

    Of two new names the one that comes last counts.
    """
    was = earlier(offer)
    model = str(offer.get("model"))
    if not was:
        return

    def decide() -> tuple[str, Mapping[str, Json]] | None:
        now = standing(repository, model, was)
        if not now or now.lower() == model.lower() or now.lower() not in map(str.lower, was):
            return None
        return "rename", {"model": now, "to": model}

    repository.act(decide, author)


def take_in(
    repository: Repository,
    writer: Writer,
    version: VersionRow,
    offer: Mapping[str, Json],
    author: Author,
) -> int:
    """Add the offered words about ``version`` that are not known here; gives how many.

    Their texts are in the store or committed by ``writer``. Raises NotFound where they are not.
    """
    known = set(version.said)
    new = [one for one in checked(offer) if one["texts"] not in known]
    return sum(_add(repository, writer, version, one, author) for one in new)


def _add(
    repository: Repository,
    writer: Writer,
    version: VersionRow,
    one: Mapping[str, Any],
    author: Author,
) -> bool:
    body: dict[str, Json] = {
        "model": version.model,
        "manifest": version.manifest,
        "texts": one["texts"],
        "made": {"author": one["author"], "time": one["time"]},
    }
    if one["removed"]:
        body["removed"] = list(one["removed"])

    def decide() -> tuple[str, Mapping[str, Json]] | None:
        rows = repository.known.of_manifest(version.manifest, version.model)
        if not rows or one["texts"] in rows[0].said:
            return None  # somebody else brought it meanwhile
        # Nothing needed it before: a sweep may have come between.
        if gone := repository.store.missing([one["texts"]]):
            writer.renew(gone)
            writer.commit()
        return one["type"], body

    return bool(repository.act(decide, author))


def _checked(value: Json) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _no_words("one of them is no table")
    kind, texts = value.get("type"), value.get("texts")
    author, time, removed = value.get("author"), value.get("time"), value.get("removed") or []
    if kind not in _TYPES or not isinstance(texts, str) or not _DIGEST.fullmatch(texts):
        raise _no_words("one of them is neither a note nor a tag")
    if not isinstance(author, str) or not isinstance(time, str) or not isinstance(removed, list):
        raise _no_words("who said them, or when, is absent")
    try:
        events.parse_time(time)
    except ValueError as error:
        raise _no_words(str(error)) from error
    names = [str(name) for name in removed]
    return {"type": kind, "texts": texts, "author": author, "time": time, "removed": names}


def _no_words(why: str) -> BadOption:
    return BadOption("Not copied: these are no words about a version", why)
