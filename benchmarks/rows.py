"""One line a row: what was measured, against whom, and whether the target was met."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path


def best(act: Callable[[], object], times: int = 5) -> float:
    """The median seconds of ``times`` runs of ``act``; ratios of medians are what counts here."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def weight(folder: Path) -> int:
    """The bytes of all files below ``folder``."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def row(
    name: str, ours: float, peer: float, peer_name: str, target: float, unit: str = "s"
) -> None:
    """Print one row: the ratio ours / peer against ``target``."""
    ratio = ours / peer if peer else float("inf")
    print(
        json.dumps(
            {
                "row": name,
                "ours": ours,
                "peer": peer,
                "peer_name": peer_name,
                "unit": unit,
                "ratio": ratio,
                "target": target,
                "pass": ratio <= target,
            }
        ),
        flush=True,
    )
