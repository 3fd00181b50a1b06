"""GET series: one metric over the newest versions of a model, for the line above the list."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.display.views.series import series
from snapbook.server.handler import Route


class SeriesRoute(Route):
    """The points of a plot."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The values of ``metric``, or of the main one."""
        await self.tell(series)
