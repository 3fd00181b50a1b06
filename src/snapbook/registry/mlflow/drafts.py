"""Drafts: what a run or a logged model said before a version was made of it.

Each is a log to which every call appends one line, and the files that were sent; where they lie is
a shelf's matter. A draft is its maker's alone. It is no version and no part of the chain, and is
thrown away a week after its last word.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from snapbook import canonical
from snapbook.errors import NotFound, Usage
from snapbook.export.files import File
from snapbook.registry.mlflow.call import Call
from snapbook.registry.mlflow.shelves import Shelf

_ID = re.compile(r"(m-)?[0-9a-f]{32}")
_PART = re.compile(r"[^/\\\0]{1,120}")
_KEPT_S = 7 * 86400
_MOST_FILES = 10_000
_LONGEST_PATH = 160


Point = tuple[float, int, int]


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it lies on the shelf."""

    name: str
    size: int


@dataclass(slots=True)
class Draft:
    """What is known of a run or a logged model: all lines of its log together.

    ``head`` is what it was made with. ``history`` is every metric's values in the order in which
    they came, each once, as (value, time, step). ``kept`` are its files by their paths.
    """

    id: str
    shelf: Shelf
    name: str
    head: Mapping[str, Any] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    history: dict[str, dict[Point, None]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    status: dict[str, Any] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    kept: dict[str, Kept] = field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, Point]:
        """The last value of each metric: of the highest step, then of the latest time."""
        return {
            name: max(points, key=lambda point: (point[2], point[1]))
            for name, points in self.history.items()
        }


def make(call: Call, prefix: str, head: Mapping[str, Any], tags: Mapping[str, str]) -> Draft:
    """A new draft of whoever asks; ``prefix`` is "m-" for a model. Old drafts go."""
    shelf = call.service.drafts
    shelf.sweep(_KEPT_S)
    id_ = prefix + secrets.token_hex(16)
    say(Draft(id_, shelf, _name(call, id_)), head={**head}, tags=dict(tags))
    return load(call, id_)


def load(call: Call, id_: str) -> Draft:
    """The draft ``id_`` of whoever asks. Raises NotFound: those of others are not there."""
    if _ID.fullmatch(id_):
        draft = _folded(id_, call.service.drafts, _name(call, id_))
        if draft.head:
            return draft
    raise NotFound(f"There is no run or logged model {id_[:40]} here", kind="no-run")


def every(call: Call) -> Iterator[Draft]:
    """The drafts of whoever asks."""
    shelf = call.service.drafts
    for name in shelf.names(_room(call)):
        id_ = name.rpartition("/")[2]
        if _ID.fullmatch(id_) and (draft := _folded(id_, shelf, name)).head:
            yield draft


def say(draft: Draft, **line: Any) -> None:
    """Append a line to the draft's log. Raises Usage where it has said too much."""
    draft.shelf.say(draft.name, json.dumps(line))


def alone(draft: Draft) -> AbstractContextManager[None]:
    """Nobody else makes a version of the draft meanwhile."""
    return draft.shelf.alone(draft.name)


def files(draft: Draft) -> dict[str, File]:
    """The files of a draft by their paths."""
    return {
        path: File(path, kept.size, partial(draft.shelf.read, draft.name, kept.name, kept.size))
        for path, kept in sorted(draft.kept.items())
    }


def room_for(draft: Draft, path: str) -> None:
    """Raise Usage for what is no path within a draft, or where one file more is too many."""
    if checked(path) not in draft.kept and len(draft.kept) >= _MOST_FILES:
        raise Usage(f"A draft has at most {_MOST_FILES:,} files", kind="too-large")


def take(draft: Draft, path: str, sent: Path) -> None:
    """Make what was sent, and lies at ``sent``, the file ``path`` of the draft."""
    kept = Kept(secrets.token_hex(16), sent.stat().st_size)
    draft.shelf.put(draft.name, kept.name, sent)
    say(draft, file=[path, kept.size, kept.name])
    if (before := draft.kept.get(path)) is not None:
        draft.shelf.drop(draft.name, [before.name])


def empty(draft: Draft) -> None:
    """Throw the files of a draft away: a version has them."""
    say(draft, emptied=True)
    draft.shelf.drop(draft.name, [kept.name for kept in draft.kept.values()])


def checked(path: str) -> str:
    """``path`` if it names a file in a folder and nothing else. Raises Usage."""
    parts = path.split("/")
    sound = len(path) <= _LONGEST_PATH and path.isprintable()
    if not sound or not all(_PART.fullmatch(part) for part in parts) or {".", ".."} & set(parts):
        raise Usage("That is no path of an artifact", kind="argument")
    return path


def _folded(id_: str, shelf: Shelf, name: str) -> Draft:
    draft = Draft(id_, shelf, name)
    for line in shelf.lines(name):
        with suppress(ValueError):  # an empty one, or one that was cut where the machine stopped
            _take(draft, json.loads(line))
    return draft


def _take(draft: Draft, line: Mapping[str, Any]) -> None:
    if "head" in line:
        draft.head = line["head"]
    draft.params |= line.get("params", {})
    draft.tags |= line.get("tags", {})
    draft.status |= line.get("status", {})
    draft.outputs += line.get("outputs", [])
    for name in line.get("untagged", ()):
        draft.tags.pop(name, None)
    for name, value, at, step in line.get("metrics", ()):
        draft.history.setdefault(name, {})[value, at, step] = None
    if "file" in line:
        path, size, kept = line["file"]
        draft.kept[path] = Kept(kept, size)
    if "emptied" in line:
        draft.kept.clear()


def _name(call: Call, id_: str) -> str:
    return f"{_room(call)}/{id_}"


def _room(call: Call) -> str:
    """Where the drafts of whoever asks lie: nobody else gets there."""
    return canonical.digest(f"{call.who.kind} {call.who.name}".encode())[:12]
