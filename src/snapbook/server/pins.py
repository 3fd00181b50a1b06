"""GET pins: the versions that production and staging stand on, which head the list."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.display.views.pins import pins
from snapbook.server.handler import Route


class PinsRoute(Route):
    """The pinned rows."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """One row for each protected alias that points somewhere."""
        await self.tell(pins)
