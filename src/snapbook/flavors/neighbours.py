"""Neighbours of points: trees over them are grown anew, and what compiled code counts is compared.

Nothing of a stored tree is taken but its points, the size of its leaves and its metric, of those
that need nothing beside: indices and bounds come from scikit-learn's own constructor, which takes
the time that fitting took. Points, labels and counts of the estimator around it have to fit.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from snapbook.flavors.arrays import Name, NotAllowed

CLASSES = frozenset({
    "sklearn.neighbors._classification:KNeighborsClassifier",
    "sklearn.neighbors._regression:KNeighborsRegressor",
    "sklearn.neighbors._unsupervised:NearestNeighbors",
})  # fmt: skip
TREES = frozenset({"sklearn.neighbors._kd_tree:KDTree", "sklearn.neighbors._ball_tree:BallTree"})
_NEW = frozenset(f"{tree.partition(':')[0]}:newObj" for tree in TREES)
_METRICS = {
    "EuclideanDistance": "euclidean",
    "ManhattanDistance": "manhattan",
    "ChebyshevDistance": "chebyshev",
    "MinkowskiDistance": "minkowski",
}
_DISTANCES = "sklearn.metrics._dist_metrics"
# By name: as an estimator is asked for them. Those that take numbers of their own stay out.
_NAMES = frozenset({
    "minkowski", "euclidean", "l2", "sqeuclidean", "manhattan", "cityblock", "l1", "chebyshev",
    "cosine",
})  # fmt: skip
_GROWN = 4  # where in a tree's state its leaves' size stands, which is 0 before it was grown


class Distance:
    """The metric of a tree that is being described."""

    __slots__ = ("name", "p")

    def __init__(self, name: str) -> None:
        self.name = name
        self.p: Any = None


def maker(cls: str) -> str | None:
    """What the function is called that makes a ``cls``; None for a class that is not known here."""
    module = cls.partition(":")[0]
    return f"{module}:newObj" if cls in TREES or module == _DISTANCES else None


def called(function: str, args: tuple[Any, ...]) -> Any:
    """A tree without points, or a metric, if ``function`` makes such; else None."""
    named = args[0].text if len(args) == 1 and type(args[0]) is Name else ""
    module, _, name = named.partition(":")
    if function == f"{_DISTANCES}:newObj" and module == _DISTANCES:
        if (metric := _METRICS.get(name.removesuffix("64"))) is None:
            raise NotAllowed(f"its neighbours are told by {name}")
        return Distance(metric)
    if function in _NEW and named in TREES:
        kind = getattr(import_module(module), name)
        return kind.__new__(kind)
    return None


def given(target: Any, state: Any) -> Any:
    """``target`` with what is taken of its state; None where it is none of these."""
    kind = type(target)
    if kind is Distance:
        target.p = _power(state)
        return target
    if f"{kind.__module__}:{kind.__qualname__}" in TREES:
        return _grow(target, state)
    return None


def check(model: Any) -> None:
    """Raise NotAllowed unless points, labels and counts of ``model`` fit."""
    import numpy

    own = vars(model)
    if own.keys().isdisjoint({"_fit_X", "_y", "_tree", "_fit_method"}):
        return  # never fitted
    points, features, count = (
        own.get(name) for name in ("_fit_X", "n_features_in_", "n_samples_fit_")
    )
    names = (own.get("metric"), own.get("effective_metric_"))
    sound = (
        type(points) is numpy.ndarray
        and points.ndim == 2
        and points.dtype.kind in "iuf"
        and type(features) is int
        and type(count) is int
        and points.shape == (count, features)
        and type(own.get("n_neighbors")) is int
        and 0 < own["n_neighbors"] <= count  # one way to ask does not look at it
        and all(type(name) is str and name in _NAMES for name in names)
        and (own.get("metric_params") is None or _are_plain(own["metric_params"]))
        and _are_plain(own.get("effective_metric_params_"))
        and _is_whole(own.get("_tree"))
    )
    if not sound:
        raise NotAllowed("its neighbours do not fit together")
    if type(model).__name__ == "KNeighborsClassifier" and not _labels_fit(own, count):
        raise NotAllowed("its neighbours have labels that are none")


def _are_plain(params: Any) -> bool:
    """Whether a metric takes nothing but its power: weights would be as many as features."""
    return type(params) is dict and all(
        (name == "p" and type(value) in (int, float)) or (name == "w" and value is None)
        for name, value in params.items()
    )


def _is_whole(tree: Any) -> bool:
    """Whether ``tree`` was grown here, or is none."""
    if tree is None:
        return True
    kind = type(tree)
    return f"{kind.__module__}:{kind.__qualname__}" in TREES and tree.__getstate__()[_GROWN] > 0


def _labels_fit(own: dict[str, Any], count: int) -> bool:
    """Whether each label is one of the classes: votes are counted where it says."""
    import numpy

    labels, classes = own.get("_y"), own.get("classes_")
    if type(labels) is not numpy.ndarray or labels.dtype.kind != "i":
        return False
    if labels.shape[:1] != (count,):
        return False
    if own.get("outputs_2d_") is False and labels.ndim == 1:
        columns, classes = labels[:, None], [classes]
    elif own.get("outputs_2d_") is True and labels.ndim == 2 and type(classes) is list:
        columns = labels
    else:
        return False
    return len(classes) == columns.shape[1] and all(
        type(known) is numpy.ndarray
        and known.ndim == 1
        and bool(((column >= 0) & (column < len(known))).all())
        for known, column in zip(classes, columns.T, strict=True)
    )


def _power(state: Any) -> float:
    import numpy

    fits = type(state) is tuple and len(state) == 3 and type(state[0]) is float and state[0] >= 1
    # A metric with weights would read as many as there are features.
    if not fits or type(state[1]) is not numpy.ndarray or bool(state[1].any()):
        raise NotAllowed("its neighbours are told by a metric with numbers of its own")
    return float(state[0])


def _grow(tree: Any, state: Any) -> Any:
    """``tree`` over the points of ``state``, as it is grown by who fits it."""
    import numpy

    if type(state) is not tuple or len(state) != 13 or state[12] is not None:
        raise NotAllowed("a tree of neighbours in it is none")
    points, leaf, metric = state[0], state[4], state[11]
    sound = (
        type(points) is numpy.ndarray
        and points.ndim == 2
        and points.dtype == numpy.float64
        and type(leaf) is int
        and 0 < leaf < 1 << 31
        and type(metric) is Distance
        and metric.p is not None
    )
    if not sound:
        raise NotAllowed("a tree of neighbours in it is none")
    more = {"p": metric.p} if metric.name == "minkowski" else {}
    grown = type(tree)(points, leaf_size=leaf, metric=metric.name, **more)
    tree.__setstate__(grown.__getstate__())
    return tree
