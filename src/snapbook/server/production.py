"""GET production: what is deployed of a model, how far a rollout is, what was live."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.display.views.deployed import deployed
from snapbook.server.handler import Route


class ProductionRoute(Route):
    """What the section of the panel shows."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """One entry for each protected alias under which something is deployed."""
        await self.tell(deployed)
