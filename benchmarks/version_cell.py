"""A versioned cell against MLflow's log_model with registration: RandomForest, 100 trees, 20k x 20.

Ours keeps the model, the executed cells, the data with rows, the environment; MLflow the model and,
by default, its inferred requirements. Both warm, in one process, taking turns with the same models;
of our cell counts what comes after its last line, so that the fit itself is left out.
"""

from __future__ import annotations

import logging
import os
import tempfile
import time
import warnings
from pathlib import Path
from statistics import median
from typing import Any

from rows import row

SETUP = """
import time
import numpy as np, pandas as pd
from sklearn.ensemble import RandomForestClassifier
rng = np.random.default_rng(0)
X = pd.DataFrame(rng.normal(size=(20_000, 20)), columns=[f"c{i}" for i in range(20)])
y = (X.c0 + X.c1 > 0).astype(int)
"""
CELL = """%%version_model churn
model = RandomForestClassifier(100, random_state={seed}).fit(X, y)
accuracy = model.score(X, y)
ended = time.perf_counter()
"""
ROUNDS = 7
DEFAULT = 3  # so many of the rounds also let MLflow infer the requirements: that takes long


def ours(shell: Any, seed: int) -> float:
    """Seconds that versioning adds to the cell."""
    shell.run_cell(CELL.format(seed=seed), store_history=True)
    return time.perf_counter() - float(shell.user_ns["ended"])


def theirs(model: object, **named: object) -> float:
    """Seconds of log_model with registration."""
    import mlflow

    with mlflow.start_run():
        begun = time.perf_counter()
        mlflow.sklearn.log_model(
            model,
            name="model",
            registered_model_name="churn",
            # Its default (skops) refuses a RandomForest unless types are trusted by name.
            serialization_format="cloudpickle",
            **named,
        )
        return time.perf_counter() - begun


def main() -> None:
    """Print the two rows."""
    warnings.simplefilter("ignore")
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["DO_NOT_TRACK"] = "true"
    import mlflow
    import sklearn
    from IPython.core.interactiveshell import InteractiveShell

    for noisy in ("mlflow", "alembic"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["SNAPBOOK_CONFIG"] = f"{folder}/config"
        mlflow.set_tracking_uri(f"sqlite:///{Path.cwd()}/mlflow.db")
        mlflow.set_experiment("churn")
        given = [f"scikit-learn=={sklearn.__version__}"]
        shell = InteractiveShell.instance()
        shell.run_cell("%load_ext snapbook", store_history=True)
        shell.run_cell(SETUP, store_history=True)
        mine, default, short = [], [], []
        for seed in range(ROUNDS + 1):
            mine.append(ours(shell, seed))
            short.append(theirs(shell.user_ns["model"], pip_requirements=given))
            if 0 < seed <= DEFAULT:
                default.append(theirs(shell.user_ns["model"]))
        versions = len(list(Path(folder, ".snapbook", "events").glob("*/*")))
        assert versions == ROUNDS + 1, versions
        os.chdir("/")
    # The first of each warms the caches of both.
    what, peer = "versioned cell, RandomForest 100 trees", f"mlflow {mlflow.__version__} log_model"
    seconds = median(mine[1:])
    row(f"{what}, default", seconds, median(default), f"{peer} + register")
    row(f"{what}, requirements given", seconds, median(short[1:]), f"{peer}, requirements given")


if __name__ == "__main__":
    main()
