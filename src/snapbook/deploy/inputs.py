"""Whether a version can be rolled out by a plan: it answers, and takes the columns of the rules.

A rule about a column that is not there is never told and never fires; who wrote it believes that
somebody watches. Knows parts alone: what a version does not tell is held against nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from snapbook.catalog.rows import VersionRow
from snapbook.deploy.plan import Plan
from snapbook.errors import BadOption, nearest
from snapbook.parts.base import Part
from snapbook.parts.frame.names import name_text
from snapbook.parts.model import check_asked
from snapbook.repository import Repository

_NAMED = 10  # columns, where none is near


def checked(repository: Repository, version: VersionRow, plan: Plan) -> None:
    """Raise BadOption for a rule about a column that ``version`` has not, NotRestorable for a
    version that cannot be asked anything.
    """
    parts = repository.parts(version.manifest)
    check_asked(version.ref, parts)
    asked = [rule for rule in plan.rules if rule.column]
    known = _columns(parts) if asked else ()
    for rule in asked:
        if not known or rule.column in known:
            continue
        near = nearest(rule.column, known, 1)
        act = f"Did you mean {near[0]}?" if near else f"Of {', '.join(sorted(known)[:_NAMED])}"
        raise BadOption(f"{rule.text}: {version.ref} takes no such column", act=act)


def _columns(parts: Sequence[Part]) -> frozenset[str]:
    """What the model takes, and what its training frames hold."""
    listed: list[Any] = []
    for part in parts:
        told: Any = ()
        if part.kind == "model":
            told = part.facts.get("inputs")
        elif part.kind == "frame" and part.facts.get("role") == "train":
            told = part.facts.get("columns")
        listed += told or ()
    return frozenset(
        name_text(one["name"]) for one in listed if isinstance(one, Mapping) and "name" in one
    )
