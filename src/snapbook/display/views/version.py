"""One version in full, with what the page shows beside its parts."""

from __future__ import annotations

from typing import Any

from snapbook.catalog.rows import VersionRow
from snapbook.display.data import plain
from snapbook.display.views.asking import Question
from snapbook.display.views.rows import told as told_rows
from snapbook.verbs import VERBS, look, rows
from snapbook.verbs.here import Here
from snapbook.verbs.origin import graph


def version(asking: Question) -> dict[str, Any]:
    """`show --json` with its row and graph; with ``brief`` the row alone, for cards."""
    ref = asking.needed("ref")
    brief = asking.flag("brief")
    with asking.here(long=not brief) as here:
        repository = here.repository()
        if brief:
            found, _ = look.resolve(repository, ref)
            return {"row": _row(asking, here, found)}
        shown = look.show(here, VERBS["show"].ask((ref,), {}))
        told: dict[str, Any] = plain(shown)
        told["row"] = _row(asking, here, shown.version)
        told["graph"] = plain(graph(repository, shown.version, shown.parts))
    return told


def _row(asking: Question, here: Here, version: VersionRow) -> dict[str, Any]:
    listed = rows.listed(here.repository(), [version], asking.me(), asking.text("path"))
    (row,) = told_rows(listed)
    return row
