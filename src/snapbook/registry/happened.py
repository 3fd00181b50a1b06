"""What happened in a repository, told event by event: for who waits for it, as far as he may know.

A piece of news is an event without the request that made it. Of a model that one may not read there
is none; the places that are told have gaps then, and the cursor goes over them. Knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeAlias

from snapbook.events import Event
from snapbook.registry.roles import READ, Principal
from snapbook.repository import Repository

News: TypeAlias = Mapping[str, Any]
MOST = 500
_LOOKED_AT = 5000


def read(
    repository: Repository,
    after: int,
    last: int,
    limit: int,
    model: str,
    may: Callable[[str], bool],
) -> tuple[list[News], int]:
    """At most ``limit`` news behind ``after`` and up to ``last``, and how far it was looked.

    ``model`` "" is all; ``may`` says of a model's name whether one may know of it ("": of what is
    about no model).
    """
    found: list[News] = []
    at = after
    events: Iterator[Event] = repository.catalog.read(after + 1) if after < last else iter(())
    for event in islice(events, _LOOKED_AT):
        if event.n > last or len(found) >= limit:
            return found, at
        at = event.n
        about = names(repository, event)
        wanted = not model or model.lower() in (name.lower() for name in about)
        if wanted and all(map(may, about or [""])):
            found.append(told(repository, event))
    # Behind the newest that can be read there may be some that cannot.
    return found, max(at, min(last, after + _LOOKED_AT))


def told(repository: Repository, event: Event) -> News:
    """An event as news; what it is about is called as it is now, a new version as it was made."""
    body: Mapping[str, Any] = event.body
    manifest = str(body.get("manifest") or body.get("new") or "")
    model = str(body.get("model") or "")
    made = f"{model}:{body.get('number')}" if event.type == "version" else ""
    return {
        "n": event.n,
        "digest": event.digest,
        "time": event.time,
        "author": event.author,
        "kind": event.type,
        "model": model,
        "version": made or _ref(repository, model, manifest),
        "body": dict(body),
    }


def may_know(repository: Repository, event: Event, who: Principal) -> bool:
    """Whether ``who`` may read every model that ``event`` is about; all, where it is about none."""
    about = names(repository, event)
    return all(who.may(READ, name) for name in about) if about else who.may_all(READ)


def names(repository: Repository, event: Event) -> list[str]:
    """The names of the model that an event is about: then, afterwards, and now."""
    body: Mapping[str, Any] = event.body
    then = [str(body[key]) for key in ("model", "to") if body.get(key)]
    now = [known for name in then if (known := repository.known.model(name)) is not None]
    return list(dict.fromkeys([*then, *now]))


def _ref(repository: Repository, model: str, manifest: str) -> str:
    try:
        rows = repository.known.of_manifest(manifest, model) if manifest else []
    except ValueError:
        return ""
    return rows[0].ref if rows else ""
