"""GET versions: one page of the list, newest first; keyset paging, so the last page costs no more
than the first.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.catalog.index import Cursor
from snapbook.server.asking import Asking, whole
from snapbook.server.filters import Filter, read_filter
from snapbook.server.handler import Route
from snapbook.verbs import look, rows, who
from snapbook.verbs.here import Here

PAGE = 200


class VersionsRoute(Route):
    """The list."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """At most ``limit`` versions after ``after``."""
        await self.tell(versions)


def versions(asking: Asking) -> dict[str, Any]:
    """One page of the versions that are asked for."""
    limit = asking.count("limit", PAGE, PAGE)
    after = _cursor(asking.text("after"))
    with asking.here(long=bool(asking.text("text"))) as here:
        repository = here.repository()
        head = repository.follow()
        index = repository.index
        models = index.models()
        asked = read_filter(asking, repository)
        if asked is None:
            return {"rows": [], "after": None, "models": models, "note": "", "head": head.n}
        if asked.text:
            from snapbook.verbs.wording import matching

            hits = matching(repository, asked.text, asked.model, asked.where, after=after)
            found = list(islice(hits, limit + 1))
            more, found = len(found) > limit, found[:limit]
        else:
            page = index.page(asked.model, asked.where, after=after, limit=limit)
            found, more = list(page.rows), page.after is not None
        note = "" if found or after is not None else _note(here, asked)
        told = rows.listed(repository, found, who.me(here.folder), asking.text("path"))
    return {
        "rows": told,
        "after": str(found[-1].n) if more else None,
        "models": models,
        "note": note,
        "head": head.n,
    }


def _cursor(text: str) -> Cursor | None:
    return Cursor(None, whole("after", text)) if text else None


def _note(here: Here, asked: Filter) -> str:
    """Why there are none."""
    if asked.text:
        return f'No version has "{asked.text}" in its message, notes or attachments.'
    return look.nothing(here.repository().index, asked.model, asked.where)
