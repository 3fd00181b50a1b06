"""A file of ONNX as something that is asked: `predict`, and `predict_proba` where it tells that.

Knows ONNX Runtime and arrays, and neither where the file came from nor who asks. Nothing in such a
file is executed, and it is kept from files beside it. One thread computes: a server answers many
requests in one process, and what several threads add up is another number from time to time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"

_TYPES: Mapping[str, str] = {"float": "float32", "double": "float64", "float16": "float16",
                             "bool": "bool", "string": "object",
                             **{f"{sign}int{bits}": f"{sign}int{bits}"
                                for sign in ("", "u") for bits in (8, 16, 32, 64)}}  # fmt: skip
# A place that is none: where a file says that its numbers lie in another, they are not found.
_NOWHERE = os.path.join(os.devnull, "none")


class Onnx:
    """``data``, a file of ONNX. ``label`` is the numpy type of its labels where they had another
    than they have in ONNX ("bool"), else "". Opened when it is asked first, see `opened`.
    """

    def __init__(self, data: bytes, label: str = "") -> None:
        self.data = data
        self.label = label

    @cached_property
    def session(self) -> Any:
        """What runs it. Raises as `opened` does."""
        return _session(self.data)

    @cached_property
    def _inputs(self) -> list[tuple[str, str, int]]:
        """Name, numpy type and dimensions of each."""
        given = self.session.get_inputs()
        return [(one.name, _TYPES[_element(one.type)], len(one.shape)) for one in given]

    def takes_matrix(self, names: Sequence[str]) -> bool:
        """Whether rows with columns of these ``names`` are given as one matrix (rows, columns)."""
        (name, kind, rank), *others = self._inputs
        return not others and rank == 2 and kind != "object" and name not in names

    def predict(self, rows: Any) -> Array:
        """The first output for ``rows``: a frame, columns by name, or an array (rows, columns)."""
        found = self._told(0, rows)
        return found.astype(self.label) if self.label else found

    def _told(self, place: int, rows: Any) -> Array:
        import numpy as np

        output = self.session.get_outputs()[place]
        (found,) = self.session.run([output.name], self._feed(rows))
        if isinstance(found, list):  # of dictionaries, a class each
            found = [list(one.values()) for one in found]
        return np.asarray(found)

    def _feed(self, rows: Any) -> dict[str, Array]:
        import numpy as np

        if _is_array(rows) and self.takes_matrix(()):
            ((name, kind, _),) = self._inputs
            return {name: np.ascontiguousarray(rows, dtype=kind)}
        columns = _columns(rows)
        if self.takes_matrix(tuple(columns)):
            ((name, kind, _),) = self._inputs
            return {name: np.column_stack(list(columns.values())).astype(kind)}
        if not all(name in columns for name, _, _ in self._inputs):  # an array's have no names
            columns = dict(zip(self._names(), columns.values(), strict=True))
        return {
            name: _column(columns[name], kind).reshape((-1, 1)[:rank])
            for name, kind, rank in self._inputs
        }

    def _names(self) -> list[str]:
        return [name for name, _, _ in self._inputs]


class Telling(Onnx):
    """One that tells the probability of each class as well."""

    def predict_proba(self, rows: Any) -> Array:
        """Its second output: (rows, classes)."""
        return self._told(1, rows)


def opened(data: bytes, label: str = "", probable: bool | None = None) -> Onnx:
    """The model in ``data``; ``probable`` says whether it tells probabilities, None: as it looks.

    Raises ModuleNotFoundError without ONNX Runtime, what that raises for what it cannot read, and
    ValueError for a model that takes other things than rows.
    """
    found = Telling(data, label) if probable else Onnx(data, label)
    if probable is None and _tells(found.session):
        told = Telling(data, label)
        found, told.session = told, found.session
    for one in found.session.get_inputs():
        if _element(one.type) not in _TYPES or not 0 < len(one.shape) <= 2:
            raise ValueError(f"its input {one.name} takes no rows but {one.type} {one.shape}")
    return found


def _session(data: bytes) -> Any:
    # It tells its makers about its use unless this is set before it is imported.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors alone
    options.add_session_config_entry("session.model_external_initializers_file_folder_path",
                                     _NOWHERE)  # fmt: skip
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def _tells(session: Any) -> bool:
    """Whether its outputs look like labels and their probabilities."""
    first, *others = session.get_outputs()
    labels = _element(first.type) in ("int64", "string")
    return labels and bool(others) and "prob" in others[0].name.lower()


def _element(type: str) -> str:
    """What a tensor holds: "float" of "tensor(float)"."""
    return type.removeprefix("tensor(").removesuffix(")")


def _is_array(rows: Any) -> bool:
    """Whether ``rows`` are an array (rows, columns), and no records."""
    import numpy as np

    return isinstance(rows, np.ndarray) and rows.dtype.names is None


def _columns(rows: Any) -> dict[str, Array]:
    """The columns of ``rows``, each (rows,), by name; an array's by place."""
    import numpy as np

    if _is_array(rows):
        return {str(place): rows[:, place] for place in range(rows.shape[1])}
    if isinstance(rows, Mapping):
        return {str(name): np.asarray(rows[name]) for name in rows}
    named = rows.columns if hasattr(rows, "columns") else rows.dtype.names
    return {str(name): np.asarray(rows[name]) for name in named}


def _column(values: Array, kind: str) -> Array:
    """One column as ONNX takes it. Raises ValueError for what it has no form for."""
    import numpy as np

    if values.dtype.kind in "mM":
        raise ValueError("ONNX has no times")
    if kind != "object":
        return values.astype(kind)
    listed = values.tolist()
    if any(one is None or one != one for one in listed):
        raise ValueError("ONNX has no word for a text that is missing")
    return np.array([str(one) for one in listed], dtype=object)
