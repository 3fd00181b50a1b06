"""What compiled code takes a model's word for, compared with what is there.

Knows of each kind of model what it hands to such code: trees that stand together were all grown on
as many features as the model is asked with; the rest is one file a kind. What was compared as a
part of its model is of no use elsewhere: there it would be asked without a look at it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from snapbook.flavors import boosted, neighbours, searched, supports
from snapbook.flavors.allowed import FORESTS, GROWN, TREE
from snapbook.flavors.arrays import NotAllowed


def inside(model: Any) -> list[Any]:
    """What is to be gone through of ``model``. Raises NotAllowed for sizes that do not fit."""
    kind = type(model)
    text = f"{kind.__module__}:{kind.__qualname__}"
    if kind.__module__ == GROWN or kind.__module__ in FORESTS:
        _check_grown(model)
    for classes, check in _CHECKS:
        if text in classes:
            check(model)
    more = boosted.inside(model) if text in boosted.CLASSES else []
    seen = _seen(text, kind.__module__)
    return [*(one for name, one in vars(model).items() if name not in seen), *more]


def _seen(text: str, module: str) -> tuple[str, ...]:
    """The attributes that were gone through with what owns them."""
    if text in searched.CLASSES:
        return ("scorer_",)  # of our own making
    if text in boosted.CLASSES:
        return ("_predictors", "_bin_mapper")
    if text in neighbours.CLASSES:
        return ("_tree",)
    return ("tree_",) if module == GROWN else ()


def _check_grown(model: Any) -> None:
    """What a model with trees says of its features is what each of them was grown on."""
    own = vars(model)
    features = own.get("n_features_in_")
    if type(model).__module__ == GROWN and "tree_" in own:
        _check_tree(own["tree_"], features)
    grown = own.get("estimators_") if type(model).__module__ in FORESTS else None
    if grown is None:
        return
    stages = type(grown) is sys.modules["numpy"].ndarray
    if stages and (grown.ndim != 2 or grown.shape[1] != own.get("n_trees_per_iteration_")):
        raise NotAllowed("its trees do not fit together")
    for one in grown.ravel().tolist() if stages else grown:
        if type(one).__module__ != GROWN or "tree_" not in vars(one):
            raise NotAllowed("something else stands among its trees")
        _check_tree(vars(one)["tree_"], features)


def _check_tree(tree: Any, features: Any) -> None:
    if f"{type(tree).__module__}:{type(tree).__qualname__}" != TREE or not tree.node_count:
        raise NotAllowed("a tree in it is none")
    if type(features) is not int or tree.n_features != features:
        raise NotAllowed("a tree in it was grown on other features")


_CHECKS: tuple[tuple[frozenset[str], Callable[[Any], None]], ...] = (
    (supports.CLASSES, supports.check),
    (neighbours.CLASSES, neighbours.check),
    (boosted.CLASSES, boosted.check),
)
