"""GET series: one metric over the newest versions of a model, for the line above the list."""

from __future__ import annotations

import math
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.refs import number_text
from snapbook.server.asking import Asking
from snapbook.server.filters import read_filter
from snapbook.server.handler import Route

NEWEST = 500


class SeriesRoute(Route):
    """The points of a plot."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The values of ``metric``, or of the main one."""
        await self.tell(series)


def series(asking: Asking) -> dict[str, Any]:
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
