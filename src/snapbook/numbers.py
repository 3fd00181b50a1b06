"""How a version gets its number, and why.

Pure: two lists of Parts and the numbers so far go in, a number with its reason comes out. MAJOR
when callers must change, MINOR when data, features, code or parameters changed, PATCH for a refit
or another environment; below 1.0.0 a break bumps MINOR.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snapbook.errors import BadOption, Conflict
from snapbook.parts.base import Change, Part
from snapbook.refs import Number, number_text

FIRST: Number = (0, 1, 0)
BUMPS = ("major", "minor", "patch")
_MOST_REASONS = 2


@dataclass(frozen=True, slots=True)
class Decision:
    """The number, what led to it ("first", "major", "minor", "patch", "number"), the reason."""

    number: Number
    bump: str
    reason: str


def decide(
    old: Sequence[Part] | None,
    new: Sequence[Part],
    changes: Sequence[Change],
    *,
    highest: Number | None,
    bump: str = "",
    number: Number | None = None,
    unread: int = 0,
) -> Decision:
    """The number of the version that holds ``new``.

    ``old`` are the parent's parts (None for a first version), ``changes`` what differs from them,
    ``highest`` the greatest number that the model ever had, deleted ones included. ``bump`` and
    ``number`` are what the user asked for. ``unread`` events cannot be read and may hold numbers:
    as many are left out, so that none is given twice when the events come back. Raises Conflict
    where the number asked for was used.
    """
    if bump and bump not in BUMPS:
        raise BadOption(f'--bump cannot be "{bump}"', act="It takes major, minor or patch")
    derived, reason = _derive(old, new, changes)
    if number is not None:
        if highest is not None and number <= highest:
            raise Conflict(
                f"Not versioned: {number_text(number)} is not after {number_text(highest)}",
                act="Leave --number out, or name a later one",
            )
        return Decision(number, "number", reason)
    if highest is None:
        if bump == "major":
            return Decision((1 + unread, 0, 0), "major", reason)
        return Decision((0, FIRST[1] + unread, 0), "first", "first version")
    chosen = bump or derived
    if not bump and derived == "major" and highest[0] == 0:
        chosen = "minor"
    return Decision(following(highest, chosen, 1 + unread), chosen, reason)


def following(number: Number, bump: str, by: int = 1) -> Number:
    """The number ``by`` steps of ``bump`` ("major", "minor" or "patch") after ``number``."""
    major, minor, patch = number
    if bump == "major":
        return (major + by, 0, 0)
    return (major, minor + by, 0) if bump == "minor" else (major, minor, patch + by)


def _derive(
    old: Sequence[Part] | None, new: Sequence[Part], changes: Sequence[Change]
) -> tuple[str, str]:
    """The bump that the differences ask for, and the words for it."""
    if old is None:
        return "minor", "first version"
    broken = signature_breaks(_model(old), _model(new))
    if broken:
        more = f" +{len(broken) - 1}" if broken[1:] else ""
        return "major", f"{broken[0]}{more}, callers must change"
    if minor := _content(changes):
        return "minor", _join(minor)
    refitted = _model_digest(old) != _model_digest(new)
    files = _of_files(changes)
    if refitted and files["read"]:
        # The data came by a file that no frame of the cell shows.
        return "minor", _join(files["read"])
    searched = _searched(old, new)
    stored = [f"rows of {name} stored" for name in newly_stored(old, new)]
    patch = [*_packages(changes), *searched, *_metrics(changes), *files["attachments"], *stored]
    if patch:
        return "patch", _join(patch)
    return "patch", "refit, same cells and data" if refitted else "same model"


def newly_stored(old: Sequence[Part], new: Sequence[Part]) -> list[str]:
    """The frames whose rows ``new`` holds and ``old`` does not, though it knows them."""
    before = {part.name: part for part in old if part.kind == "frame"}
    return [
        part.name
        for part in new
        if part.kind == "frame"
        and part.facts.get("stored")
        and part.name in before
        and not before[part.name].facts.get("stored")
    ]


def _content(changes: Sequence[Change]) -> list[str]:
    """What was changed in class, parameters, data and code. Another class has other parameters, and
    a parameter or a frame that changed explains the cell that sets it.
    """
    data = [f"{c.name} {c.facts.get('short') or c.what}" for c in changes if c.section == "data"]
    kind = [
        f"{c.name} {_short(c.old)} -> {_short(c.new)}"
        for c in changes
        if c.section == "model" and c.name == "class"
    ]
    params = [
        f"{c.name} {_short(c.old)} -> {_short(c.new)}" for c in changes if c.section == "params"
    ]
    told = (kind or params) + data
    code = [c for c in changes if c.section == "code" and c.what != "moved"]
    modules = [c for c in code if c.facts.get("role") == "modules" and not _only_imported(c)]
    cells = [c for c in code if c.facts.get("role") != "modules"]
    told += [_code_phrase(c) for c in modules]
    return told + ([_code_phrase(c) for c in cells] if len(cells) > len(told) else [])


def _only_imported(change: Change) -> bool:
    """Whether a local module came or went: the cell that imports it says more, or none does."""
    return change.what != "changed"


def _of_files(changes: Sequence[Change]) -> dict[str, list[str]]:
    """Phrases for files, by their role: read, attachments."""
    found: dict[str, list[str]] = {"read": [], "attachments": []}
    for change in changes:
        role = str(change.facts.get("role"))
        if change.section == "files" and role in found:
            found[role].append(f"{change.name} {change.what}")
    return found


def _packages(changes: Sequence[Change]) -> list[str]:
    """Packages in use, and Python; machines and commits are no reason for another model."""
    return [
        f"{c.name} {_short(c.old or 'absent')} -> {_short(c.new or 'absent')}"
        for c in changes
        if c.section == "environment" and (c.facts.get("used") or c.name == "python")
    ]


def _metrics(changes: Sequence[Change]) -> list[str]:
    signs = {"added": "+", "removed": "-"}
    return [
        f"{signs[c.what]}metric {c.name}"
        for c in changes
        if c.section == "metrics" and c.what in signs
    ]


def _searched(old: Sequence[Part], new: Sequence[Part]) -> list[str]:
    """Searches whose tried points are others: "study +10 points"."""
    before, after = _points(old), _points(new)
    found = []
    for name, points in after.items():
        was = before.get(name)
        if was != points:
            more = points[0] - (was[0] if was else 0)
            found.append(f"{name} {more:+,} points" if more else f"{name} changed")
    return found


def _points(parts: Sequence[Part]) -> dict[str, tuple[int, object]]:
    found: dict[str, tuple[int, object]] = {}
    for part in parts:
        search = part.facts.get("search") if part.kind == "params" else None
        if isinstance(search, Mapping):
            points: Any = search.get("points") or ()
            found[part.name] = (len(points), search)
    return found


def signature_breaks(old: Part | None, new: Part | None) -> list[str]:
    """What callers of the old model must change, in words; empty where nothing is known."""
    if old is None or new is None:
        return []
    before, after = _inputs(old), _inputs(new)
    out = []
    if before and after:
        out += [f"input {name} is gone" for name in before if name not in after]
        out += [f"input {name} is new" for name in after if name not in before]
        out += [
            f"input {name} is {after[name]}, was {kind}"
            for name, kind in before.items()
            if kind and after.get(name, kind) not in (kind, "")
        ]
    was, is_ = old.facts.get("outputs"), new.facts.get("outputs")
    if was and is_ and was != is_:
        out.append("outputs changed")
    return out


def _inputs(model: Part) -> dict[str, str]:
    fields: Any = model.facts.get("inputs") or ()
    return {
        str(field.get("name", "")): str(field.get("type", ""))
        for field in fields
        if isinstance(field, Mapping)
    }


def _code_phrase(change: Change) -> str:
    return f"{change.name} {change.what}"


def _join(reasons: Sequence[str]) -> str:
    more = len(reasons) - _MOST_REASONS
    text = ", ".join(reasons[:_MOST_REASONS])
    return f"{text} +{more}" if more > 0 else text


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 24 else text[:21] + "..."


def _model(parts: Sequence[Part]) -> Part | None:
    return next((part for part in parts if part.kind == "model"), None)


def _model_digest(parts: Sequence[Part]) -> object:
    model = _model(parts)
    return model.facts.get("digest") if model else None
