"""Values of the user's namespace as JSON: numbers of any library, and short text for the rest.

Goes by type(obj), for ``__class__`` may lie, and calls only what the known types define.
"""

from __future__ import annotations

import math
from types import BuiltinFunctionType, FunctionType
from typing import Any

from snapbook.canonical import Json

_MOST_ITEMS = 200
_MOST_TEXT = 500


def number(value: object) -> int | float | None:
    """``value`` as a number if it is a numeric scalar (bool, Decimal, Fraction, numpy's, arrays and
    tensors without dimensions), else None. Complex numbers and texts are none.
    """
    if type(value) is bool or type(value) is int or type(value) is float:
        return value
    kind = type(value)
    odd: Any = value
    family = kind.__module__.partition(".")[0] if isinstance(kind.__module__, str) else ""
    try:
        if family in ("decimal", "fractions", "_decimal", "_pydecimal"):
            return _of_exact(value)
        if family in ("numpy", "torch", "jax", "jaxlib", "tensorflow", "cupy", "mlx", "ml_dtypes"):
            return _of_array(value)
        if issubclass(kind, int):
            return int.__int__(odd)
        if issubclass(kind, float):
            return float.__float__(odd)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - the user's object; what it raises says it is no number
        return None
    return None


def plain(value: object, depth: int = 0) -> Json:
    """``value`` as JSON: numbers, texts, containers of these; else the name of its type, in angle
    brackets, or of the function or class that it is. Bounded in depth and size.
    """
    if value is None:
        return None
    kind = type(value)
    if kind is str:
        text: Any = value
        shown: str = text if len(text) <= _MOST_TEXT else text[:_MOST_TEXT] + "..."
        return shown.encode("utf-8", "replace").decode("utf-8")
    found = number(value)
    if found is not None:
        return found
    if depth < 6 and kind in (list, tuple, set, frozenset, dict):
        return _container(value, depth)
    if kind.__name__ == "str_" and kind.__module__ == "numpy":
        return plain(str.__str__(value), depth)
    if kind in (type, FunctionType, BuiltinFunctionType):
        named: Any = value
        return str(named.__qualname__)
    return f"<{kind.__name__}>"


def _container(value: Any, depth: int) -> Json:
    if type(value) is dict:
        items = list(value.items())[:_MOST_ITEMS]
        return {str(plain(key, depth + 1)): plain(item, depth + 1) for key, item in items}
    listed = [plain(item, depth + 1) for item in list(value)[:_MOST_ITEMS]]
    if type(value) in (set, frozenset):
        # the order of a set differs between processes
        listed.sort(key=lambda item: (type(item).__name__, str(item)))
    return listed


def _of_exact(value: Any) -> float | int | None:
    got = float(value)
    return int(value) if math.isfinite(got) and value == int(value) and abs(got) >= 2**53 else got


def _of_array(value: Any) -> int | float | None:
    if tuple(value.shape) != ():
        return None
    got = value.item()
    if type(got) is type(value) and type(value).__name__ in ("longdouble", "float128"):
        return float(value)  # wider than Python's float, so item() gives it back as it is
    return got if type(got) in (bool, int, float) else None
