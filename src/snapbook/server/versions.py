"""GET versions: one page of the list, newest or oldest first; keyset paging, so the last page
costs no more than the first.
"""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.display.views.versions import versions
from snapbook.server.handler import Route


class VersionsRoute(Route):
    """The list."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """At most ``limit`` versions after ``after``, in the ``order`` that is asked for."""
        await self.tell(versions)
