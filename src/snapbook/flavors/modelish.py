"""Whether an object looks like a model, told from its type alone: no framework is imported.

A model learns or predicts: an estimator, a network, a booster, fitted results of a statistical
model, or a class of the user's own with ``fit`` or ``predict``.
"""

from __future__ import annotations

from typing import Any

_BASES = {
    "sklearn": {"BaseEstimator"},
    "torch": {"Module", "ScriptModule", "RecursiveScriptModule"},
    "xgboost": {"Booster", "XGBModel"},
    "lightgbm": {"Booster", "LGBMModel"},
    "keras": {"Model", "Layer"},
    "statsmodels": {"Results", "ResultsWrapper"},
    "catboost": {"_CatBoostBase"},
    "onnx": {"ModelProto"},
    "snapbook": {"Onnx"},
}
_LEARNS = ("fit", "partial_fit", "train")
_ANSWERS = ("predict", "transform", "predict_proba", "forecast", "kneighbors")
# Plotting, frames and the like also have one of these methods without being models.
_NEVER = frozenset({"pandas", "numpy", "matplotlib", "polars", "pyarrow", "scipy", "builtins"})


def looks_like_model(obj: object) -> bool:
    """Whether the type of ``obj`` is that of a model. Classes and functions are none."""
    kind = type(obj)
    if issubclass(kind, type):
        return False
    mro = type.__dict__["__mro__"].__get__(kind)
    for ancestor in mro:
        names = _BASES.get(_top(ancestor))
        if names is not None and ancestor.__name__ in names:
            return True
    if _top(kind) in _NEVER:
        return False
    return _has(mro, _LEARNS) and _has(mro, _ANSWERS)


def predicts(obj: object) -> bool:
    """Whether ``obj`` answers questions rather than only transforming its inputs."""
    mro = type.__dict__["__mro__"].__get__(type(obj))
    if _has(mro, ("predict", "predict_proba", "forecast", "forward", "kneighbors")):
        return True
    return not _has(mro, ("transform",))


def _has(mro: Any, names: tuple[str, ...]) -> bool:
    return any(callable(vars(kind).get(name)) for kind in mro for name in names) or any(
        name in vars(kind) and hasattr(vars(kind)[name], "__get__")
        for kind in mro
        for name in names
    )


def _top(kind: type) -> str:
    module = vars(kind).get("__module__", "")
    return module.partition(".")[0] if type(module) is str else ""
