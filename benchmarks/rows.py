"""What every script here shares: taking turns with a peer, weighing files, printing a row.

A row says what was measured, ours, the peer's, their ratio and whether that meets the target. Which
rows there must be stands in expected.toml; what became of them in results.md (see scripts/bench).
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path


def race(*acts: Callable[[], object], times: int = 7, calls: int = 1) -> tuple[float, ...]:
    """The median seconds of each act, all warm and taking turns: a busy machine bothers all alike.

    ``calls`` of an act are timed together where one alone is too short for the clock.
    """
    taken: list[list[float]] = [[] for _ in acts]
    gc.collect()
    gc.disable()  # or whoever happens to be on turn pays for what the others left
    try:
        for run in range(times + 1):
            for place, act in enumerate(acts):
                begun = time.perf_counter()
                for _ in range(calls):
                    act()
                if run:
                    taken[place].append((time.perf_counter() - begun) / calls)
    finally:
        gc.enable()
    return tuple(map(statistics.median, taken))


def best(act: Callable[[], object], times: int = 5) -> float:
    """The median seconds of ``times`` runs of ``act``; ratios of medians are what counts here."""
    return race(act, times=times)[0]


def weight(folder: Path) -> int:
    """The bytes of all files below ``folder``."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def row(
    name: str, ours: float, peer: float, peer_name: str, target: float | None, unit: str = "s"
) -> None:
    """Print one row: the ratio ours / peer against ``target``, if there is one, and the load."""
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
                "pass": target is None or ratio <= target,
                "load": round(os.getloadavg()[0], 1),
            }
        ),
        flush=True,
    )
