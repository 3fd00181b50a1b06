"""GET version: one version in full, with what the page shows beside its parts."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.display.data import plain
from snapbook.server.asking import Asking
from snapbook.server.graph import graph
from snapbook.server.handler import Route
from snapbook.server.history import history
from snapbook.server.summary import summary
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
    with asking.here(long=True) as here:
        repository = here.repository()
        shown = look.show(here, VERBS["show"].ask((ref,), {}))
        found = shown.version
        (row,) = rows.listed(repository, [found], who.me(here.folder), asking.text("path"))
        told: dict[str, Any] = plain(shown)
        told["row"] = row
        told["events"] = history(repository, found)
        told["graph"] = graph(found, shown.parts, repository.store.get)
        told["summary"] = summary(repository, found, shown.parts)
    return told
