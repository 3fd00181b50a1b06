"""Support vectors of libsvm: whether all sizes agree, which its compiled code takes on trust.

Source: the loops of `set_model` and `svm_predict_values` in scikit-learn's copy of libsvm. Only
dense ones with a kernel of libsvm's own; for sparse ones there are more sizes to believe, and a
kernel that is precomputed is asked with indices into what a user brings.
"""

from __future__ import annotations

from typing import Any

from snapbook.flavors.arrays import NotAllowed

_CLASSIFIERS = frozenset({"sklearn.svm._classes:SVC", "sklearn.svm._classes:NuSVC"})
CLASSES = _CLASSIFIERS | {
    f"sklearn.svm._classes:{name}" for name in ("SVR", "NuSVR", "OneClassSVM")
}
_KERNELS = frozenset({"linear", "poly", "rbf", "sigmoid"})
_FITTED = (
    "support_", "support_vectors_", "_n_support", "_dual_coef_", "_intercept_", "_probA", "_probB",
)  # fmt: skip


def check(model: Any) -> None:
    """Raise NotAllowed unless the support vectors of ``model`` are as many as all of it says."""
    import numpy

    own = vars(model)
    if own.keys().isdisjoint(_FITTED):
        return
    if type(own.get("kernel")) is not str or own["kernel"] not in _KERNELS:
        raise NotAllowed("its support vectors have a kernel of another kind")
    if own.get("_sparse") is not False:
        raise NotAllowed("its support vectors are sparse")
    arrays = [own.get(name) for name in _FITTED]
    if not all(type(one) is numpy.ndarray for one in arrays):
        raise NotAllowed("its support vectors are none")
    support, vectors, counts, coefficients, intercept, prob_a, prob_b = arrays
    features, count = own.get("n_features_in_"), len(support) if support.ndim == 1 else -1
    classes = _classes(model)
    pairs = classes * (classes - 1) // 2
    sound = (
        type(features) is int
        and classes > 1
        and counts.shape == (classes,)
        and counts.dtype == support.dtype == numpy.int32
        and vectors.shape == (count, features)
        and coefficients.shape == (classes - 1, count)
        and intercept.shape == (pairs,)
        and {prob_a.shape, prob_b.shape} <= {(0,), (pairs,)}
        and all(one.dtype == numpy.float64 for one in (vectors, coefficients, intercept))
    )
    # Where a class begins is where the one before it ended: so no count may be below zero.
    if not sound or (_is_classifier(model) and not _adds_up(counts, count)):
        raise NotAllowed("its support vectors do not fit together")


def _is_classifier(model: Any) -> bool:
    kind = type(model)
    return f"{kind.__module__}:{kind.__qualname__}" in _CLASSIFIERS


def _classes(model: Any) -> int:
    """How many classes there are; libsvm counts two where there are none."""
    import numpy

    if not _is_classifier(model):
        return 2
    classes = vars(model).get("classes_")
    fits = type(classes) is numpy.ndarray and classes.ndim == 1 and len(classes) < 1 << 15
    return len(classes) if fits else 0


def _adds_up(counts: Any, count: int) -> bool:
    numbers = counts.tolist()
    return bool(sum(numbers) == count and min(numbers) >= 0)
