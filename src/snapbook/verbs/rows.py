"""What a list says of a version beside the version: better or worse than the one before, made by
whom and where.

A page is told in one statement for its numbers; no blob is read. Faces write it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from snapbook import refs
from snapbook.catalog.rows import Before, VersionRow
from snapbook.repository import Repository
from snapbook.verbs.values import Listed, Previous
from snapbook.verbs.who import Me, me

__all__ = ["Me", "listed", "me"]


def listed(
    repository: Repository, versions: Sequence[VersionRow], who: Me, notebook: str = ""
) -> tuple[Listed, ...]:
    """``versions`` as a list tells them.

    ``notebook`` is the path of the notebook that is looked at, with "/", from any folder above it:
    what a version remembers begins at the git checkout, or at the folder of its kernel.
    """
    index = repository.index
    earlier = index.before(versions) if versions else {}
    # Where nothing was ever shared, nothing is said of what was not.
    shares = bool(versions) and index.has_shared()
    return tuple(_listed(row, earlier.get(row.n), who, notebook, shares) for row in versions)


def _listed(row: VersionRow, before: Before | None, who: Me, notebook: str, shares: bool) -> Listed:
    mine = row.signer == who.key if row.signer and who.key else row.author == who.name
    where = _provenance(row.notebook, notebook)
    if row.shared and not mine and where != "this":
        where = "registry"
    pushed = bool(row.shared) if shares else None
    if before is None:
        return Listed(row, mine=mine, provenance=where, pushed=pushed)
    previous = Previous(f"{row.model}:{refs.number_text(before.number)}", before.value)
    delta, better = _moved(row, before.value)
    return Listed(row, previous, delta, better, mine, where, pushed)


def _moved(row: VersionRow, old: float | None) -> tuple[float | None, bool | None]:
    """How far the main metric moved, and whether for the better."""
    metric = row.metrics.get(row.main)
    if metric is None or old is None or isinstance(metric.value, str):
        return None, None
    delta = metric.value - old
    if not math.isfinite(delta):
        return None, None
    if not delta or metric.direction is None:
        return delta, None
    return delta, (delta > 0) == (metric.direction == "max")


def _provenance(kept: str, asked: str) -> str:
    if not kept:
        return ""
    longer, shorter = (asked, kept) if len(asked) > len(kept) else (kept, asked)
    return "this" if shorter and f"/{longer}".endswith(f"/{shorter}") else "other"
