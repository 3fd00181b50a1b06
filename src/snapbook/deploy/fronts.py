"""Servers that follow an alias, as they announce themselves: a file each beside the repository.

They are no part of the chain: what is said here is what a process says of itself now, and is gone
with it. A process holds a lock for as long as it lives, so no age has to be guessed.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from snapbook.canonical import Json
from snapbook.store import durable

Told: TypeAlias = Mapping[str, Any]
"""What a server says of itself: `deploy.front` writes it, `sound` makes sure of its sorts."""
_FOLDER = "fronts"
_MOST_BYTES = 1 << 20
_TEXTS, _NUMBERS = ("text", "metric", "state", "why"), ("candidate", "stable", "limit", "near")
_MOST_LISTED, _LONGEST, _MOST = 100, 2000, 1 << 53


class Announced:
    """The process among the servers of the repository in ``folder``, until it is closed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _FOLDER
        with durable.told(folder, what="Not announced"):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self.id, self._fd = self._locked()

    def _locked(self) -> tuple[str, int]:
        """A name of one's own, and the lock that stands for it."""
        while True:
            name = secrets.token_hex(4)
            path = self._folder / f"{name}.lock"
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            # Who sweeps may have come between: then it is nobody's name any more.
            if durable.try_lock(fd) and path.exists():
                return name, fd
            os.close(fd)

    @property
    def _lock(self) -> Path:
        return self._folder / f"{self.id}.lock"

    @property
    def _told(self) -> Path:
        return self._folder / f"{self.id}.json"

    def say(self, told: Mapping[str, Json]) -> None:
        """Say what is so now. A disk that is full or closed is passed over: it is said again."""
        partial = self._told.with_suffix(".tmp")
        with suppress(OSError):
            write(partial, json.dumps({**told, "id": self.id}))
            os.replace(partial, self._told)

    def close(self) -> None:
        """Be one no more."""
        for path in (self._told, self._lock):
            with suppress(OSError):
                path.unlink(missing_ok=True)
        durable.unlock(self._fd)
        os.close(self._fd)


def alive(folder: Path | None, model: str = "", alias: str = "") -> list[Told]:
    """What the servers say that run now: of ``alias`` of ``model``, or all. Sweeps what others
    left that were killed.
    """
    if folder is None or not (folder / _FOLDER).is_dir():
        return []
    found = []
    for lock in sorted((folder / _FOLDER).glob("*.lock")):
        told = lock.with_suffix(".json")
        if not _is_held(lock):
            for path in (told, told.with_suffix(".tmp"), lock):
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            continue
        said = _read(told)
        if said is not None and _is_about(said, model, alias):
            found.append(sound(said))
    return found


def write(path: Path, text: str) -> None:
    """Write a file that only its owner reads. Raises OSError."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(fd, "w", encoding="utf-8") as file:
        file.write(text)


def sound(said: Mapping[str, Any]) -> Told:
    """What a server says, each thing of the sort it should be: it is another program's word."""
    rules = [one for one in _items(said.get("rules")) if _text(one.get("text"))]
    outcomes, shadowed = said.get("outcomes"), said.get("shadowed")
    texts = ("id", "model", "alias", "host", "url", "answers", "why", "waits")
    return {
        **{name: _text(said.get(name)) for name in texts},
        **{name: int(_number(said.get(name)) or 0) for name in ("pid", "at", "rollout")},
        "share": _number(said.get("share")) or 0.0,
        "workers": [
            {name: _text(one.get(name)) for name in ("ref", "state")}
            for one in _items(said.get("workers"))
        ],
        "rules": [
            {
                **{name: _text(one.get(name)) for name in _TEXTS},
                **{name: _number(one.get(name)) for name in _NUMBERS},
            }
            for one in rules
        ],
        "outcomes": outcomes if isinstance(outcomes, Mapping) else None,
        "shadowed": shadowed if isinstance(shadowed, Mapping) else None,
    }  # fmt: skip


def _items(value: object) -> list[Mapping[str, Any]]:
    listed = value[:_MOST_LISTED] if isinstance(value, list) else []
    return [one for one in listed if isinstance(one, Mapping)]


def _text(value: object) -> str:
    """A text on one line; "" for anything else."""
    text = value[:_LONGEST] if isinstance(value, str) else ""
    return text if text.isprintable() else "".join(filter(str.isprintable, text))


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < _MOST else None


def _is_about(said: Told, model: str, alias: str) -> bool:
    asked = {"model": model.lower(), "alias": alias.lower()}
    return all(not name or str(said.get(key)).lower() == name for key, name in asked.items())


def _is_held(lock: Path) -> bool:
    try:
        fd = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except PermissionError:
        return True  # somebody else's, and not ours to sweep
    except OSError:
        return False
    try:
        free = durable.try_lock(fd)
        if free:
            durable.unlock(fd)
        return not free
    finally:
        os.close(fd)


def _read(path: Path) -> Told | None:
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        said = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
