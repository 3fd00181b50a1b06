"""Forests of scikit-learn asked without what it does around their trees, for the same bits.

For each tree scikit-learn makes a task of joblib's, with settings and filters of warnings of its
own, which takes ten times as long as the tree. Here the trees are asked one after another, or few
rows all at once (laid.py), and their answers are taken in the order that they have there too while
one job works: numbers of 32 bits go in, what the leaves hold is added up tree by tree and divided
by how many there are, a label is the first of the largest.
Source: `predict` and `predict_proba` in ensemble/_forest.py and tree/_classes.py of scikit-learn.

Only for models that are exactly what is known here, alone or as the last step of a Pipeline, and
for rows of finite numbers (or missing ones, where the model takes them): for all else there is no
way here, and the model's own has to be gone. Whether a way is right is looked at in proven.py.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from snapbook.serve.given import Given
from snapbook.serve.laid import Laid, laid
from snapbook.serve.schema import PREDICT, PROBA, Schema
from snapbook.serve.table import Layout, Table

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"

Way: TypeAlias = "Callable[[Table], Array | None]"  # None: the model's own has to be gone
Making: TypeAlias = Callable[[bool], Way]  # whether trees may be asked for missing numbers
_FORESTS, _TREES, _PIPELINE = (
    "sklearn.ensemble._forest",
    "sklearn.tree._classes",
    "sklearn.pipeline",
)
_CLASSIFIERS = {
    "RandomForestClassifier": "DecisionTreeClassifier",
    "ExtraTreesClassifier": "ExtraTreeClassifier",
}
_REGRESSORS = {
    "RandomForestRegressor": "DecisionTreeRegressor",
    "ExtraTreesRegressor": "ExtraTreeRegressor",
}
_EXACT = 1 << 24  # whole numbers up to here are the same number in 32 bits, whatever they pass


@dataclass(frozen=True, slots=True)
class Forest:
    """A fitted forest of one output: its trees in their order, and what it was fitted on.

    ``classes`` (classes,) of a classifier, None of a regressor; ``names`` of its columns, None
    where it was fitted on an array. ``whole`` are the trees as one, None of a large forest.
    """

    trees: tuple[Any, ...]
    whole: Laid | None
    width: int
    classes: Array | None
    names: tuple[str, ...] | None

    @property
    def methods(self) -> tuple[str, ...]:
        """What it can be asked."""
        return (PREDICT,) if self.classes is None else (PREDICT, PROBA)

    def answer(self, method: str, matrix: Array) -> Array:
        """What it answers to ``matrix`` (rows, columns), numbers of 32 bits."""
        import numpy as np

        held = 1 if self.classes is None else len(self.classes)
        found = np.zeros((len(matrix), held), dtype=np.float64)
        for told in self._each(matrix):
            found += told
        found /= len(self.trees)
        if self.classes is None:
            return found[:, 0]
        if method == PROBA:
            return found
        labels: Array = self.classes.take(np.argmax(found, axis=1), axis=0)
        return labels

    def _each(self, matrix: Array) -> Iterable[Array]:
        """What each tree answers, in their order: (rows, values)."""
        if self.whole is not None and self.whole.takes(len(matrix)):
            return self.whole.answers(matrix)
        return (tree.predict(matrix) for tree in self.trees)


def ways(model: Any, schema: Schema, layout: Layout, given: Given) -> Mapping[str, Making]:
    """How ``model`` can be asked here, what makes a way a method; none where it is not known."""
    if (found := forest(model)) is not None:
        named = None if schema.container == "array" else schema.names
        if found.names != named or not _plain(schema) or found.width != layout.width:
            return {}
        return {method: partial(_alone, found, method, layout) for method in found.methods}
    steps = _steps(model)
    if not steps or (found := forest(steps[-1])) is None or found.names is not None:
        return {}
    own = [method for method in found.methods if _own(model, method, _PIPELINE)]
    return {method: partial(_last, found, method, steps, given) for method in own}


def forest(model: Any) -> Forest | None:
    """``model`` as a Forest, None for what is none, or none that is known here."""
    known = {**_CLASSIFIERS, **_REGRESSORS}
    if not _is(model, _FORESTS, known):
        return None
    held: Mapping[str, Any] = vars(model)
    classifies = type(model).__name__ in _CLASSIFIERS
    methods = (PREDICT, PROBA) if classifies else (PREDICT,)
    estimators = held.get("estimators_")
    if type(estimators) is not list or not estimators or held.get("n_outputs_") != 1:
        return None
    if held.get("verbose") or not _alone_at_work(held.get("n_jobs")):
        return None  # who works beside others adds up in an order that nobody knows
    classes = held.get("classes_") if classifies else None
    if classifies and not _listed(classes, held.get("n_classes_")):
        return None
    width, names = held.get("n_features_in_"), held.get("feature_names_in_")
    kind, leaves = known[type(model).__name__], 1 if classes is None else len(classes)
    if type(width) is not int or not all(_own(model, method, _FORESTS) for method in methods):
        return None
    if not all(_is_tree(one, kind, methods[-1], width, leaves) for one in estimators):
        return None
    trees = tuple(one.tree_ for one in estimators)
    named = None if names is None else tuple(names)
    return Forest(trees, laid(trees, width), width, classes, named)


def _alone(found: Forest, method: str, layout: Layout, missing: bool) -> Way:
    """The way to a forest that is the whole model."""

    def answer(table: Table) -> Array | None:
        matrix = _matrix(table, layout)
        if matrix is None or not _fits(matrix, missing):
            return None
        return found.answer(method, matrix)

    return answer


def _last(found: Forest, method: str, steps: Sequence[Any], given: Given, missing: bool) -> Way:
    """The way through ``steps``, the last of which is the forest."""
    import numpy as np

    own = getattr(steps[-1], method)

    def answer(table: Table) -> Array | None:
        passed = given(table)
        for step in steps[:-1]:
            passed = step.transform(passed)
        if (
            type(passed) is np.ndarray
            and passed.dtype in (np.float64, np.float32)
            and passed.shape == (table.rows, found.width)
        ):
            with np.errstate(over="ignore"):
                matrix = passed.astype(np.float32)
            if _fits(matrix, missing):
                return found.answer(method, matrix)
        result: Array = own(passed)
        return result

    return answer


def _matrix(table: Table, layout: Layout) -> Array | None:
    """The rows as numbers of 32 bits, (rows, columns); None where they are not exactly these."""
    import numpy as np

    matrix = np.empty((table.rows, layout.width), dtype=np.float32)
    for block, array in zip(layout.blocks, table.arrays, strict=True):
        if array.dtype.kind in "iu" and (array.max() > _EXACT or array.min() < -_EXACT):
            return None
        with np.errstate(over="ignore"):  # what becomes infinite goes another way
            matrix[:, block.places] = array
    return matrix


def _fits(matrix: Array, missing: bool) -> bool:
    import numpy as np

    return bool(np.isfinite(matrix).all() or (missing and not np.isinf(matrix).any()))


def _plain(schema: Schema) -> bool:
    """Whether all columns are numpy's own numbers and truths, as in training."""
    kinds = ("float", "int", "bool")
    return all(one.kind in kinds and one.type == one.stored for one in schema.columns)


