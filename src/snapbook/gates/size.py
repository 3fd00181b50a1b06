"""Gate `size`: the stored model is not too large.

Settings: ``most_bytes``, and ``most_times``, how many times as large as the one in place.
"""

from __future__ import annotations

from collections.abc import Mapping

from snapbook.canonical import Json
from snapbook.gates.base import Case, Verdict, only
from snapbook.parts.base import Part

NAME = "size"
SETTINGS: Mapping[str, str] = {"most_bytes": "number", "most_times": "number"}


def judge(case: Case) -> Verdict:
    """Whether the model's stored bytes are within the bounds."""
    size, before = _bytes(only(case.parts, "model")), _bytes(only(case.baseline, "model"))
    facts: dict[str, Json] = {"new": size, "old": before}
    if size is None:
        return Verdict(NAME, False, "the size of its model is not known", facts)
    most, times = case.settings.get("most_bytes"), case.settings.get("most_times")
    if most is not None and size > most:
        reason = f"{_mb(size)}, {_mb(float(most))} is allowed"
        return Verdict(NAME, False, reason, facts)
    if times is not None and before and size > before * times:
        reason = f"{_mb(size)}, {size / before:.1f} times {case.shown}; {times:g} is allowed"
        return Verdict(NAME, False, reason, facts)
    return Verdict(NAME, True, _mb(size), facts)


def _bytes(model: Part | None) -> int | None:
    size = model.facts.get("stored_bytes") if model is not None else None
    return size if isinstance(size, int) and not isinstance(size, bool) else None


def _mb(size: float) -> str:
    for unit, step in (("GB", 2**30), ("MB", 2**20), ("KB", 2**10)):
        if size >= step:
            return f"{size / step:.1f} {unit}"
    return f"{size:.0f} bytes"
