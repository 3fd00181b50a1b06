"""Drafts: what a run or a logged model said before a version was made of it.

Each is a folder of its own beside the uploads: a log to which every call appends one line, and the
files that were sent, under names that no path can be hidden in. A draft is its maker's alone. It is
no version and no part of the chain, and is thrown away a week after its last word.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from snapbook import canonical
from snapbook.errors import NotFound, Usage
from snapbook.registry.mlflow.call import Call
from snapbook.store import durable

_ID = re.compile(r"(m-)?[0-9a-f]{32}")
_PART = re.compile(r"[^/\\\0]{1,120}")
_LOG = "log"
_FILES = "files"
_KEPT_S = 7 * 86400
_MOST_LOG = 16 << 20  # bytes that a draft may say
_MOST_FILES = 10_000
_LONGEST_PATH = 160  # of which a file's name on any disk can be made


Point = tuple[float, int, int]


@dataclass(slots=True)
class Draft:
    """What is known of a run or a logged model: all lines of its log together.

    ``head`` is what it was made with. ``history`` is every metric's values in the order in which
    they came, as (value, time, step).
    """

    id: str
    folder: Path
    head: Mapping[str, Any]
    params: dict[str, str] = field(default_factory=dict)
    history: dict[str, list[Point]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    status: dict[str, Any] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)

    @property
    def metrics(self) -> dict[str, Point]:
        """The last value of each metric: of the highest step, then of the latest time."""
        return {
            name: max(points, key=lambda point: (point[2], point[1]))
            for name, points in self.history.items()
        }


def make(call: Call, prefix: str, head: Mapping[str, Any], tags: Mapping[str, str]) -> Draft:
    """A new draft of whoever asks; ``prefix`` is "m-" for a model. Old drafts go."""
    room = _room(call)
    _sweep(room.parent)
    id_ = prefix + secrets.token_hex(16)
    folder = room / id_
    with durable.told(call.service.folder, what="Not logged"):
        (folder / _FILES).mkdir(parents=True, mode=0o700)
    draft = Draft(id_, folder, head)
    say(draft, head={**head}, tags=dict(tags))
    return load(call, id_)


def load(call: Call, id_: str) -> Draft:
    """The draft ``id_`` of whoever asks. Raises NotFound: those of others are not there."""
    folder = _room(call) / id_
    if not _ID.fullmatch(id_) or not (folder / _LOG).exists():
        raise NotFound(f"There is no run or logged model {id_[:40]} here", kind="no-run")
    return _folded(id_, folder)


def every(call: Call) -> Iterator[Draft]:
    """The drafts of whoever asks."""
    room = _room(call)
    for folder in sorted(room.iterdir()) if room.exists() else ():
        if _ID.fullmatch(folder.name) and (folder / _LOG).exists():
            yield _folded(folder.name, folder)


def say(draft: Draft, **line: Any) -> None:
    """Append a line to the draft's log. Raises Usage where it has said too much."""
    # Newlines on both sides: where a line was cut, the next one is whole all the same.
    data = b"\n%s\n" % json.dumps(line).encode()
    path = draft.folder / _LOG
    with durable.told(draft.folder, what="Not logged"):
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(fd).st_size + len(data) > _MOST_LOG:
                raise Usage("This run said more than a draft may hold", kind="too-large")
            # One write: lines of two calls at once do not mix.
            os.write(fd, data)
        finally:
            os.close(fd)


@contextmanager
def alone(draft: Draft) -> Iterator[None]:
    """Nobody else makes a version of the draft meanwhile."""
    fd = os.open(draft.folder / _LOG, os.O_RDWR | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a disk without locks: the last word is the chain's
            durable.wait_alone(fd)
        yield
    finally:
        durable.unlock(fd)
        os.close(fd)


def place(draft: Draft, path: str) -> Path:
    """Where the file ``path`` of a draft is kept. Raises Usage for what is no path within it."""
    return draft.folder / _FILES / _name(checked(path))


def files(draft: Draft) -> dict[str, Path]:
    """The files of a draft: path -> where it is kept."""
    found: dict[str, Path] = {}
    for kept in (draft.folder / _FILES).iterdir():
        if not kept.name.startswith("."):
            found[_path(kept.name)] = kept
    return dict(sorted(found.items()))


def room_for(draft: Draft, path: Path) -> None:
    """Raise Usage where one file more would be too many."""
    if not path.exists() and sum(1 for _ in (draft.folder / _FILES).iterdir()) >= _MOST_FILES:
        raise Usage(f"A draft has at most {_MOST_FILES:,} files", kind="too-large")


def empty(draft: Draft) -> None:
    """Throw the files of a draft away: a version has them."""
    for kept in files(draft).values():
        kept.unlink(missing_ok=True)


def checked(path: str) -> str:
    """``path`` if it names a file in a folder and nothing else. Raises Usage."""
    parts = path.split("/")
    sound = len(path) <= _LONGEST_PATH and path.isprintable()
    if not sound or not all(_PART.fullmatch(part) for part in parts) or {".", ".."} & set(parts):
        raise Usage("That is no path of an artifact", kind="argument")
    return path


def _folded(id_: str, folder: Path) -> Draft:
    draft = Draft(id_, folder, {})
    for line in (folder / _LOG).read_bytes().splitlines():
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
        draft.history.setdefault(name, []).append((value, at, step))


def _room(call: Call) -> Path:
    own = canonical.digest(f"{call.who.kind} {call.who.name}".encode())[:12]
    return call.service.folder / "mlflow" / own


def _name(path: str) -> str:
    return base64.urlsafe_b64encode(path.encode()).decode().rstrip("=")


def _path(name: str) -> str:
    try:
        return base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
    except (binascii.Error, ValueError):
        return name


def _sweep(rooms: Path) -> None:
    """Remove the drafts, whosever they are, that said nothing for a week."""
    long_ago = time.time() - _KEPT_S
    for log in rooms.glob(f"*/*/{_LOG}"):
        with suppress(OSError):
            if log.stat().st_mtime < long_ago:
                shutil.rmtree(log.parent, ignore_errors=True)
