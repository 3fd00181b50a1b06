"""GET output: one stored output of a cell, as text or a picture, never as something that runs."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.display.views.output import output
from snapbook.server.handler import Route


class OutputRoute(Route):
    """One output."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Output ``at`` of ``cell``, in the form ``mime`` or its richest."""
        await self.tell(output)
