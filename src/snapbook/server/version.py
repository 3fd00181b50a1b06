"""GET version: one version in full, with what the page shows beside its parts."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.display.views.version import version
from snapbook.server.handler import Route


class VersionRoute(Route):
    """The version page."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The version that ``ref`` names."""
        await self.tell(version)
