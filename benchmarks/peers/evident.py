"""Evidently's report of drift, as its documentation shows it: once for each line that comes in."""

from __future__ import annotations

import json
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any


def main() -> None:
    """Read the tables, then answer: first who it is, then how long it took and what drifted."""
    import pandas as pd

    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1])
    trained = pd.read_parquet(folder / "trained.parquet")
    live = pd.read_parquet(folder / "live.parquet")
    drifted(trained.head(100), live.head(100))  # imports are not on its account
    lines = iter(sys.stdin)
    next(lines)
    print(json.dumps({"version": version("evidently")}), flush=True)
    for _ in lines:
        begun = time.perf_counter()
        found = drifted(trained, live)
        seconds = time.perf_counter() - begun
        print(json.dumps({"seconds": seconds, "drifted": found}), flush=True)


def drifted(trained: Any, live: Any) -> list[str]:
    """The columns that its preset calls drifted: distances over its own threshold."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    numbers = [name for name, values in live.items() if values.dtype.kind == "f"]
    others = [name for name in live if name not in numbers]
    kinds = DataDefinition(numerical_columns=numbers, categorical_columns=others)
    now = Dataset.from_pandas(live, data_definition=kinds)
    before = Dataset.from_pandas(trained, data_definition=kinds)
    told = Report([DataDriftPreset()]).run(now, before).dict()
    return sorted(
        one["config"]["column"]
        for one in told["metrics"]
        if "column" in one["config"] and one["value"] > one["config"]["threshold"]
    )


if __name__ == "__main__":
    main()
