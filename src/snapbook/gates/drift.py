"""Gate `drift`: the training data lies no further from that of the version in place than a limit.

Settings: ``limit`` (0.2) of `profile.distance`, 0 (alike) to 1, for every column; ``limits`` by the
column's name; ``ignore``, columns that may be as they like. Columns that came or went count for the
gate `signature`, not here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from snapbook import profile
from snapbook.canonical import Json
from snapbook.gates.base import Case, Verdict, several
from snapbook.parts.base import Part
from snapbook.parts.frame.names import name_text

NAME = "drift"
SETTINGS: Mapping[str, str] = {"limit": "number", "limits": "numbers", "ignore": "texts"}
LIMIT = 0.2
_MOST = 20


def judge(case: Case) -> Verdict:
    """Whether every column of the training frames is near enough."""
    if case.baseline is None:
        return Verdict(NAME, True, "nothing is there to compare with")
    pairs = _pairs(_training(case.baseline), _training(case.parts))
    far: list[tuple[float, str, float]] = []
    for old, new in pairs:
        far += _distances(case.settings, old, new)
    if not far:
        return Verdict(NAME, True, "no training data is known of both", {"compared": 0})
    far.sort(key=lambda one: (-one[0], one[1]))
    bad = [f"{name} moved {away:.2f}, {limit:.2f} is allowed" for away, name, limit in far
           if away > limit]  # fmt: skip
    facts: dict[str, Json] = {
        "compared": len(far),
        "farthest": {name: round(away, 4) for away, name, _ in far[:_MOST]},
    }
    if bad:
        return Verdict(NAME, False, several(bad, 2), facts)
    away, name, _ = far[0]
    return Verdict(NAME, True, f"{name} moved {away:.2f}, no column more", facts)


def _training(parts: Sequence[Part]) -> dict[str, Part]:
    return {p.name: p for p in parts if p.kind == "frame" and p.facts.get("role") == "train"}


def _pairs(old: Mapping[str, Part], new: Mapping[str, Part]) -> list[tuple[Part, Part]]:
    """Frames of one name; where there is one of each, whatever they are called."""
    if len(old) == len(new) == 1:
        return list(zip(old.values(), new.values(), strict=True))
    return [(old[name], new[name]) for name in new if name in old]


def _distances(settings: Mapping[str, Any], old: Part, new: Part) -> list[tuple[float, str, float]]:
    before, after = _profiles(old), _profiles(new)
    limits, ignored = settings.get("limits", {}), settings.get("ignore", ())
    found = []
    for name in after:
        if name in before and name not in ignored:
            limit = float(limits.get(name, settings.get("limit", LIMIT)))
            found.append((profile.distance(before[name], after[name]), f"{new.name}.{name}", limit))
    return found


def _profiles(frame: Part) -> dict[str, Mapping[str, Any]]:
    columns: Any = frame.facts.get("columns") or ()
    return {
        name_text(column["name"]): column["profile"]
        for column in columns
        if isinstance(column.get("profile"), Mapping)
    }
