"""list --registry: the versions of a registry, found by the same expressions as one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapbook.catalog import where as expressions
from snapbook.errors import BadOption
from snapbook.verbs import travel
from snapbook.verbs.values import Listing

if TYPE_CHECKING:
    from snapbook.verbs.here import Here
    from snapbook.verbs.table import Asked


def list_there(here: Here, asked: Asked, limit: int) -> Listing:
    """The newest ``limit`` versions of a registry, of all models that one may read there."""
    known = travel.book().get(asked.registry)
    for option in ("text", "sort", "lowest"):
        if asked.values.get(option):
            raise BadOption(
                f"--{option} does not go with --registry",
                act="Words are found by text ~ in --where",
            )
    if asked.where:
        expressions.parse(asked.where)  # what is no expression is told without asking anybody
    with travel.opened(here, known) as side:
        found = side.search(asked.name or "", asked.where or "", limit)
    note = f"{len(found.rows)} of {known.name}"
    if not found.rows:
        note = f"Nothing in {known.name} matches {asked.where}." if asked.where else note
    elif found.after is not None:
        note = f"The first {len(found.rows)} of {known.name}; more: -n {limit * 10}"
    return Listing(found.rows, len({row.model for row in found.rows}), note)
