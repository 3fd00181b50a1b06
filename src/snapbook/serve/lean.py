"""Models of scikit-learn asked without what it does around their arithmetic, for the same bits.

Forests (forests.py) and linear models (linear.py), alone or as the last step of a Pipeline, and for
rows of finite numbers (or missing ones, where the model takes them). Only models that are exactly
what is known here: for all else there is no way here, and the model's own has to be gone. Whether a
way is right is looked at in proven.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from snapbook.serve.forests import forest
from snapbook.serve.given import Given
from snapbook.serve.known import exactly, own
from snapbook.serve.linear import Scaled, linear, scaled
from snapbook.serve.schema import Schema
from snapbook.serve.table import Layout, Table

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"

Way: TypeAlias = "Callable[[Table], Array | None]"  # None: the model's own has to be gone
Ask: TypeAlias = "Callable[[Any], Array]"
Making: TypeAlias = Callable[[bool], Way]  # whether it may be asked for missing numbers
_PIPELINE = "sklearn.pipeline"


class Short(Protocol):
    """A model whose arithmetic is known: Forest or Linear."""

    @property
    def width(self) -> int:
        """Its columns."""

    @property
    def names(self) -> tuple[str, ...] | None:
        """Those of its columns, None where it was fitted on an array."""

    @property
    def methods(self) -> tuple[str, ...]:
        """What it can be asked."""

    def suits(self, schema: Schema) -> bool:
        """Whether rows of ``schema`` can be taken."""

    def taken(self, table: Table, layout: Layout, given: Given) -> Array | None:
        """Rows as it calculates with them, (rows, columns); None where it does not."""

    def passed(self, matrix: Array) -> Array | None:
        """The same of an array that steps before it made."""

    def answer(self, method: str, matrix: Array) -> Array:
        """What it answers to ``matrix``, one of the two."""


def ways(model: Any, schema: Schema, layout: Layout, given: Given) -> Mapping[str, Making]:
    """How ``model`` can be asked here, what makes a way a method; none where it is not known."""
    named = None if schema.container == "array" else schema.names
    if (found := short(model)) is not None:
        if found.names != named or not found.suits(schema) or found.width != layout.width:
            return {}
        return {method: partial(_alone, found, method, layout, given) for method in found.methods}
    steps = _steps(model)
    if not steps or (found := short(steps[-1])) is None or found.names is not None:
        return {}
    before, scales = steps[:-1], scaled(steps[0])
    if scales is not None and scales.names == named:
        before[0] = _Looked(scales, steps[0])
    methods = [method for method in found.methods if own(model, method, _PIPELINE)]
    asks = {method: getattr(steps[-1], method) for method in methods}
    return {method: partial(_last, found, method, before, asks[method], given) for method in asks}


def short(model: Any) -> Short | None:
    """``model`` as one whose arithmetic is known, None for all others."""
    return forest(model) or linear(model)


def _alone(found: Short, method: str, layout: Layout, given: Given, missing: bool) -> Way:
    """The way to what is the whole model."""

    def answer(table: Table) -> Array | None:
        matrix = found.taken(table, layout, given)
        if matrix is None or not _fits(matrix, missing):
            return None
        return found.answer(method, matrix)

    return answer


def _last(
    found: Short, method: str, before: Sequence[Any], ask: Ask, given: Given, missing: bool
) -> Way:
    """The way through the steps ``before`` to ``found``, which ``ask`` asks in its own way."""
    import numpy as np

    def answer(table: Table) -> Array | None:
        passed = given(table)
        for step in before:
            passed = step.transform(passed)
        if type(passed) is np.ndarray and passed.shape == (table.rows, found.width):
            matrix = found.passed(passed)
            if matrix is not None and _fits(matrix, missing):
                return found.answer(method, matrix)
        return ask(passed)

    return answer


@dataclass(frozen=True, slots=True)
class _Looked:
    """The first step of a Pipeline, where it scales: it is asked itself for what it looks at."""

    scales: Scaled
    step: Any

    def transform(self, passed: Any) -> Any:
        """What the step makes of rows."""
        import numpy as np

        matrix = np.asarray(passed)
        takes = self.scales.takes(matrix)
        return self.scales.transform(matrix) if takes else self.step.transform(passed)


def _fits(matrix: Array, missing: bool) -> bool:
    import numpy as np

    return bool(np.isfinite(matrix).all() or (missing and not np.isinf(matrix).any()))


def _steps(model: Any) -> list[Any]:
    """The steps of a Pipeline that rows go through; none where it is none of scikit-learn's."""
    if not exactly(model, _PIPELINE, ("Pipeline",)) or type(vars(model).get("steps")) is not list:
        return []
    from sklearn import get_config

    if get_config().get("enable_metadata_routing"):
        return []
    return [one for _, one in model.steps if one is not None and one != "passthrough"]
