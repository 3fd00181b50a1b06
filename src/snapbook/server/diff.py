"""GET diff: what differs between two versions; with one, between it and the one before."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.display.data import plain
from snapbook.display.text import text
from snapbook.errors import Usage
from snapbook.refs import parse
from snapbook.server.asking import Asking
from snapbook.server.handler import Route
from snapbook.verbs import VERBS, look


class DiffRoute(Route):
    """The diff tab."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """``old`` against ``new``, or what came before ``old`` against it."""
        await self.tell(diff)


def diff(asking: Asking) -> dict[str, Any]:
    """`diff --json`, and the lines that `snapbook diff` prints."""
    refs = [asking.needed("old"), *filter(None, [asking.text("new")])]
    if any(parse(ref).now for ref in refs):
        raise Usage(
            "now is the live session: its kernel compares it, not the server", kind="needs-kernel"
        )
    options = {"what": asking.text("what")} if asking.text("what") else {}
    with asking.here(long=True) as here:
        compared = look.diff(here, VERBS["diff"].ask(refs, options))
        told: dict[str, Any] = plain(compared)
        return {**told, "text": text(compared)}
