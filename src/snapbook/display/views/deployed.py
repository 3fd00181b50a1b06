"""What is deployed under the protected aliases of a model, where anything is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from snapbook.deploy import evident, fronts, standing, status
from snapbook.deploy.fronts import Told
from snapbook.display.views.asking import Question
from snapbook.display.views.filters import read_filter
from snapbook.repository import PROTECTED, Repository


def deployed(asking: Question) -> dict[str, Any]:
    """What `deploy --status` tells of each alias that has a rollout, or servers that follow it."""
    asking.needed("model")
    with asking.here() as here:
        repository = here.repository()
        asked = read_filter(asking, repository)
        model = asked.model if asked is not None else None
        if model is None:
            return {"deployed": []}
        folder = repository.folder
        found = entries(repository, model, lambda alias: fronts.alive(folder, model, alias))
    return {"deployed": [{**one, "may": True} for one in found]}


def entries(
    repository: Repository, model: str, alive: Callable[[str], Sequence[Told]]
) -> list[dict[str, Any]]:
    """One for each protected alias; ``alive`` gives the servers that follow it."""
    found: list[dict[str, Any]] = []
    for alias in PROTECTED:
        stands, servers = standing.of(repository, model, alias), alive(alias)
        rollout = stands.rollout
        if rollout is not None or servers:
            seen = evident.told(repository, model, rollout) if rollout is not None else ()
            found.append(status.told(stands, servers, datetime.now(UTC), seen))
    return found
