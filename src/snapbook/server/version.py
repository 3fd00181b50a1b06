"""GET version: one version in full, with what the page shows beside its parts."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.display.data import plain
from snapbook.server.asking import Asking
from snapbook.server.handler import Route
from snapbook.verbs import VERBS, look, rows, who


class VersionRoute(Route):
    """The version page."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The version that ``ref`` names."""
        await self.tell(version)


def version(asking: Asking) -> dict[str, Any]:
    """One version: `show --json`, and the row, events, graph and summary of the page."""
    ref = asking.needed("ref")
    with asking.here() as here:
        shown = look.show(here, VERBS["show"].ask((ref,), {}))
        (row,) = rows.listed(
            here.repository(), [shown.version], who.me(here.folder), asking.text("path")
        )
        told: dict[str, Any] = plain(shown)
        told |= {"row": row, "events": [], "graph": {"nodes": [], "edges": []}}
        told["summary"] = {"set_params": {}, "changed": []}
    return told
