"""scikit-learn: estimators, pipelines, searches, and other libraries' classes built on its own.

Bytes are the pickled flavor's. What is read out here are parameters, the facts of the fit, the
signature and the tried points of a search. scikit-learn is never imported: an estimator brought
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from snapbook.flavors import facts, pickled, sklearn_structure
from snapbook.flavors.base import Description
from snapbook.flavors.modelish import looks_like_model

_MOST_MEMBERS = 5000


class SklearnFlavor(pickled.ByPickle):
    """Whatever has scikit-learn's BaseEstimator among its ancestors."""

    name = "sklearn"

    def accepts(self, model: object) -> bool:
        """Whether BaseEstimator is an ancestor of its class."""
        return facts.descends(model, "sklearn", "BaseEstimator")

    def fitted(self, model: object) -> bool | None:
        """scikit-learn's own answer: ``__sklearn_is_fitted__``, else attributes ending in "_"."""
        return facts.attempt(lambda: _is_fitted(model), None)

    def members(self, model: object) -> tuple[object, ...]:
        """Steps, estimators, transformers, at every depth."""
        found: dict[int, object] = {}
        waiting = [model]
        while waiting and len(found) < _MOST_MEMBERS:
            for inner in _inside(waiting.pop()):
                if id(inner) not in found and inner is not model:
                    found[id(inner)] = inner
                    waiting.append(inner)
        return tuple(found.values())

    def describe(self, model: object) -> Description:
        """Parameters, structure, signature, search points."""
        params, changed = facts.params_of(model)
        own = facts.top_module(type(model))
        framework = own if own and own != "__main__" else "sklearn"
        return Description(
            class_name=facts.class_name(model),
            framework=framework,
            framework_version=facts.version_of(framework),
            params=params,
            set_params=changed,
            structure=sklearn_structure.structure(model),
            inputs=facts.attempt(lambda: sklearn_structure.inputs(model), ()),
            outputs=facts.attempt(lambda: sklearn_structure.outputs(model), ()),
            search=facts.attempt(lambda: sklearn_structure.search(model), None),
        )


def _is_fitted(model: Any) -> bool:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(model)
    except NotFittedError:
        return False
    return True


def _inside(model: Any) -> Iterator[object]:
    """Models directly in the attributes of ``model``, or in lists, dicts and tuples there."""
    for value in facts.attributes(model).values():
        yield from _models(value, 0)


def _models(value: Any, depth: int) -> Iterator[object]:
    kind = type(value)
    if kind in (list, tuple) and depth < 3:
        for item in value[:_MOST_MEMBERS]:
            yield from _models(item, depth + 1)
    elif kind is dict and depth < 3:
        for item in list(value.values())[:_MOST_MEMBERS]:
            yield from _models(item, depth + 1)
    elif facts.top_module(kind) == "numpy" and kind.__name__ == "ndarray":
        if value.dtype == object and value.size <= _MOST_MEMBERS:  # boosting keeps its trees so
            yield from _models(value.ravel().tolist(), depth + 1)
    elif looks_like_model(value):
        yield value


flavor = SklearnFlavor()
