"""The model and how it is asked: `predict` for all, `predict_proba` for those that have it.

Knows how a model wants its rows; how each framework predicts is known to asking.py, and shorter
ways to the same answers to lean.py. An answer is an array with one entry a row, whatever the model
made of it; what it raises becomes `Failed`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from snapbook.flavors.onnxed import Onnx
from snapbook.serve import asking, given, proven
from snapbook.serve.lean import Way
from snapbook.serve.refusal import Failed, Unfit
from snapbook.serve.schema import PREDICT, PROBA, Schema
from snapbook.serve.table import Layout, Table, layout

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"

_Ask: TypeAlias = Callable[[Any], Any]


class Predictor:
    """A loaded ``model`` that takes tables of ``schema``."""

    def __init__(self, model: Any, schema: Schema) -> None:
        self.schema = schema
        self._model = model
        self.layout = layout(schema)
        self._given = _given(model, schema, self.layout)
        self._asks = _asks(model)
        self._ways: Mapping[str, Way] = {}

    @property
    def methods(self) -> tuple[str, ...]:
        """What the model can be asked."""
        return tuple(self._asks)

    def shorten(self, table: Table) -> None:
        """From now on go shorter ways, where these give the same for rows like those of ``table``:
        bit for bit, and as it was seen.
        """
        self._ways = {}
        words = (self._model, self.schema, self.layout, self._given)
        self._ways = proven.ways(*words, self.answer, table)

    def answer(self, method: str, table: Table) -> Array:
        """What the model answers to ``table``: (rows,) or (rows, ...). Raises Failed."""
        import numpy as np

        try:
            way = self._ways.get(method)
            told = way(table) if way is not None else None
            found = np.asarray(told if told is not None else self._asks[method](self._given(table)))
            if found.ndim == 0 or len(found) != table.rows:
                raise RuntimeError(f"{table.rows} rows were given, the answer has {found.shape}")
        except (
            BaseException
        ) as error:  # the user's own model, which may even try to end the process
            raise Failed(error) from error
        if found.ndim == 2 and found.shape[1] == 1:
            found = found[:, 0]
        return found

    def unseen(self, table: Table) -> Unfit | None:
        """The first value that training had not and that the model may have failed on, if any."""
        for place, column in enumerate(self.schema.columns):
            known = set(column.categories)
            for row, value in enumerate(self.layout.column(table, place).tolist()):
                where = f"{column.name} in row {row}"
                if value is None or value != value:
                    return Unfit(
                        f"{where} is null, which the model does not take", column.name, row
                    )
                if known and value not in known:
                    why = f"{where} is a category that the model does not know"
                    return Unfit(why, column.name, row)
        return None


def _given(model: Any, schema: Schema, layout: Layout) -> given.Given:
    """What makes of tables what ``model`` takes: a model of ONNX needs no frames."""
    own = isinstance(model, Onnx)
    if schema.container == "array" or (own and model.takes_matrix(schema.names)):
        return given.arrays(layout)
    return given.columns(schema, layout) if own else given.frames(schema, layout)


def _asks(model: Any) -> Mapping[str, _Ask]:
    asks: dict[str, _Ask] = {}
    if callable(_attribute(model, PREDICT)) or callable(model):
        asks[PREDICT] = partial(asking.predicted, model)
    if callable(probable := _attribute(model, PROBA)):
        asks[PROBA] = probable
    return asks


def _attribute(model: Any, name: str) -> Any:
    try:
        return getattr(model, name, None)
    except Exception:  # noqa: BLE001 - a property of the user's own model
        return None
