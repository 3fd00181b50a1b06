"""A versioned cell against MLflow's log_model with registration: RandomForest, 100 trees, 20k x 20.

Ours keeps the model, the executed cells, the data with rows, the environment; MLflow the model and,
by default, its inferred requirements. Both warm, in one process, the fit itself left out.
"""

from __future__ import annotations

import logging
import os
import tempfile
import time
import warnings
from pathlib import Path
from statistics import median

from rows import row

SETUP = """
import numpy as np, pandas as pd
from sklearn.ensemble import RandomForestClassifier
rng = np.random.default_rng(0)
X = pd.DataFrame(rng.normal(size=(20_000, 20)), columns=[f"c{i}" for i in range(20)])
y = (X.c0 + X.c1 > 0).astype(int)
"""
FIT = "model = RandomForestClassifier(100, random_state={seed}).fit(X, y)\naccuracy = model.score(X, y)"


def ours(rounds: int) -> tuple[float, object]:
    """Median seconds that the version adds to the cell, and the last model."""
    from IPython.core.interactiveshell import InteractiveShell

    from snapbook import magics

    shell = InteractiveShell.instance()
    shell.run_cell("%load_ext snapbook", store_history=True)
    shell.run_cell(SETUP, store_history=True)
    face = shell._snapbook_face
    taken = []
    version = face._version

    def timed(*args: object) -> None:
        begun = time.perf_counter()
        version(*args)
        taken.append(time.perf_counter() - begun)

    face._version = timed
    assert isinstance(face, magics.Face)
    for seed in range(rounds):
        shell.run_cell("%%version_model churn\n" + FIT.format(seed=seed), store_history=True)
    return median(taken[1:]), shell.user_ns["model"]


def theirs(model: object, rounds: int) -> tuple[float, float, str]:
    """Median seconds of log_model + register: by default, and with the requirements given."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["DO_NOT_TRACK"] = "true"
    import mlflow
    import sklearn

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    mlflow.set_tracking_uri(f"sqlite:///{Path.cwd()}/mlflow.db")
    mlflow.set_experiment("churn")
    given = [f"scikit-learn=={sklearn.__version__}"]

    def once(**named: object) -> float:
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

    once(pip_requirements=given)
    default = median(once() for _ in range(max(2, rounds // 3)))
    return default, median(once(pip_requirements=given) for _ in range(rounds)), mlflow.__version__


def main() -> None:
    """Print the two rows."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["SNAPBOOK_CONFIG"] = f"{folder}/config"
        mine, model = ours(6)
        default, given, version = theirs(model, 6)
        os.chdir("/")
    row("versioned cell / MLflow log_model + register, default", mine, default, f"mlflow {version}", 1 / 20)
    row("versioned cell / MLflow log_model + register, requirements given", mine, given, f"mlflow {version}", 1.5)


if __name__ == "__main__":
    main()
