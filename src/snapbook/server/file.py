"""GET file: the text of an attachment or a local module that a version keeps."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.display.views.file import file
from snapbook.server.handler import Route


class FileRoute(Route):
    """One kept file."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The text of the file ``name`` of the version that ``ref`` names."""
        await self.tell(file)
