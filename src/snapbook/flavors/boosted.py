"""Histogram boosting: whether the trees of it point to what is there, as its compiled code assumes.

Source: `_predictor.pyx` and `_binning.pyx` of scikit-learn. Only trees that split by numbers: with
categories there is an encoder before them that says how many columns they are asked with.
"""

from __future__ import annotations

from typing import Any

from snapbook.flavors.arrays import NotAllowed

_ROOM = "sklearn.ensemble._hist_gradient_boosting"
CLASSES = frozenset({
    f"{_ROOM}.gradient_boosting:HistGradientBoostingClassifier",
    f"{_ROOM}.gradient_boosting:HistGradientBoostingRegressor",
})  # fmt: skip
PREDICTOR = f"{_ROOM}.predictor:TreePredictor"
BINS = f"{_ROOM}.binning:_BinMapper"
_FITTED = frozenset({"_predictors", "_bin_mapper", "_preprocessor", "_in_fit"})
_STATE = frozenset({"nodes", "binned_left_cat_bitsets", "raw_left_cat_bitsets"})


def predictor_given(target: Any, state: Any) -> Any:
    """A tree with its state, which `check` compares once its model is there."""
    if type(state) is not dict or state.keys() != _STATE:
        raise NotAllowed("a tree in it is none")
    vars(target).update(state)
    return target


def check(model: Any) -> None:
    """Raise NotAllowed unless each tree of ``model`` is one, and over its features."""
    own = vars(model)
    if own.keys().isdisjoint(_FITTED):
        return
    if own.get("_preprocessor") is not None:
        raise NotAllowed("it splits by categories")
    features, trees = own.get("n_features_in_"), own.get("_predictors")
    if type(features) is not int or type(trees) is not list or "_in_fit" in own:
        # In training columns are looked up in what was binned, without a look at how many.
        raise NotAllowed("its trees do not fit together")
    for stage in trees:
        if type(stage) is not list:
            raise NotAllowed("its trees do not fit together")
        for tree in stage:
            _check_tree(tree, features)
    _check_bins(own.get("_bin_mapper"), features)


def inside(model: Any) -> list[Any]:
    """What else is to be gone through of a ``model`` that was checked."""
    mapper = vars(model).get("_bin_mapper")
    return list(vars(mapper).values()) if mapper is not None else []


def _check_tree(tree: Any, features: int) -> None:
    """Children come after their node, each of one node: so every way ends, at a leaf, and once."""
    import numpy

    nodes = vars(tree).get("nodes") if _is(tree, PREDICTOR) else None
    if type(nodes) is not numpy.ndarray or nodes.ndim != 1 or not len(nodes):
        raise NotAllowed("a tree in it is none")
    if nodes.dtype != _record():
        raise NotAllowed("a tree in it is of another release")
    places, inner = numpy.arange(len(nodes)), nodes["is_leaf"] == 0
    children = numpy.concatenate((nodes["left"][inner], nodes["right"][inner])).astype(numpy.int64)
    column = nodes["feature_idx"][inner]
    sound = (
        bool((children > numpy.tile(places[inner], 2)).all())
        and numpy.array_equal(numpy.sort(children), places[1:])
        and bool(((column >= 0) & (column < features)).all())
    )
    if not sound:
        raise NotAllowed("a tree in it points to what is not there")
    if nodes["is_categorical"].any():
        raise NotAllowed("it splits by categories")


def _check_bins(mapper: Any, features: int) -> None:
    """As many lists of bins as features, and no sets of categories."""
    import numpy

    own = vars(mapper) if _is(mapper, BINS) else {}
    flags, bins = own.get("is_categorical_"), own.get("bin_thresholds_")
    sound = (
        type(flags) is numpy.ndarray
        and flags.shape == (features,)
        and not flags.any()
        and type(bins) is list
        and len(bins) == features
        and getattr(own.get("n_bins_non_missing_"), "shape", None) == (features,)
    )
    if not sound:
        raise NotAllowed("its bins do not fit together")


def _is(value: Any, text: str) -> bool:
    kind = type(value)
    return f"{kind.__module__}:{kind.__qualname__}" == text


def _record() -> Any:
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

    return PREDICTOR_RECORD_DTYPE
