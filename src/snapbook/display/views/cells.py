"""The cells that a kernel had executed when a version was made, in their order.

Outputs are told by kind and size alone; `output` gives one. They come from the notebook document as
it was last saved, so a cell that ran twice shows what it shows there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from snapbook.display.views.asking import Question
from snapbook.display.views.shown import kind_of, size_of
from snapbook.errors import NotFound
from snapbook.lineage.log import Cell
from snapbook.parts import cells as cells_part
from snapbook.parts import notebook
from snapbook.parts.base import Part
from snapbook.repository import Repository
from snapbook.verbs import look

_SECONDS = 2.0


def cells(asking: Question) -> dict[str, Any]:
    """The log with, for each cell, whether it made the model and which outputs are stored."""
    with asking.here(long=True) as here:
        repository = here.repository()
        version, _ = look.resolve(repository, asking.needed("ref"))
        parts = repository.parts(version.manifest)
        get = repository.store.get
        part = next((part for part in parts if part.kind == "cells"), None)
        if part is None:
            return {"cells": []}
        log = cells_part.restore(part, get)
        made = set(cells_part.made(part, get))
        outputs = Outputs(repository, parts, log)
        return {"cells": [_row(cell, cell.index in made, outputs) for cell in log]}


def _row(cell: Cell, made: bool, outputs: Outputs) -> dict[str, Any]:
    return {
        "index": cell.index,
        "id": cell.id,
        "number": cell.n or None,
        "source": cell.source,
        "made": made,
        "started": cell.started,
        "duration_s": cell.duration_s,
        "outcome": cell.outcome,
        "line": cell.line,
        "kind": cell.kind,
        "outputs": outputs.told(cell),
    }


class Outputs:
    """The stored outputs of the cells of one version."""

    def __init__(self, repository: Repository, parts: Sequence[Part], log: Sequence[Cell]) -> None:
        self._get = repository.store.get
        part = next((part for part in parts if part.kind == "notebook"), None)
        document = notebook.stored_cells(part, self._get) if part is not None else []
        self._by_id = {str(cell.get("id")): cell for cell in document if cell.get("id")}
        self._by_source = {str(cell.get("source", "")): cell for cell in reversed(document)}
        # nbclient tells no ids: then equal text has to do.
        self._ids = any(cell.id for cell in log)
        self._until = time.monotonic() + _SECONDS

    def told(self, cell: Cell) -> list[dict[str, Any]]:
        """Kind and size of each; of what would take too long, only that it is there."""
        return [self._brief(stored) for stored in self._stored(cell)]

    def one(self, cell: Cell, at: int) -> Any:
        """The output at place ``at``. Raises NotFound."""
        stored = self._stored(cell)
        if not at < len(stored):
            raise NotFound("This cell has no such output", kind="no-output")
        return notebook.restored_output(stored[at], self._get)

    def _stored(self, cell: Cell) -> list[Any]:
        found = self._by_id.get(cell.id) if self._ids else self._by_source.get(cell.source)
        outputs = found.get("outputs") if found is not None else None
        return outputs if isinstance(outputs, list) else []

    def _brief(self, stored: Any) -> dict[str, Any]:
        if isinstance(stored, dict) and isinstance(stored.get("left_out"), dict):
            size = stored["left_out"].get("bytes")
            return {"kind": "not kept", "bytes": size if isinstance(size, int) else 0}
        if time.monotonic() > self._until:
            return {"kind": "output", "bytes": 0}
        try:
            output = notebook.restored_output(stored, self._get)
        except (NotFound, ValueError):
            return {"kind": "damaged", "bytes": 0}
        return {"kind": kind_of(output), "bytes": size_of(output)}
