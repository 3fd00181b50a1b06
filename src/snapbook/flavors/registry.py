"""Finds the flavor of an object from its type alone, importing no framework.

Ours stand in a table by the top module of the classes they are at home with, so that the metadata
of all installed distributions need not be read for them; others come through the entry-point group
``snapbook.flavors``, whose names are such top modules, too. A flavor is imported only when an
object's ancestry names its module.
"""

from __future__ import annotations

from functools import cache, partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from snapbook.errors import NotRestorable
from snapbook.flavors import facts
from snapbook.flavors.base import Flavor

GROUP = "snapbook.flavors"
_OURS = frozenset(
    ("sklearn", "xgboost", "lightgbm", "torch", "keras", "statsmodels", "mlflow", "onnx", "skops")
)
_OPENED = "snapbook"  # where the classes of files are at home that were opened
_FILES = ("onnx", "skops")


def find(model: object) -> Flavor:
    """The flavor that is at home with ``model``: the nearest ancestor's, else the pickled one."""
    names = top_modules(model)
    if _first_is_tensor(model):
        names.append("torch")
    for name in names:
        for flavor in map(_named, _FILES if name == _OPENED else (name,)):
            if flavor is not None and facts.attempt(partial(flavor.accepts, model), False):
                return flavor
    collection = _ours("collection")
    return collection if collection.accepts(model) else _ours("pickled")


def named(name: str) -> Flavor:
    """The flavor that a stored model names. Raises NotRestorable where it is not installed."""
    found = _ours(name) if name in ("pickled", "collection") else _named(name)
    if found is None:
        raise NotRestorable(
            "Not restored", f'it was kept by the flavor "{name}", which is absent here'
        )
    return found


def top_modules(model: object) -> list[str]:
    """The top modules of the classes that ``model`` is made from, nearest first."""
    names: list[str] = []
    for kind in type.__dict__["__mro__"].__get__(type(model)):
        name = facts.top_module(kind)
        if name and name not in ("builtins", "__main__") and name not in names:
            names.append(name)
    return names


@cache
def _named(name: str) -> Flavor | None:
    if name in _OURS:
        return _ours(name)
    if (entry := _others().get(name)) is None:
        return None
    loaded: Flavor | None = facts.attempt(entry.load, None)
    return loaded


@cache
def _ours(file: str) -> Flavor:
    module: Any = import_module(f"snapbook.flavors.{file}")
    flavor: Flavor = module.flavor
    return flavor


@cache
def _others() -> dict[str, EntryPoint]:
    """Entry points by name; read once in a process."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _first_is_tensor(model: Any) -> bool:
    """Whether ``model`` is a dict whose first value is a tensor: perhaps a state_dict."""
    if not issubclass(type(model), dict):
        return False
    first = next(iter(dict.values(model)), None)
    return "torch" in top_modules(first)
