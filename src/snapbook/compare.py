"""What differs between two versions, as a value: Parts x Parts -> Changes.

Pairs the parts of two versions by kind and name and asks each kind for its differences; counts what
is the same, so that faces can fold it. Prints nothing, loads no model. (Not called diff: that name
at the root is the verb, and a module of the same name would take its place.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snapbook.parts import cells, environment, files, frame, model, notebook, params
from snapbook.parts.base import Change, Part
from snapbook.parts.frame.brief import brief

Get = Callable[[str], bytes]
SECTIONS = ("code", "params", "metrics", "data", "model", "environment", "files")


@dataclass(frozen=True, slots=True)
class Changes:
    """All differences, in the order of `SECTIONS`, and how many things are the same by noun."""

    changes: tuple[Change, ...]
    same: Mapping[str, int]


def compare(old: Sequence[Part], new: Sequence[Part], get: Get, *, deep: bool = True) -> Changes:
    """The differences between two versions. ``deep`` also looks into stored rows."""
    before = {(part.kind, part.name): part for part in old}
    after = {(part.kind, part.name): part for part in new}
    found: list[Change] = []
    same: dict[str, int] = {}
    found += _code(_only(old, "cells"), _only(new, "cells"), get, same)
    was, now = _only(old, "model"), _only(new, "model")
    if was and now:
        found += model.diff(was, now)
        if was.facts.get("digest") == now.facts.get("digest"):
            same["model"] = 1
    found += params.diff(_only(old, "params"), _only(new, "params"))
    found += params.diff(_only(old, "metrics"), _only(new, "metrics"))
    for key in dict.fromkeys((*before, *after)):
        kind, name = key
        a, b = before.get(key), after.get(key)
        if kind == "frame":
            changes = _frame(name, a, b, get, deep)
            same["frame"] = same.get("frame", 0) + (not changes)
        elif kind == "files":
            changes = files.diff(a, b, get)
            there = len(files.entries(b)) - sum(change.what != "removed" for change in changes)
            same["file"] = same.get("file", 0) + there
        elif kind == "environment" and a and b:
            changes = environment.diff(a, b, get)
            same["environment"] = int(not changes)
        elif kind == "notebook" and a and b and deep:
            changes = notebook.diff(a, b, get)
        else:
            continue
        found += changes
    place = {section: at for at, section in enumerate(SECTIONS)}
    found.sort(key=lambda change: place.get(change.section, len(place)))
    return Changes(tuple(_once(found)), same)


def _code(old: Part | None, new: Part | None, get: Get, same: dict[str, int]) -> list[Change]:
    if old is None or new is None:
        return []
    compared = cells.comparison(old, new, get)
    same["cell"] = compared.same
    return list(compared.changes)


def _frame(name: str, old: Part | None, new: Part | None, get: Get, deep: bool) -> list[Change]:
    if old is None or new is None:
        part: Any = new or old
        what = "added" if old is None else "removed"
        return [
            Change("data", name, what, None, None, (frame.summary(part),), facts={"short": what})
        ]
    if old.facts.get("digest") and old.facts.get("digest") == new.facts.get("digest"):
        return []
    return frame.diff(old, new, get) if deep else brief(old, new)


def _only(parts: Sequence[Part], kind: str) -> Part | None:
    return next((part for part in parts if part.kind == kind), None)


def _once(changes: Sequence[Change]) -> list[Change]:
    """Each parameter once, though both the model and the params part know it."""
    seen: set[tuple[str, str]] = set()
    out = []
    for change in changes:
        key = (change.section, change.name)
        if change.section in ("params", "metrics") and key in seen:
            continue
        seen.add(key)
        out.append(change)
    return out
