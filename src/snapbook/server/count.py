"""GET count: how many versions the whole list has, asked for beside its first page."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.display.views.count import count
from snapbook.server.handler import Route


class CountRoute(Route):
    """The number beside the search box."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """How many versions match."""
        await self.tell(count)
