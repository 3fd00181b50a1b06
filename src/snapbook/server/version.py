"""GET version: one version in full, with what the page shows beside its parts."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.catalog.rows import VersionRow
from snapbook.display.data import plain
from snapbook.server.asking import Asking
from snapbook.server.handler import Route
from snapbook.server.rows import told as told_rows
from snapbook.verbs import VERBS, look, rows, who
from snapbook.verbs.here import Here
from snapbook.verbs.origin import graph


class VersionRoute(Route):
    """The version page."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The version that ``ref`` names."""
        await self.tell(version)


def version(asking: Asking) -> dict[str, Any]:
    """`show --json` with its row and graph; with ``brief`` the row alone, for cards."""
    ref = asking.needed("ref")
    brief = asking.flag("brief")
    with asking.here(long=not brief) as here:
        repository = here.repository()
        if brief:
            found, _ = look.resolve(repository, ref)
            return {"row": _row(here, found, asking.text("path"))}
        shown = look.show(here, VERBS["show"].ask((ref,), {}))
        told: dict[str, Any] = plain(shown)
        told["row"] = _row(here, shown.version, asking.text("path"))
        told["graph"] = plain(graph(repository, shown.version, shown.parts))
    return told


def _row(here: Here, version: VersionRow, notebook: str) -> dict[str, Any]:
    (row,) = told_rows(rows.listed(here.repository(), [version], who.me(here.folder), notebook))
    return row
