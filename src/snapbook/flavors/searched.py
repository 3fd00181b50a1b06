"""A search over parameters: how it scores is looked up by its name, and not taken from the stream.

What a pickle says of a scorer is a function; it is a word here, as all that is named. A search that
scores by a function of the user's keeps that in its own ``scoring``, and needs trust.
"""

from __future__ import annotations

import re
from typing import Any

from snapbook.flavors.arrays import NotAllowed

CLASSES = frozenset({
    "sklearn.model_selection._search:GridSearchCV",
    "sklearn.model_selection._search:RandomizedSearchCV",
})  # fmt: skip
SCORERS = frozenset({
    "sklearn.metrics._scorer:_Scorer", "sklearn.metrics._scorer:_PassthroughScorer",
})  # fmt: skip
# joblib computes it: old releases with eval.
_DISPATCH = re.compile(r"all|([0-9]{1,6} ?\* ?)?n_jobs")


class Scorer:
    """How a search scores, as its stream describes it: of no use."""


def prepared(state: dict[str, Any]) -> dict[str, Any]:
    """The ``state`` of a search, with a scorer of scikit-learn's own."""
    dispatch = state.get("pre_dispatch")
    if type(dispatch) not in (int, type(None)) and not (
        type(dispatch) is str and _DISPATCH.fullmatch(dispatch)
    ):
        raise NotAllowed("it says by a formula how many fits may wait")
    if "scorer_" not in state:
        return state
    return {**state, "scorer_": _scorer(state.get("scoring"), state.get("estimator"))}


def _scorer(scoring: Any, estimator: Any) -> Any:
    """What scikit-learn scores with where a search says ``scoring``."""
    if scoring is None:
        return _own(estimator)
    if type(scoring) is str:
        return _named(scoring)
    if type(scoring) is dict:
        return {name: _named(scorer) for name, scorer in scoring.items()}
    if type(scoring) in (list, tuple, set):
        return {name: _named(name) for name in scoring}
    raise NotAllowed("it scores by a function")


def _own(estimator: Any) -> Any:
    """What scores with the estimator's own word."""
    try:
        from sklearn.metrics._scorer import _PassthroughScorer
    except ImportError:
        raise NotAllowed("it scores as another release of scikit-learn does") from None
    return _PassthroughScorer(estimator)


def _named(name: Any) -> Any:
    from sklearn.metrics import get_scorer, get_scorer_names

    if type(name) is not str or name not in get_scorer_names():
        raise NotAllowed("it scores by a function")
    return get_scorer(name)
