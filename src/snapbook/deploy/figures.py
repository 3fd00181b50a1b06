"""What is known of the versions that a server asks: figures over a window, as rules take them.

How often requests failed and how long they took is what the front saw; rows, drift and outcomes are
what the workers tell. A figure that rests on too little is left out, and it is said on how little.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

from snapbook.errors import SnapbookError
from snapbook.serve.tally import Window
from snapbook.serve.upstream import Answer

Figures: TypeAlias = dict[str, Any]
LEAST_REQUESTS = {"error_rate": 20, "p50": 50, "p99": 50}
_OF_WORKERS = (
    "rows", "labels", "drift", "drift_max", "drift_column", "prediction_drift", "accuracy", "rmse",
    "mae", "bias", "segments", "bad_segments", "sums",
)  # fmt: skip


class Asked(Protocol):
    """What is needed of a router."""

    def window(self, name: str, seconds: float) -> Window:
        """What was seen of a version."""

    async def ask(self, name: str, method: str, target: str, body: bytes = b"") -> Answer:
        """What a worker answers."""


def seen(router: Asked, name: str, seconds: float, told: Mapping[str, Any] | None) -> Figures:
    """The figures of the version ``name``; ``told`` is what its worker told last."""
    window = router.window(name, seconds)
    found: Figures = {"seconds": window.seconds, "requests": window.requests}
    found |= {"errors": window.errors, "refused": window.refused}
    why: dict[str, str] = {}
    measured = {
        "error_rate": ("error_rate", window.error_rate),
        "p50": ("p50_ms", window.p50_ms),
        "p99": ("p99_ms", window.p99_ms),
    }
    for metric, (key, value) in measured.items():
        least = LEAST_REQUESTS[metric]
        if window.requests < least:
            why[metric] = f"{window.requests} of {least} requests"
        elif value is not None:
            found[key] = value
    if told is not None:
        found |= {key: told[key] for key in _OF_WORKERS if told.get(key) is not None}
        reasons = told.get("why")
        why = {**(reasons if isinstance(reasons, Mapping) else {}), **why}
    return {**found, "why": why}


async def told(
    router: Asked, name: str, seconds: float, least: int = 0
) -> Mapping[str, Any] | None:
    """What the worker ``name`` tells of its rows and outcomes; None where it tells nothing.

    ``least`` rows and outcomes are enough; 0: as many as the worker holds to be.
    """
    more = f"&least={least}" if least else ""
    try:
        answer = await router.ask(name, "GET", f"/window?seconds={math.ceil(seconds)}{more}")
        said = json.loads(answer.body) if answer.status == 200 else None
    except (SnapbookError, ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
