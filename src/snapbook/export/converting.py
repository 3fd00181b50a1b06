"""The process in which a model becomes ONNX: loads it, converts it, and compares both on rows.

Started with a folder by `export.onnx`, and given nothing else; whoever started it decided that the
model may be loaded. With 32-bit numbers, as engines like them, where those agree with the model;
else with 64-bit ones.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook.export.agreeing import Answers, compared, one_a_row
from snapbook.flavors.onnxed import opened
from snapbook.parts import frame, model
from snapbook.trial.job import Folder

if TYPE_CHECKING:
    import pandas as pd

JOB, SAID, FILE = "onnx.json", "said.json", "model.onnx"
MOST_ROWS = 1000
_MATRIX = "X"


@dataclass(frozen=True, slots=True)
class Told:
    """What became of it: ``why`` it could not be, or on how many rows it differs.

    ``largest`` is the largest difference of a probability or a number, ``worst`` a sentence on the
    row that differs most. ``floats`` are the bits of its numbers, ``label`` the numpy type of the
    model's labels where that is another than ONNX has, ``probable`` whether it tells probabilities;
    ``beyond`` says why no server of ours could ask it, "" where one can.
    """

    why: str = ""
    rows: int = 0
    differing: int = 0
    largest: float = 0.0
    worst: str = ""
    floats: int = 32
    opset: int = 0
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Sequence[str] = ()
    label: str = ""
    probable: bool = False
    beyond: str = ""


def command(folder: Path) -> list[str]:
    """How the process is started."""
    return [sys.executable, "-m", "snapbook.export.converting", str(folder)]


def main(path: Path) -> None:
    """Convert the model that lies in the folder ``path``."""
    asked = json.loads((path / JOB).read_text())
    try:
        folder = Folder(path)
        fit: Any = model.restore(folder.part(asked["model"]), folder.get)
        table = rows_of(folder, asked["rows"], asked["inputs"])
        told = _tried(path, fit, table, asked["props"])
    except Exception as error:  # noqa: BLE001 - the user's own model, and whatever converts it
        lines = str(error).strip().splitlines() or [type(error).__name__]
        told = Told(why=lines[0][:300].rstrip("."))
    (path / SAID).write_text(json.dumps(asdict(told)))


def _tried(path: Path, fit: Any, table: pd.DataFrame, props: Mapping[str, str]) -> Told:
    given = table if _by_name(fit) else table.to_numpy()
    wanted = _asked(fit, given)
    told = Told()
    label, probable = _label(fit, wanted), wanted.probable is not None
    for floats in (32, 64):
        data, opset = _converted(fit, table, floats, props)
        made = opened(data, label, probable)
        found = compared(wanted, _asked(made, table), table)
        told = Told("", len(table), **asdict(found))
        if not told.differing:
            (path / FILE).write_bytes(data)
            inputs = {one.name: one.type for one in made.session.get_inputs()}
            outputs = [one.name for one in made.session.get_outputs()]
            return replace(told, floats=floats, opset=opset, inputs=inputs, outputs=outputs,
                           label=label, probable=probable)  # fmt: skip
    return told


def _label(fit: Any, wanted: Answers) -> str:
    """The type of the model's labels where ONNX has none like it; numbers stay as ONNX has them."""
    from sklearn.base import is_classifier

    kind = wanted.said.dtype
    return kind.name if is_classifier(fit) and kind.kind in "biuf" and kind.name != "int64" else ""


def rows_of(folder: Folder, digest: str, inputs: Sequence[str]) -> pd.DataFrame:
    """Some of the rows of a part that lies in ``folder``, from all over it, as columns with names;
    ``inputs`` alone, where any are named.
    """
    import numpy as np
    import pandas as pd

    rows: Any = frame.restore(folder.part(digest), folder.get)
    if hasattr(rows, "to_pandas"):  # polars, pyarrow
        rows = rows.to_pandas()
    if hasattr(rows, "toarray"):  # scipy
        rows = rows.toarray()
    table = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
    table = table[list(inputs)] if inputs else table
    places = np.unique(np.linspace(0, len(table) - 1, min(len(table), MOST_ROWS)).astype(int))
    return table.iloc[places]


def _by_name(fit: Any) -> bool:
    return hasattr(fit, "feature_names_in_")


def _asked(fit: Any, given: Any) -> Answers:
    import numpy as np

    probable = fit.predict_proba(given) if hasattr(fit, "predict_proba") else None
    return Answers(
        one_a_row(fit.predict(given)), None if probable is None else np.asarray(probable)
    )


def _converted(
    fit: Any, table: pd.DataFrame, floats: int, props: Mapping[str, str]
) -> tuple[bytes, int]:
    import onnx
    import skl2onnx
    from skl2onnx.common import data_types

    number = data_types.FloatTensorType if floats == 32 else data_types.DoubleTensorType
    if _is_matrix(fit, table):
        types = [(_MATRIX, number([None, table.shape[1]]))]
    else:
        text = data_types.StringTensorType
        types = [(str(n), (number if _is_number(table[n]) else text)([None, 1])) for n in table]
    # A name of its own: else it is one of chance, and no two files would be alike.
    with _leaves_told_in_numbers():
        made = skl2onnx.convert_sklearn(
            fit,
            type(fit).__name__,
            types,
            options={"zipmap": False} if hasattr(fit, "predict_proba") else None,
        )
    onnx.helper.set_model_props(made, dict(props))
    opset = max(one.version for one in made.opset_import if one.domain in ("", "ai.onnx"))
    return made.SerializeToString(deterministic=True), opset


@contextmanager
def _leaves_told_in_numbers() -> Iterator[None]:
    """skl2onnx (up to 1.20) says "false" of the leaves of histogram boosting, where ONNX has a
    number, and onnx of today takes no truth for one.
    """
    from skl2onnx.common import tree_ensemble

    add, word = tree_ensemble.add_node, "nodes_missing_value_tracks_true"

    def in_numbers(*args: Any, **named: Any) -> None:
        add(*args, **{**named, word: int(named.get(word, 0))})

    tree_ensemble.add_node = in_numbers
    try:
        yield
    finally:
        tree_ensemble.add_node = add


def _is_matrix(fit: Any, table: pd.DataFrame) -> bool:
    """Whether the model takes all columns as one table of numbers, and none by its name."""
    named = "ColumnTransformer" in {type(one).__name__ for one in _steps(fit)}
    return not named and all(_is_number(table[name]) for name in table)


def _steps(fit: Any) -> list[Any]:
    inner = [one for _, one in getattr(fit, "steps", ())]
    best = getattr(fit, "best_estimator_", None)
    return [fit, *(step for one in (*inner, best) if one is not None for step in _steps(one))]


def _is_number(column: Any) -> bool:
    from pandas.api.types import is_numeric_dtype

    return bool(is_numeric_dtype(column.dtype))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
