"""Facts of a fitted scikit-learn estimator: trees, coefficients, layers, signature, tried points.

Each fact is a small question to the object that may fail by itself without harm to the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from snapbook.canonical import Json
from snapbook.flavors import facts

_DEEPEST = 4
_TOP = 20  # coefficients told by name
Field = Mapping[str, Json]


def structure(model: Any, depth: int = 0) -> dict[str, Json]:
    """Small facts that a diff shows, in the words of the field."""
    found: dict[str, Json] = {}
    for question in (_steps, _searched, _trees, _histogram_trees, _coefficients, _layers, _counts):
        found |= facts.attempt(partial(question, model, depth), dict[str, Json]())
    return found


def inputs(model: Any) -> tuple[Field, ...]:
    """One {"name", "type"} a feature as seen by ``fit``; at most `facts.MOST` of them."""
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        return tuple({"name": facts.text(str(name)), "type": ""} for name in names[: facts.MOST])
    count = getattr(model, "n_features_in_", None)
    if count is None:
        return ()
    return tuple({"name": f"x{number}", "type": ""} for number in range(min(count, facts.MOST)))


def outputs(model: Any) -> tuple[Field, ...]:
    """What ``predict`` answers: a class (with the known ones), or numbers."""
    classes = getattr(model, "classes_", None)
    if classes is not None:
        several = classes if type(classes) is list else [classes]
        return tuple(
            {
                "name": "class" if len(several) == 1 else f"class{number}",
                "type": str(one.dtype) if one.dtype.kind not in "OUS" else "str",
                "values": [facts.brief(value) for value in one[: facts.WIDEST].tolist()],
                "count": len(one),
            }
            for number, one in enumerate(several)
        )
    if not hasattr(type(model), "predict"):
        return ()
    count = min(int(getattr(model, "n_outputs_", 1)), facts.MOST)
    return tuple(
        {"name": "prediction" if count == 1 else f"prediction{number}", "type": "float64"}
        for number in range(count)
    )


def search(model: Any) -> Field | None:
    """The tried points of a search with their mean test scores; the best `facts.MOST` of many."""
    results = getattr(model, "cv_results_", None)
    if not isinstance(results, dict) or "params" not in results:
        return None
    name = "mean_test_score"
    if name not in results:  # several metrics: the one that was refitted
        name = f"mean_test_{model.refit}"
    scores = [facts.brief(float(score)) for score in results.get(name, [])]
    order = list(range(len(results["params"])))
    if len(order) > facts.MOST:
        order = sorted(sorted(order, key=lambda i: -(_number(scores[i])))[: facts.MOST])
    best = getattr(model, "best_index_", None)
    return {
        "points": [facts.brief(results["params"][i]) for i in order],
        "scores": [scores[i] for i in order] if scores else [],
        "best": order.index(int(best)) if best is not None and int(best) in order else None,
        "tried": len(results["params"]),
    }


def _number(score: Json) -> float:
    return score if isinstance(score, float) and score == score else float("-inf")


def _steps(model: Any, depth: int) -> dict[str, Json]:
    """The steps of a pipeline, the branches of a union or of a column transformer."""
    for name in ("steps", "transformer_list", "transformers_"):
        steps = vars(model).get(name)
        if isinstance(steps, list) and depth < _DEEPEST:
            told = {str(step[0]): _told(step[1], depth + 1) for step in steps[: facts.WIDEST]}
            return {"steps": told}
    return {}


def _searched(model: Any, depth: int) -> dict[str, Json]:
    if "best_estimator_" not in vars(model) or depth >= _DEEPEST:
        return {}
    return {
        "best_params": facts.brief(model.best_params_),
        "best_score": facts.brief(float(model.best_score_)),
        "best": _told(model.best_estimator_, depth + 1),
    }


def _told(model: Any, depth: int) -> Json:
    if type(model) is str:
        return model
    return {"class": facts.class_name(model), **structure(model, depth)}


def _trees(model: Any, _depth: int) -> dict[str, Json]:
    """Trees, nodes and the greatest depth of a tree, a forest, a boosting, a bagging of trees."""
    space = vars(model)
    if "tree_" in space:
        tree = space["tree_"]
        return {"nodes": int(tree.node_count), "depth": int(tree.max_depth)}
    members = space.get("estimators_")
    if members is None:
        return {}
    flat = list(members) if isinstance(members, list) else members.ravel().tolist()
    if not flat or not hasattr(flat[0], "tree_"):
        return {"estimators": len(flat)}
    trees = [member.tree_ for member in flat if hasattr(member, "tree_")]
    return {
        "trees": len(trees),
        "nodes": sum(int(tree.node_count) for tree in trees),
        "depth": max(int(tree.max_depth) for tree in trees),
    }


def _histogram_trees(model: Any, _depth: int) -> dict[str, Json]:
    rounds = vars(model).get("_predictors")
    if not isinstance(rounds, list):
        return {}
    trees = [tree for one in rounds for tree in one]
    return {"trees": len(trees), "nodes": sum(len(tree.nodes) for tree in trees)}


def _coefficients(model: Any, _depth: int) -> dict[str, Json]:
    """The largest coefficients by the name of their feature; only the shape for several outputs."""
    weights = vars(model).get("coef_")
    if weights is None or not hasattr(weights, "shape") or hasattr(weights, "tocsr"):
        return {}
    found: dict[str, Json] = {}
    if len(weights.shape) == 2 and weights.shape[0] > 1:
        found["coefficients"] = f"{weights.shape[0]}x{weights.shape[1]}"
    else:
        flat = [float(weight) for weight in weights.ravel()]
        names = getattr(model, "feature_names_in_", None)
        order = sorted(range(len(flat)), key=lambda i: (-abs(flat[i]), i))[:_TOP]
        found["coefficients"] = {
            facts.text(str(names[i])) if names is not None else f"x{i}": flat[i] for i in order
        }
    if "intercept_" in vars(model):
        found["intercept"] = facts.brief(model.intercept_)
    return found


def _layers(model: Any, _depth: int) -> dict[str, Json]:
    weights = vars(model).get("coefs_")
    if not isinstance(weights, list):
        return {}
    return {"layers": ["x".join(map(str, weight.shape)) for weight in weights[: facts.WIDEST]]}


_COUNTS: dict[str, tuple[str, Callable[[Any], Json]]] = {
    "n_features_in_": ("features", int),
    "classes_": ("classes", lambda classes: [facts.brief(item) for item in list(classes)[:20]]),
    "n_support_": ("support_vectors", lambda counts: int(counts.sum())),
    "n_samples_fit_": ("samples", int),
    "cluster_centers_": ("clusters", len),
    "n_components_": ("components", int),
    "components_": ("components", len),
    "vocabulary_": ("vocabulary", len),
    "n_iter_": ("iterations", facts.brief),
}


def _counts(model: Any, _depth: int) -> dict[str, Json]:
    found: dict[str, Json] = {}
    space = vars(model)
    for name, (word, read) in _COUNTS.items():
        key = f"_{name.rstrip('_')}" if name == "n_support_" and name not in space else name
        if key in space:
            found[word] = facts.attempt(partial(read, space[key]), None)
    return {word: value for word, value in found.items() if value is not None}
