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
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Expected:
    """A row of results.md: which script prints it, and what ours / peer may be ("": anything)."""

    name: str
    script: str
    target: str = ""


def expected() -> dict[str, Expected]:
    """All rows that there must be, in the order of the table."""
    data = tomllib.loads((Path(__file__).parent / "expected.toml").read_text("utf-8"))
    return {found["name"]: Expected(**found) for found in data["row"]}


EXPECTED = expected()


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


def weight(folder: Path) -> int:
    """The bytes of all files below ``folder``."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def row(name: str, ours: float, peer: float, peer_name: str, unit: str = "s") -> None:
    """Print one row: the ratio ours / peer against its target, if it has one, and the load."""
    ratio = ours / peer
    target = EXPECTED[name].target
    found = {
        "row": name,
        "ours": ours,
        "peer": peer,
        "peer_name": peer_name,
        "unit": unit,
        "ratio": ratio,
        "target": target,
        "pass": ratio <= float(Fraction(target)) if target else None,
        "load": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(found), flush=True)
