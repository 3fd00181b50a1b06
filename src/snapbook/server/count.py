"""GET count: how many versions the whole list has, asked for beside its first page."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.server.asking import Asking
from snapbook.server.filters import read_filter
from snapbook.server.handler import Route
from snapbook.verbs.wording import matching


class CountRoute(Route):
    """The number beside the search box."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """How many versions match."""
        await self.tell(count)


def count(asking: Asking) -> dict[str, Any]:
    """The length of the list that `versions` pages through."""
    with asking.here(long=True) as here:
        repository = here.repository()
        asked = read_filter(asking, repository)
        if asked is None:
            return {"count": 0}
        if asked.text:
            hits = matching(repository, asked.text, asked.model, asked.where)
            return {"count": sum(1 for _ in hits)}
        return {"count": repository.index.count(asked.model, asked.where)}
