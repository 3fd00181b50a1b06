"""GET cells: the cells that a kernel had executed when a version was made, in their order."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.display.views.cells import cells
from snapbook.server.handler import Route


class CellsRoute(Route):
    """The cells of a version."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """All executed cells of the version that ``ref`` names."""
        await self.tell(cells)
