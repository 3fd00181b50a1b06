"""Gate `signature`: callers of the version in place need not change. No settings."""

from __future__ import annotations

from collections.abc import Mapping

from snapbook.canonical import Json
from snapbook.gates.base import Case, Verdict, only, several
from snapbook.numbers import signature_breaks
from snapbook.parts.base import Part

NAME = "signature"
SETTINGS: Mapping[str, str] = {}


def judge(case: Case) -> Verdict:
    """Whether inputs and outputs are as they were."""
    new, old = only(case.parts, "model"), only(case.baseline, "model")
    if case.baseline is None:
        return Verdict(NAME, True, "nothing is there to compare with")
    if new is None:
        return Verdict(NAME, False, "it holds no model")
    broken = signature_breaks(old, new)
    facts: dict[str, Json] = {"breaks": list(broken)}
    if broken:
        reason = f"{several(broken)}: callers of {case.shown} must change"
        return Verdict(NAME, False, reason, facts)
    if _told(old) and not _told(new):
        return Verdict(NAME, False, f"what {case.shown} takes is known, of this one it is not")
    if not _told(new):
        return Verdict(NAME, True, "neither says what it takes", {**facts, "known": False})
    return Verdict(NAME, True, f"as {case.shown} has it", facts)


def _told(model: Part | None) -> bool:
    return model is not None and bool(model.facts.get("inputs"))
