"""Drift of twenty columns: 10,000 live rows against 100,000 of training, beside Evidently.

Both begin with the same two tables and end with the names of the columns that drifted, which have
to be the same ones: shifts, spreads, shapes and categories that moved clearly, and as many columns
that did not. Ours versions the training table first (digests and profile of all columns) and needs
only its profile then, which a version carries anyway. The peer has an environment of its own, since
it takes another pandas: see scripts/bench.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from rows import row

PEER = Path(__file__).parent / "peers" / "evident.py"
TURNS = 3
TRAINED, LIVE = 100_000, 10_000
NUMBERS, CATEGORIES = 14, 6


def main() -> None:
    """Measure, where the peer is installed."""
    python = _python()
    if python is None:
        raise SystemExit("drift: Evidently is not installed in SNAPBOOK_BENCH_PEERS")
    trained, live = table(TRAINED, 0, moved=False), table(LIVE, 1, moved=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trained.to_parquet(folder / "trained.parquet")
        live.to_parquet(folder / "live.parquet")
        mine: list[float] = []
        theirs: list[float] = []
        with subprocess.Popen(
            [str(python), str(PEER), str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "DO_NOT_TRACK": "1", "ITERATIVE_DO_NOT_TRACK": "1"},
        ) as peer:  # fmt: skip
            version = _asked(peer)["version"]
            for turn in range(TURNS + 1):
                begun = time.perf_counter()
                found = drifted(trained, live)
                taken = time.perf_counter() - begun
                told = _asked(peer)
                if found != told["drifted"]:
                    raise SystemExit(f"drift: {found} drifted, Evidently says {told['drifted']}")
                if turn:  # the first one loads what is loaded late
                    mine.append(taken)
                    theirs.append(told["seconds"])
            peer.stdin.close()
    row(
        "drift of 20 columns, 10k against 100k rows",
        median(mine),
        median(theirs),
        f"Evidently {version}",
    )


def table(rows: int, seed: int, *, moved: bool) -> Any:
    """Columns of which every other one moved, if they did."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    for at in range(NUMBERS):
        plain = rng.normal(size=rows)
        if moved and at % 2:
            columns[f"x{at}"] = (plain + 1, plain * 2.5, np.exp(plain))[at // 2 % 3]
        else:
            columns[f"x{at}"] = plain
    for at in range(CATEGORIES):
        shares = [0.4, 0.3, 0.2, 0.1]
        if moved and at % 2:
            shares = shares[::-1]
        columns[f"c{at}"] = rng.choice(["red", "green", "blue", "grey"], rows, p=shares)
    return pd.DataFrame(columns)


def drifted(trained: Any, live: Any) -> list[str]:
    """The columns of ``live`` that lie far from ``trained``, by name."""
    from snapbook.parts import frame
    from snapbook.parts.frame.names import name_text
    from snapbook.store.memory import MemoryStore
    from snapbook.watch import drift
    from snapbook.watch.answers import texts

    writer = MemoryStore().writer()
    part = frame.capture(trained, "X_train", writer, role="train", store=False).part
    columns: Any = part.facts["columns"]
    profiles = {name_text(column["name"]): column["profile"] for column in columns}
    met = {
        name: values.to_numpy(float) if values.dtype.kind == "f" else texts(values.tolist())
        for name, values in live.items()
    }
    found = drift.moved(profiles, met, len(trained))
    return sorted(one.column for one in found if one.drifted)


def _asked(peer: subprocess.Popen[str]) -> dict[str, Any]:
    assert peer.stdin is not None
    assert peer.stdout is not None
    peer.stdin.write("\n")
    peer.stdin.flush()
    told: dict[str, Any] = json.loads(peer.stdout.readline())
    return told


def _python() -> Path | None:
    """The interpreter of the peer's environment; None where it is not there."""
    base = os.environ.get("SNAPBOOK_BENCH_PEERS")
    found = Path(base) / "evidently" / "bin" / "python" if base else None
    return found if found is not None and found.exists() else None


if __name__ == "__main__":
    main()
