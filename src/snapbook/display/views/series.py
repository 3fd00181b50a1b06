"""One metric over the newest versions of a model, for the line above the list."""

from __future__ import annotations

import math
from typing import Any

from snapbook.display.views.asking import Question
from snapbook.display.views.filters import read_filter
from snapbook.refs import number_text

NEWEST = 500


def series(asking: Question) -> dict[str, Any]:
    """Points of the newest versions that have a number for the metric, oldest first."""
    metric = asking.text("metric")
    points: list[dict[str, Any]] = []
    direction = None
    with asking.here() as here:
        repository = here.repository()
        asked = read_filter(asking, repository)
        page = repository.index.page(asked.model, asked.where, limit=NEWEST) if asked else None
    for row in page.rows if page else ():
        metric = metric or row.main
        found = row.metrics.get(metric)
        if found is None or isinstance(found.value, str) or not math.isfinite(found.value):
            continue
        direction = direction or found.direction
        points.append(
            {
                "ref": row.ref,
                "n": row.n,
                "number": number_text(row.number),
                "time": row.time,
                "value": found.value,
            }
        )
    return {"metric": metric, "direction": direction, "points": points[::-1]}