def _steps(model: Any) -> list[Any]:
    """The steps of a Pipeline that rows go through; none where it is none of scikit-learn's."""
    if not _is(model, _PIPELINE, ("Pipeline",)) or type(vars(model).get("steps")) is not list:
        return []
    from sklearn import get_config

    if get_config().get("enable_metadata_routing"):
        return []
    return [one for _, one in model.steps if one is not None and one != "passthrough"]


def _is(model: Any, module: str, names: Mapping[str, str] | tuple[str, ...]) -> bool:
    """Whether ``model`` is of exactly one of these classes of ``module``."""
    kind = type(model)
    ours = sys.modules.get(module)
    return ours is not None and kind.__name__ in names and vars(ours).get(kind.__name__) is kind


def _own(owner: Any, method: str, module: str) -> bool:
    """Whether nobody put another method in the place of that of ``module``."""
    bound = getattr(owner, method, None)
    function = getattr(bound, "__func__", None)
    return (
        getattr(bound, "__self__", None) is owner
        and getattr(function, "__name__", "") == method
        and getattr(function, "__globals__", None) is vars(sys.modules[module])
    )


def _is_tree(one: Any, kind: str, method: str, width: int, leaves: int) -> bool:
    """Whether ``one`` is a fitted tree as a forest makes them."""
    if not _is(one, _TREES, (kind,)) or not _own(one, method, _TREES):
        return False
    tree = vars(one).get("tree_")
    if type(tree) is not sys.modules["sklearn.tree._tree"].Tree:
        return False
    shape = (tree.n_features, tree.n_outputs, tree.max_n_classes)
    told = vars(one).get("n_outputs_"), vars(one).get("n_classes_", 1)
    return bool(shape == (width, 1, leaves) and told == (1, leaves))


def _listed(classes: Any, count: Any) -> bool:
    import numpy as np

    return type(classes) is np.ndarray and classes.ndim == 1 and bool(len(classes) == count)


def _alone_at_work(jobs: Any) -> bool:
    import joblib

    known = jobs is None or (type(jobs) is int and jobs != 0)
    return known and joblib.effective_n_jobs(jobs) == 1
