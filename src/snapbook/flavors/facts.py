"""Short JSON for the values that models hold, and what can be said of any object.

The user's own ``__repr__`` is never called, and nothing here grows beyond its bounds: facts are
stored with each version and read by every list.
"""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.flavors.base import Description

LONGEST = 200  # characters of one text
WIDEST = 20  # items of one list or dict within a parameter
MOST = 500  # parameters, points of a search, layers, ... of one model
_T = TypeVar("_T")


def attempt(question: Callable[[], Any], otherwise: _T) -> _T:
    """The answer of a user's object, or ``otherwise`` where it raises."""
    try:
        answer: _T = question()
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - properties and methods of the user's object
        return otherwise
    return answer


def brief(value: Any, depth: int = 0) -> Json:
    """``value`` as short JSON: itself where it is plain and small, else a text that names it."""
    kind = type(value)
    if kind is float:  # as text, for nan is unequal to itself
        return value if math.isfinite(value) else str(value)
    if value is None or kind in (bool, int):
        return value if kind is not int or abs(value) < 1 << 64 else "a large int"
    if kind is str:
        return text(value)
    if kind in (list, tuple, set, frozenset):
        return _brief_items(value, depth)
    if kind is dict:
        return _brief_dict(value, depth)
    named: Json = class_name(value)
    return attempt(lambda: _brief_other(value, depth), named)


def text(value: str) -> str:
    """``value`` cut to `LONGEST` characters that can be stored."""
    clean = value.encode("utf-8", "replace").decode("utf-8")
    return clean if len(clean) <= LONGEST else clean[: LONGEST - 3] + "..."


def class_name(value: Any) -> str:
    """The name of its class, of itself for a class or function."""
    kind = type(value)
    named = value if issubclass(kind, type) or kind.__name__ == "function" else kind
    name = attempt(lambda: named.__name__, "object")
    return text(name) if type(name) is str else "object"


def top_module(kind: type) -> str:
    """The first word of the module of a class; empty where it has none."""
    module = attempt(lambda: kind.__module__, "")
    return module.partition(".")[0] if type(module) is str else ""


def descends(obj: object, module: str, name: str) -> bool:
    """Whether ``obj`` descends from a class ``name`` of the top module ``module``."""
    mro = type.__dict__["__mro__"].__get__(type(obj))
    return any(kind.__name__ == name and top_module(kind) == module for kind in mro)


def version_of(module: str) -> str:
    """The version that an imported top module gives itself; else empty."""
    found = attempt(lambda: sys.modules[module].__version__, "")
    return text(str(found)) if issubclass(type(found), str) else ""


def attributes(obj: object) -> dict[str, Any]:
    """A copy of what stands in the object's own ``__dict__``; properties are not asked."""
    space: Any = attempt(lambda: object.__getattribute__(obj, "__dict__"), None)
    if type(space) is not dict:
        return {}
    return {name: value for name, value in list(space.items()) if type(name) is str}


def has_fitted_attributes(model: object) -> bool:
    """Whether an attribute of ``model`` ends in one underscore and does not begin with two."""
    return any(name.endswith("_") and not name.startswith("__") for name in attributes(model))


def params_of(model: Any) -> tuple[dict[str, Json], tuple[str, ...]]:
    """(all parameters, names of those that differ from their class's defaults), flat.

    Models inside a parameter stand as the name of their class.
    """
    found: Any = attempt(lambda: model.get_params(deep=True), {})
    if type(found) is not dict:
        return {}, ()
    params = {key: found[key] for key in sorted(k for k in found if type(k) is str)[:MOST]}
    short = {text(key): brief(value) for key, value in params.items()}
    defaults: dict[type, dict[str, Any]] = {}
    changed = [
        text(key) for key in params if attempt(partial(_differs, model, found, key, defaults), True)
    ]
    return short, tuple(changed)


def description(
    model: Any, framework: str = "", structure: Mapping[str, Json] | None = None
) -> Description:
    """What can be said of any object, with its parameters if it has ``get_params``."""
    top = framework or top_module(type(model))
    named = hasattr(type(model), "get_params")
    params, changed = params_of(model) if named else ({}, ())
    return Description(
        class_name=class_name(model),
        framework="" if top in ("__main__", "builtins") else top,
        framework_version=version_of(top),
        params=params,
        set_params=changed,
        structure=structure or {},
    )


def _differs(
    model: Any, params: Mapping[str, Any], key: str, known: dict[type, dict[str, Any]]
) -> bool:
    """Whether a parameter is not the default in the signature of the class that owns it."""
    prefix, _, name = key.rpartition("__")
    kind = type(params[prefix] if prefix else model)
    if kind not in known:
        known[kind] = _defaults(kind)
    if name not in known[kind]:
        return False  # a step of a pipeline under its name: the pipeline's steps say it already
    default = known[kind][name]
    value = params[key]
    if default is inspect.Parameter.empty:
        return not _holds_models(value)
    if type(value) is not type(default):
        return True
    return canonical.encode(brief(value)) != canonical.encode(brief(default))  # nan is nan here


def _defaults(kind: type) -> dict[str, Any]:
    """Parameters of ``__init__`` with their defaults; what it passes on as ``**`` by ancestors."""
    found: dict[str, Any] = {}
    for ancestor in type.__dict__["__mro__"].__get__(kind):
        if "__init__" not in vars(ancestor) or ancestor is object:
            continue
        parameters = inspect.signature(vars(ancestor)["__init__"]).parameters
        for name, parameter in parameters.items():
            if parameter.kind is not parameter.VAR_KEYWORD:
                found.setdefault(name, parameter.default)
        if not any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
            break
    return found


def _holds_models(value: Any) -> bool:
    """Whether a parameter is a model or a list of named ones: the structure tells those."""
    return type(value) in (list, tuple) or hasattr(type(value), "get_params")


def _brief_items(value: Any, depth: int) -> Json:
    if depth >= 3:
        return f"{type(value).__name__} of {len(value)}"
    if type(value) in (set, frozenset):
        value = sorted(value, key=lambda item: (type(item).__name__, str(brief(item, depth + 1))))
    short: list[Json] = [brief(item, depth + 1) for item in list(value)[:WIDEST]]
    if len(value) > WIDEST:
        short.append(f"... {len(value) - WIDEST} more")
    return short


def _brief_dict(value: dict[Any, Any], depth: int) -> Json:
    if depth >= 3:
        return f"dict of {len(value)}"
    short: dict[str, Json] = {}
    for key, item in list(value.items())[:WIDEST]:
        name = brief(key, depth + 1)
        short[name if isinstance(name, str) else str(name)] = brief(item, depth + 1)
    if len(value) > WIDEST:
        short["..."] = f"{len(value) - WIDEST} more"
    return short


def _brief_other(value: Any, depth: int) -> Json:
    """Numpy's scalars and arrays, functions and classes, enums; anything else by its class."""
    kind = type(value)
    top = top_module(kind)
    if top == "numpy" and hasattr(kind, "dtype") and hasattr(kind, "item"):
        if value.ndim == 0:
            item = value.item()
            return brief(item, depth) if type(item) is not kind else class_name(value)
        if value.ndim == 1 and len(value) <= WIDEST and value.dtype.kind in "biufUS":
            return brief(value.tolist(), depth)
        return f"array {'x'.join(map(str, value.shape))} {value.dtype}"
    if callable(value) and type(getattr(value, "__qualname__", None)) is str:
        return text(value.__qualname__)
    if issubclass(kind, float):
        return brief(float(value), depth)
    return class_name(value)
