"""The same model again with a new metric: the bytes of one more version, all files counted."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from pathlib import Path

from rows import row, weight

SETUP = """
import numpy as np, pandas as pd
from sklearn.ensemble import RandomForestClassifier
rng = np.random.default_rng(0)
X = pd.DataFrame(rng.normal(size=(20_000, 20)), columns=[f"c{i}" for i in range(20)])
y = (X.c0 + X.c1 > 0).astype(int)
model = RandomForestClassifier(100, random_state=0).fit(X, y)
"""
VERSIONS = 20


def main() -> None:
    """Print the row: the mean of 20 versions, the index checkpointed."""
    from IPython.core.interactiveshell import InteractiveShell

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["SNAPBOOK_CONFIG"] = f"{folder}/config"
        shell = InteractiveShell.instance()
        shell.run_cell("%load_ext snapbook", store_history=True)
        shell.run_cell(SETUP, store_history=True)
        repository = Path(folder) / ".snapbook"

        def version(n: int) -> None:
            metric = f"score_{n} = model.score(X, y) + {n}"
            shell.run_cell(f"%%version_model churn --model model\n{metric}", store_history=True)

        version(0)
        before = checkpointed(repository)
        for n in range(1, VERSIONS + 1):
            version(n)
        mean = (checkpointed(repository) - before) / VERSIONS
        os.chdir("/")
    row("the same model again with a new metric", mean, 1, "one byte a version", "B")


def checkpointed(repository: Path) -> int:
    """The weight of the repository with SQLite's log folded into its file."""
    with sqlite3.connect(repository / "index.sqlite") as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return weight(repository)


if __name__ == "__main__":
    main()
