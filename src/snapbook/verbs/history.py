"""What happened to one version: made, noted, tagged, pointed at, deleted; who did it and when.

Reads the events themselves, which the index only points at: it keeps no author of a tag, and what a
later snapbook writes stands there by its type alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snapbook import canonical
from snapbook.catalog.rows import VersionRow
from snapbook.errors import Damaged, NotFound
from snapbook.events import Event
from snapbook.repository import Repository
from snapbook.verbs.values import Act

MOST = 60


def history(repository: Repository, version: VersionRow, most: int = MOST) -> tuple[Act, ...]:
    """The newest ``most`` events about ``version``, oldest first; damaged ones are left out."""
    acts = []
    for n in sorted(repository.index.acts(version.manifest, most)):
        event = repository.catalog.event(n)
        if event is not None:
            text = told(repository, event, version.manifest)
            acts.append(Act(event.n, event.time, event.author, event.type, text))
    return tuple(acts)


def told(repository: Repository, event: Event, manifest: str) -> str:
    """What ``event`` did, seen from the version of ``manifest``; "" where its type says it all."""
    body: Mapping[str, Any] = event.body
    words = _words(repository, body.get("texts"))
    if event.type == "version":
        said = str(words.get("message") or words.get("reason") or "")
        return f"{body.get('model')}:{body.get('number')}  {said}".strip()
    if event.type == "note":
        return str(words.get("text") or words.get("message") or "")
    if event.type == "tag":
        return _tags(words.get("tags"), body.get("removed"))
    if event.type == "alias":
        way = "here" if body.get("new") == manifest else "away"
        further = body.get("version")
        number = f", as {further.get('number')}" if isinstance(further, dict) else ""
        gates = _gates(repository, body.get("evidence")) if way == "here" else ""
        return f"@{body.get('name')} moved {way}{number}{_because(words)}{gates}"
    if event.type in ("request", "approval"):
        done = {"approve": "approved for", "reject": "rejected for"}
        word = done.get(str(body.get("word")), "asked for")
        return f"{word} @{body.get('alias')}{_because(words)}"
    if event.type == "verdict":
        found = _words(repository, body.get("evidence"))
        word = "passed" if found.get("passed") else "not passed"
        return f"{body.get('gate')} for @{body.get('alias')}: {word}, {found.get('reason')}"
    if event.type == "rollout":
        return _rolled(body) + _because(words)
    if event.type == "shared":
        way = "pushed as" if body.get("way") == "push" else "pulled from"
        return f"{way} {body.get('registry')}::{body.get('there')}:{body.get('number')}"
    return ""


def _rolled(body: Mapping[str, Any]) -> str:
    """What a rollout did: begun, led on, ended."""
    alias, way = f"@{body.get('alias')}", str(body.get("way"))
    share = f"{body.get('share')} %"
    plan = body.get("plan")
    mode = str(plan.get("mode")) if isinstance(plan, dict) else ""
    begun = {"shadow": "in the shadow", "ab": f"beside stable at {share}"}
    itself = "by itself" if body.get("itself") else "by hand"
    said = {
        "begin": f"on its way to {alias}, {begun.get(mode, f'at {share}')}",
        "step": f"on its way to {alias}, at {share}",
        "pause": f"paused on its way to {alias}",
        "resume": f"going on, on its way to {alias}",
        "abort": f"taken back from {alias} {itself}",
        "drill": f"the way back to it from {alias} is rehearsed",
        "drilled": f"the way back to it from {alias} took {body.get('seconds')} s in a drill",
    }
    why = f": {body['why']}" if body.get("why") else ""
    return f"{said.get(way, way)}{why}"


def _gates(repository: Repository, evidence: object) -> str:
    """What the gates found when an alias moved here; nothing where that cannot be read."""
    verdicts = _words(repository, evidence).get("verdicts")
    told = [
        f"{one.get('name')} {'passed' if one.get('passed') else 'not passed'}"
        for one in (verdicts if isinstance(verdicts, list) else ())
        if isinstance(one, dict)
    ]
    return f" ({', '.join(told)})" if told else ""


def _because(words: Mapping[str, Any]) -> str:
    return f": {words['text']}" if words.get("text") else ""


def _tags(given: object, removed: object) -> str:
    named = given.items() if isinstance(given, dict) else ()
    words = [f"{name}={value}" if value else str(name) for name, value in named]
    words += [f"without {name}" for name in removed] if isinstance(removed, list) else []
    return ", ".join(words)


def _words(repository: Repository, digest: object) -> Mapping[str, Any]:
    """The texts of an event; none where they were purged or cannot be read."""
    if not isinstance(digest, str) or not digest:
        return {}
    try:
        value = canonical.decode(repository.store.get(digest))
    except (NotFound, Damaged, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
