"""HEBO as scripts/record_hebo.py recorded it: a class under its names that replays the record."""

from __future__ import annotations

import json
import types
from pathlib import Path

import numpy as np
import pandas as pd

RECORD = json.loads(
    (Path(__file__).parent / "data" / "hebo" / "optimiser.json").read_text(encoding="utf-8")
)
X = pd.DataFrame(RECORD["X"]["rows"], columns=RECORD["X"]["columns"]).astype(
    dict(zip(RECORD["X"]["columns"], RECORD["X"]["dtypes"], strict=True))
)
X.index = RECORD["X"]["index"]
Y = np.array(RECORD["y"]["values"], dtype=RECORD["y"]["dtype"])


class Replay:
    """Suggests the recorded points one after the other, and takes in what HEBO takes in."""

    def __init__(self, space=None, **options):
        self.X = X.iloc[:0]
        self.y = np.zeros((0, 1))

    def suggest(self, n_suggestions=1):
        return X.iloc[len(self.X) : len(self.X) + n_suggestions]

    def observe(self, tried, losses):
        self.X = pd.concat([self.X, tried]) if len(self.X) else tried
        self.y = np.vstack([self.y, losses])


def kind():
    """The optimiser's class: a replay under the names of HEBO's and its ancestors."""
    made = Replay
    for module, name in reversed(RECORD["classes"]):
        if module.startswith("hebo."):
            made = type(name, (made,), {"__module__": module})
    return made


def rebuilt():
    """The optimiser as it stood at the end of the recorded search."""
    optimiser = kind()()
    optimiser.X, optimiser.y = X.copy(), Y.copy()
    return optimiser


def modules():
    """`import hebo.optimizers.hebo` for sys.modules."""
    found = {}
    for name in ("hebo", "hebo.optimizers", "hebo.optimizers.hebo"):
        found[name] = types.ModuleType(name)
        found[name].__path__ = []
    found["hebo.optimizers.hebo"].HEBO = kind()
    return found
