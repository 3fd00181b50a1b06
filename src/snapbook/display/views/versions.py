"""One page of the list, newest or oldest first; keyset paging, so the last page
costs no more than the first.
"""

from __future__ import annotations

import time
from typing import Any

from snapbook.catalog.index import NEWEST, OLDEST, Cursor, Order
from snapbook.catalog.rows import VersionRow
from snapbook.display.views.asking import Question, whole
from snapbook.display.views.filters import Filter, read_filter
from snapbook.display.views.rows import told
from snapbook.repository import Repository
from snapbook.verbs import look, rows
from snapbook.verbs.here import Here
from snapbook.verbs.wording import Words

PAGE = 200
_LOOKED = 500
_SECONDS = 3.0
_ORDERS = {"newest": NEWEST, "oldest": OLDEST}


def versions(asking: Question) -> dict[str, Any]:
    """One page of the versions that are asked for."""
    limit = asking.count("limit", PAGE, PAGE)
    after = _cursor(asking.text("after"))
    order = _ORDERS[asking.choice("order", *_ORDERS)]
    with asking.here(long=bool(asking.text("text"))) as here:
        repository = here.repository()
        head = repository.follow()
        index = repository.index
        models = index.models()
        asked = read_filter(asking, repository)
        if asked is None:
            return {"rows": [], "after": None, "models": models, "note": "", "head": head.n}
        if asked.text:
            found, last = _with_words(repository, asked, order, after, limit)
        else:
            page = index.page(asked.model, asked.where, order, after, limit)
            found, last = list(page.rows), page.after
        note = "" if found or after is not None else _note(here, asked, last)
        listed = rows.listed(repository, found, asking.me(), asking.text("path"))
    return {
        "rows": told(listed),
        "after": str(last.n) if last is not None else None,
        "models": models,
        "note": note,
        "head": head.n,
    }


def _cursor(text: str) -> Cursor | None:
    return Cursor(None, whole("after", text)) if text else None


def _with_words(
    repository: Repository, asked: Filter, order: Order, after: Cursor | None, limit: int
) -> tuple[list[VersionRow], Cursor | None]:
    """The next versions in which the words stand, and where to go on: at the latest after a while,
    with what was found by then.
    """
    words = Words(repository, asked.text)
    until = time.monotonic() + _SECONDS
    found: list[VersionRow] = []
    while True:
        page = repository.index.page(asked.model, asked.where, order, after, _LOOKED)
        for row in page.rows:
            if words.stand_in(row):
                found.append(row)
            if len(found) == limit or time.monotonic() > until:
                return found, Cursor(None, row.n)
        after = page.after
        if after is None:
            return found, None


def _note(here: Here, asked: Filter, last: Cursor | None) -> str:
    """Why there are none."""
    if asked.text:
        where = "others are still to be looked through" if last else ""
        said = f'No version has "{asked.text}" in its message, notes or attachments'
        return f"{said}; {where}." if where else f"{said}."
    return look.nothing(here.repository().index, asked.model, asked.where)
