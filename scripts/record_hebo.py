"""Record a HEBO optimiser for the tests: its class, its X and its y, as JSON.

HEBO's requirements exclude ours, so it runs in an environment of its own: Python 3.11 with
``pip install "numpy<1.25" "pandas<2.3" "scipy<1.13" "scikit-learn<1.6" torch gpytorch
"pymoo==0.6.1" disjoint-set catboost`` and ``pip install --no-deps HEBO==0.3.6 GPy paramz``. Run
there as ``python scripts/record_hebo.py tests/data/hebo/optimiser.json``.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version
from typing import Any


def main(target: str) -> None:
    """Run a short search and write what the optimiser holds after it to ``target``."""
    warnings.simplefilter("ignore")
    import numpy as np
    from hebo.design_space.design_space import DesignSpace
    from hebo.optimizers.hebo import HEBO

    space = DesignSpace().parse(
        [
            {"name": "lr", "type": "pow", "lb": 1e-4, "ub": 1e-1},
            {"name": "depth", "type": "int", "lb": 2, "ub": 8},
            {"name": "kind", "type": "cat", "categories": ["gbdt", "dart"]},
            {"name": "shrink", "type": "bool"},
        ]
    )
    optimiser = HEBO(space, rand_sample=4, scramble_seed=0)
    for _ in range(8):
        tried = optimiser.suggest(n_suggestions=1)
        losses = [
            [(np.log10(row.lr) + 2) ** 2 + abs(row.depth - 5) + (row.kind == "dart")]
            for row in tried.itertuples()
        ]
        optimiser.observe(tried, np.array(losses, dtype=float))
    with open(target, "w", encoding="utf-8") as file:
        json.dump(recorded(optimiser), file, indent=1)
        file.write("\n")


def recorded(optimiser: Any) -> dict[str, Any]:
    """What `tests/hebo_record.py` rebuilds the object from."""
    frame = optimiser.X
    return {
        "versions": {name: version(name) for name in ("HEBO", "pandas", "numpy")},
        "classes": [[kind.__module__, kind.__qualname__] for kind in type(optimiser).__mro__],
        "attributes": sorted(vars(optimiser)),
        "X": {
            "type": [type(frame).__module__, type(frame).__qualname__],
            "columns": list(frame.columns),
            "dtypes": [str(kind) for kind in frame.dtypes],
            "index": [int(label) for label in frame.index],
            "rows": [[_plain(value) for value in row] for row in frame.to_numpy(dtype=object)],
        },
        "y": {"dtype": str(optimiser.y.dtype), "values": optimiser.y.tolist()},
    }


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


if __name__ == "__main__":
    main(sys.argv[1])
