"""Forests of scikit-learn asked without what it does around their trees, for the same bits.

For each tree scikit-learn makes a task of joblib's, with settings and filters of warnings of its
own, which takes ten times as long as the tree. Here the trees are asked one after another, or few
rows all at once (laid.py), and their answers are taken in the order that they have there too while
one job works: numbers of 32 bits go in, what the leaves hold is added up tree by tree and divided
by how many there are, a label is the first of the largest.
Source: `predict` and `predict_proba` in ensemble/_forest.py and tree/_classes.py of scikit-learn.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from snapbook.serve.given import Given
from snapbook.serve.known import exactly, listed, own
from snapbook.serve.laid import Laid, laid
from snapbook.serve.schema import PREDICT, PROBA, Schema
from snapbook.serve.table import Layout, Table

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"

_FORESTS, _TREES = "sklearn.ensemble._forest", "sklearn.tree._classes"
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

    def suits(self, schema: Schema) -> bool:
        """Whether all columns are numpy's own numbers and truths, as in training."""
        kinds = ("float", "int", "bool")
        return all(one.kind in kinds and one.type == one.stored for one in schema.columns)

    def taken(self, table: Table, layout: Layout, _: Given) -> Array | None:
        """The rows as numbers of 32 bits, (rows, columns); None where they are not exactly these.

        No frame is made for them.
        """
        import numpy as np

        matrix = np.empty((table.rows, layout.width), dtype=np.float32)
        for block, array in zip(layout.blocks, table.arrays, strict=True):
            if array.dtype.kind in "iu" and (array.max() > _EXACT or array.min() < -_EXACT):
                return None
            with np.errstate(over="ignore"):  # what becomes infinite goes another way
                matrix[:, block.places] = array
        return matrix

    def passed(self, matrix: Array) -> Array | None:
        """What steps before it made, as numbers of 32 bits; None for what it would not take so."""
        import numpy as np

        if matrix.dtype not in (np.float64, np.float32):
            return None
        with np.errstate(over="ignore"):
            cast: Array = matrix.astype(np.float32)
        return cast

    def _each(self, matrix: Array) -> Iterable[Array]:
        """What each tree answers, in their order: (rows, values)."""
        if self.whole is not None and self.whole.takes(len(matrix)):
            return self.whole.answers(matrix)
        return (tree.predict(matrix) for tree in self.trees)


def forest(model: Any) -> Forest | None:
    """``model`` as a Forest, None for what is none, or none that is known here."""
    known = {**_CLASSIFIERS, **_REGRESSORS}
    if not exactly(model, _FORESTS, known):
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
    if classifies and not listed(classes, held.get("n_classes_")):
        return None
    width, names = held.get("n_features_in_"), held.get("feature_names_in_")
    kind, leaves = known[type(model).__name__], 1 if classes is None else len(classes)
    if type(width) is not int or not all(own(model, method, _FORESTS) for method in methods):
        return None
    if not all(_is_tree(one, kind, methods[-1], width, leaves) for one in estimators):
        return None
    trees = tuple(one.tree_ for one in estimators)
    named = None if names is None else tuple(names)
    return Forest(trees, laid(trees, width), width, classes, named)


def _is_tree(one: Any, kind: str, method: str, width: int, leaves: int) -> bool:
    """Whether ``one`` is a fitted tree as a forest makes them."""
    if not exactly(one, _TREES, (kind,)) or not own(one, method, _TREES):
        return False
    tree = vars(one).get("tree_")
    if type(tree) is not sys.modules["sklearn.tree._tree"].Tree:
        return False
    shape = (tree.n_features, tree.n_outputs, tree.max_n_classes)
    told = vars(one).get("n_outputs_"), vars(one).get("n_classes_", 1)
    return bool(shape == (width, 1, leaves) and told == (1, leaves))


def _alone_at_work(jobs: Any) -> bool:
    import joblib

    known = jobs is None or (type(jobs) is int and jobs != 0)
    return known and joblib.effective_n_jobs(jobs) == 1
