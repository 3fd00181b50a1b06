"""Linear models of scikit-learn asked without its looks at the input, for the same bits.

For one row scikit-learn takes ten times as long over the names and types of a frame as over the
product. Here the product is taken of the very array that it would have come to: the one in the
frame that the model would be given. Nothing else is left out, and the operations are the same ones
in the same order, on memory that is laid out alike.
Source: `LinearModel` and `LinearClassifierMixin` in linear_model/_base.py, `predict_proba` in
linear_model/_logistic.py, `softmax` in utils/extmath.py and `StandardScaler.transform` in
preprocessing/_data.py of scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from snapbook.serve.given import Given
from snapbook.serve.known import exactly, listed, own
from snapbook.serve.schema import PREDICT, PROBA, Schema
from snapbook.serve.table import Layout, Table

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"

_BASE = "sklearn.linear_model._base"
_SCALERS = "sklearn.preprocessing._data"
_OUTPUT = "sklearn.utils._set_output"  # which wraps all that transforms
_PROBABLE = {
    "LogisticRegression": "sklearn.linear_model._logistic",
    "LogisticRegressionCV": "sklearn.linear_model._logistic",
}
_CLASSIFIERS = {
    **_PROBABLE,
    "LinearSVC": "sklearn.svm._classes",
    "Perceptron": "sklearn.linear_model._perceptron",
    "SGDClassifier": "sklearn.linear_model._stochastic_gradient",
}
_REGRESSORS = {
    "LinearRegression": _BASE,
    "Ridge": "sklearn.linear_model._ridge",
    "Lasso": "sklearn.linear_model._coordinate_descent",
    "ElasticNet": "sklearn.linear_model._coordinate_descent",
}


@dataclass(frozen=True, slots=True)
class Linear:
    """A fitted linear model: rows times ``weights`` (columns,) or (columns, scores), and
    ``intercept``.

    ``classes`` (classes,) of a classifier, None of a regressor; ``probable`` if scores become
    probabilities as those of a logistic regression do; ``names`` of the columns that it was fitted
    on, None for an array.
    """

    weights: Array
    intercept: Any
    width: int
    classes: Array | None
    probable: bool
    names: tuple[str, ...] | None

    @property
    def methods(self) -> tuple[str, ...]:
        """What it can be asked."""
        return (PREDICT, PROBA) if self.probable else (PREDICT,)

    def suits(self, _: Schema) -> bool:
        """Whatever the columns are: it is given what the model would be."""
        return True

    def taken(self, table: Table, _: Layout, given: Given) -> Array | None:
        """The rows as numbers, (rows, columns), as they lie in what the model would be given."""
        import numpy as np

        return self.passed(np.asarray(given(table)))

    def passed(self, matrix: Array) -> Array | None:
        """What steps before it made, if those are numbers: the model takes these as they are."""
        return matrix if matrix.dtype.kind in "iuf" else None

    def answer(self, method: str, matrix: Array) -> Array:
        """What it answers to ``matrix`` (rows, columns)."""
        import numpy as np

        scores: Array = matrix @ self.weights + self.intercept
        if self.classes is None:
            return scores
        if scores.ndim > 1 and scores.shape[1] == 1:
            scores = scores.reshape(-1)
        if method == PROBA:
            return _probabilities(scores)
        places = (scores > 0).astype(np.int64) if scores.ndim == 1 else scores.argmax(axis=1)
        labels: Array = self.classes.take(places, axis=0)
        return labels


@dataclass(frozen=True, slots=True)
class Scaled:
    """A fitted StandardScaler: what is taken away from each column, and what it is divided by.

    ``names`` of the columns that it was fitted on, None for an array.
    """

    mean: Array | None
    scale: Array | None
    width: int
    names: tuple[str, ...] | None

    def takes(self, matrix: Array) -> bool:
        """Whether these are rows that nothing has to be looked at or changed in."""
        import numpy as np

        known = matrix.dtype == np.float64 and matrix.shape[1:] == (self.width,)
        return known and bool(np.isfinite(matrix).all())

    def transform(self, matrix: Array) -> Array:
        """``matrix`` (rows, columns) scaled; a new array."""
        found = matrix.copy(order="K")
        if self.mean is not None:
            found -= self.mean
        if self.scale is not None:
            found /= self.scale
        return found


def linear(model: Any) -> Linear | None:
    """``model`` as a Linear, None for what is none, or none that is known here."""
    import numpy as np

    kind = type(model).__name__
    classifies = kind in _CLASSIFIERS
    module = {**_CLASSIFIERS, **_REGRESSORS}.get(kind, "")
    if not exactly(model, module, (kind,)):
        return None
    scoring = "decision_function" if classifies else "_decision_function"
    if not all(own(model, method, _BASE, module) for method in (PREDICT, scoring)):
        return None
    probable = kind in _PROBABLE and all(
        own(model, method, _BASE, module) for method in (PROBA, "_predict_proba_lr")
    )
    held = vars(model)
    weights, width = held.get("coef_"), held.get("n_features_in_")
    if type(weights) is not np.ndarray or weights.dtype != np.float64 or type(width) is not int:
        return None
    if weights.ndim not in (1, 2) or weights.shape[-1] != width:
        return None
    classes = held.get("classes_") if classifies else None
    if classifies and not listed(classes, _labels(weights)):
        return None
    names = held.get("feature_names_in_")
    named = None if names is None else tuple(names)
    product = weights.T if weights.ndim == 2 else weights
    return Linear(product, held.get("intercept_", 0.0), width, classes, probable, named)


def scaled(step: Any) -> Scaled | None:
    """``step`` as a Scaled, None for what is not exactly a fitted StandardScaler."""
    if not exactly(step, _SCALERS, ("StandardScaler",)) or not own(step, "transform", _OUTPUT):
        return None
    held = vars(step)
    if held.get("_sklearn_output_config"):
        return None  # it gives frames
    width, names = held.get("n_features_in_"), held.get("feature_names_in_")
    mean, scale = (
        held.get(name) if held.get(asked) else None
        for asked, name in (("with_mean", "mean_"), ("with_std", "scale_"))
    )
    if any(one is not None and not _numbers(one, width) for one in (mean, scale)):
        return None
    if type(width) is not int:
        return None
    return Scaled(mean, scale, width, None if names is None else tuple(names))


def _numbers(found: Any, width: Any) -> bool:
    import numpy as np

    return type(found) is np.ndarray and found.dtype == np.float64 and found.shape == (width,)


def _labels(weights: Array) -> int:
    """How many classes have such weights: two have one row."""
    return 2 if weights.ndim == 1 or len(weights) == 1 else len(weights)


def _probabilities(scores: Array) -> Array:
    """(rows,) or (rows, classes) -> (rows, classes)."""
    import numpy as np

    if scores.ndim == 1:
        from scipy.special import expit  # scikit-learn's own, which is loaded already

        likely = expit(scores, out=scores)
        return np.stack([1 - likely, likely], axis=1)
    scores -= scores.max(axis=1).reshape(-1, 1)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1).reshape(-1, 1)
    return scores
