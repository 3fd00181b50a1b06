"""What judges measured of a version by groups of people: the newest of each column and rows.

Read from the verdicts of the gate `bias`, whatever alias they were given for and whether or not
they were passed: a figure stays one when a policy changes. One that nobody signed is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from snapbook.catalog.rows import VersionRow
from snapbook.errors import Damaged, NotFound
from snapbook.gates import bias
from snapbook.promote import verdicts
from snapbook.repository import Repository


@dataclass(frozen=True, slots=True)
class Measured:
    """The ``facts`` of such a verdict, and by whom and when it was judged."""

    author: str
    time: str
    facts: Mapping[str, Any]


def by_group(repository: Repository, version: VersionRow) -> tuple[Measured, ...]:
    """What was measured of ``version``, newest first."""
    found: dict[tuple[str, str], Measured] = {}
    for ruling in repository.known.rulings(version.model, "verdict", most=-1):
        if (ruling.manifest, ruling.word) != (version.manifest, bias.NAME):
            continue
        if not verdicts.is_signed(repository, ruling):
            continue
        try:
            facts = verdicts.evidence(repository.store.get(ruling.kept))["facts"]
        except (NotFound, Damaged):
            continue
        if facts.get("rates"):
            about = (str(facts.get("column")), str(facts.get("rows")))
            found.setdefault(about, Measured(ruling.author, ruling.time, facts))
    return tuple(found.values())
