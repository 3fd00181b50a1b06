"""The versions that production and staging stand on, which head the list."""

from __future__ import annotations

from typing import Any

from snapbook.display.views.asking import Question
from snapbook.display.views.filters import read_filter
from snapbook.display.views.rows import told
from snapbook.repository import PROTECTED
from snapbook.verbs import rows

MOST_MODELS = 20


def pins(asking: Question) -> dict[str, Any]:
    """Rows with their ``alias``, of the model that is asked for, else of those used last."""
    with asking.here() as here:
        repository = here.repository()
        index = repository.index
        asked = read_filter(asking, repository)
        if asked is None:
            return {"rows": []}
        found = []
        for model in [asked.model] if asked.model else index.models()[:MOST_MODELS]:
            held = index.aliases(model)
            for alias in PROTECTED:
                bound = index.of_manifest(held[alias], model) if alias in held else []
                found += [(alias, row) for row in bound if not row.deleted][:1]
        listed = rows.listed(
            repository, [row for _, row in found], asking.me(), asking.text("path")
        )
    pairs = zip(found, told(listed), strict=True)
    return {"rows": [{**row, "alias": alias} for (alias, _), row in pairs]}
