"""GET diff: what differs between two versions; with one, between it and the one before."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.display.views.diff import diff
from snapbook.server.handler import Route


class DiffRoute(Route):
    """The diff tab."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """``old`` against ``new``, or what came before ``old`` against it."""
        await self.tell(diff)
