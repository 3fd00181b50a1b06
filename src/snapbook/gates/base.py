"""What a gate is: a function from a Case to a Verdict.

A Case is what was stored of two versions; no model is loaded and nothing is executed for it. Knows
no policy: what follows from a verdict is for others to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from snapbook.canonical import Json
from snapbook.parts.base import Part


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate found: ``reason`` is one line for people, ``facts`` the same for programs."""

    name: str
    passed: bool
    reason: str
    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """What a gate judges: the parts of a version, and of the one whose place it would take.

    ``baseline`` is None, and ``shown`` (its number) empty, where there is none yet. ``settings`` is
    what the policy says of this gate. ``get`` gives the bytes of a blob that a part lists.
    ``benchmarks`` are the parts of further versions that the settings name, by those names.
    ``by_group`` is whether its metrics were measured by group.
    """

    parts: Sequence[Part]
    baseline: Sequence[Part] | None
    shown: str
    settings: Mapping[str, Any]
    get: Callable[[str], bytes]
    benchmarks: Mapping[str, Sequence[Part]] = field(default_factory=dict)
    by_group: bool = False


Gate: TypeAlias = Callable[[Case], Verdict]


def only(parts: Sequence[Part] | None, kind: str) -> Part | None:
    """The first part of ``kind``."""
    return next((part for part in parts or () if part.kind == kind), None)


def several(words: Sequence[str], most: int = 3) -> str:
    """The first words, and how many more there are."""
    shown = ", ".join(words[:most])
    return shown if len(words) <= most else f"{shown} +{len(words) - most}"
