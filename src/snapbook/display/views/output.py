"""One stored output of a cell, as text or a picture, never as something that runs."""

from __future__ import annotations

from typing import Any

from snapbook.display.views.asking import Question, whole
from snapbook.display.views.cells import Outputs
from snapbook.display.views.shown import LARGEST, shown
from snapbook.errors import NotFound, Usage
from snapbook.lineage.log import Cell
from snapbook.parts import cells as cells_part
from snapbook.verbs import look


def output(asking: Question) -> dict[str, Any]:
    """One output: {mime, data, mimes, flagged}, pictures with encoding base64."""
    at = whole("at", asking.text("at", "0"))
    with asking.here(long=True) as here:
        repository = here.repository()
        version, _ = look.resolve(repository, asking.needed("ref"))
        parts = repository.parts(version.manifest)
        part = next((part for part in parts if part.kind == "cells"), None)
        log = cells_part.restore(part, repository.store.get) if part is not None else []
        cell = _cell(log, asking.needed("cell"))
        found = shown(Outputs(repository, parts, log).one(cell, at), asking.text("mime"))
    if found is None:
        raise NotFound("This output has no form that can be shown", kind="no-output")
    if len(found["data"]) > LARGEST:
        raise Usage("This output is too large to be shown", kind="too-large")
    return found


def _cell(log: list[Cell], name: str) -> Cell:
    """The cell by its place in the log or, where it is no place, by its id."""
    if name.isascii() and name.isdigit() and len(name) < 9 and int(name) < len(log):
        return log[int(name)]
    for cell in reversed(log):
        if cell.id == name:
            return cell
    raise NotFound("This version has no such cell", kind="no-cell")
