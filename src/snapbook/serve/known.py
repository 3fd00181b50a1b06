"""Whether an object is exactly what is known of it: its class and its methods.

Who takes a shorter way to a model's answers leaves out what the model would have called. That is
right only where nobody put something else in its place: a subclass, another method, a wrapped one.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from typing import Any


def exactly(model: Any, module: str, names: Collection[str]) -> bool:
    """Whether ``model`` is of exactly one of the classes ``names`` of ``module``."""
    kind = type(model)
    ours = sys.modules.get(module)
    return ours is not None and kind.__name__ in names and vars(ours).get(kind.__name__) is kind


def own(owner: Any, method: str, *modules: str) -> bool:
    """Whether a method is one that one of ``modules`` defines, and bound to ``owner``."""
    bound = getattr(owner, method, None)
    function = getattr(bound, "__func__", None)
    told = getattr(function, "__globals__", None)
    return (
        getattr(bound, "__self__", None) is owner
        and getattr(function, "__name__", "") == method
        and any(told is vars(sys.modules[module]) for module in modules if module in sys.modules)
    )


def listed(classes: Any, count: Any) -> bool:
    """Whether ``classes`` is a plain array of so many labels."""
    import numpy as np

    return type(classes) is np.ndarray and classes.ndim == 1 and bool(len(classes) == count)
