"""The process in which a model takes the form of skops: loads it, writes it, reads it, asks both.

Started with a folder by `export.skops`, and given nothing else; whoever started it decided that the
model may be loaded. What skops read has to answer each row byte for byte as the model does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from snapbook.export.converting import rows_of
from snapbook.flavors import skopsed
from snapbook.flavors.arrays import NotAllowed
from snapbook.parts import model
from snapbook.trial.job import Folder

JOB, SAID, FILE = "skops.json", "said.json", "model.skops"
_ASKED = ("predict", "predict_proba", "decision_function", "transform")


@dataclass(frozen=True, slots=True)
class Told:
    """What became of it: ``why`` it could not be, or on how many of the ``rows`` it differs.

    ``types`` are those that who reads it with skops has to trust beside what that knows to be
    harmless; ``beyond`` says what in it is more than what we read without trust.
    """

    why: str = ""
    rows: int = 0
    differing: int = 0
    types: Sequence[str] = ()
    beyond: str = ""
    version: str = ""


def command(folder: Path) -> list[str]:
    """How the process is started."""
    return [sys.executable, "-m", "snapbook.export.skopsing", str(folder)]


def main(path: Path) -> None:
    """Convert the model that lies in the folder ``path``."""
    asked = json.loads((path / JOB).read_text())
    try:
        folder = Folder(path)
        fit: Any = model.restore(folder.part(asked["model"]), folder.get)
        told = _tried(path, fit, rows_of(folder, asked["rows"], asked["inputs"]))
    except Exception as error:  # noqa: BLE001 - the user's own model, and whatever converts it
        lines = str(error).strip().splitlines() or [type(error).__name__]
        told = Told(why=lines[0][:300].rstrip("."))
    (path / SAID).write_text(json.dumps(asdict(told)))


def _tried(path: Path, fit: Any, table: Any) -> Told:
    import skops
    import skops.io

    data = skops.io.dumps(fit)
    types = skops.io.get_untrusted_types(data=data)
    again = skops.io.loads(data, trusted=types)
    given = table if hasattr(fit, "feature_names_in_") else table.to_numpy()
    differing = _differing(fit, again, given)
    if not differing:
        (path / FILE).write_bytes(data)
    try:
        own = skopsed.load(data)
        beyond = "read without trust it answers otherwise" if _differing(fit, own, given) else ""
    except NotAllowed as error:
        beyond = str(error)
    found = sorted(map(str, types))
    return Told("", len(table), differing, found, beyond, str(skops.__version__))


def _differing(one: Any, other: Any, given: Any) -> int:
    """How many rows two models answer otherwise, whatever they are asked."""
    asked = [name for name in _ASKED if hasattr(one, name)]
    answers = ([getattr(fit, name)(given) for fit in (one, other)] for name in asked)
    return max((_differ(*pair) for pair in answers), default=0)


def _differ(one: Any, other: Any) -> int:
    """How many rows of two answers are not the same bytes."""
    import numpy as np

    first, second = (_plain(answer) for answer in (one, other))
    if first.shape != second.shape or first.dtype != second.dtype:
        return len(first) or 1
    if first.dtype != object:  # bytes and not values: a NaN is the NaN that it was
        octets = (answer.reshape(len(answer), -1).view(np.uint8) for answer in (first, second))
        first, second = octets
    return int((first != second).reshape(len(first), -1).any(axis=1).sum()) if len(first) else 0


def _plain(answer: Any) -> Any:
    import numpy as np

    return np.ascontiguousarray(answer.toarray() if hasattr(answer, "toarray") else answer)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
