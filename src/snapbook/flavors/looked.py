"""All that came of a stream, gone through once: nothing in it that may be called or was not meant.

Knows how deep and how wide a model is. What compiled code takes a model's word for is `believed`'s.
"""

from __future__ import annotations

import sys
from typing import Any

from snapbook.flavors import believed, drawn
from snapbook.flavors.allowed import BUNCH, CLASSES, COMPILED, TYPES
from snapbook.flavors.arrays import NotAllowed

_DEEPEST = 60
_MOST = 50_000_000  # of what a walk meets that goes along every path
_FLAT = frozenset({type(None), bool, int, float, complex, str, bytes, bytearray})


def is_number(value: Any) -> bool:
    """Whether ``value`` is one of numpy's numbers or texts."""
    numpy = sys.modules.get("numpy")
    return (
        numpy is not None and type(value).__module__ == "numpy" and isinstance(value, numpy.generic)
    )


def is_table(value: Any) -> bool:
    """Whether ``value`` is a dict, or scikit-learn's own."""
    kind = type(value)
    return kind is dict or f"{kind.__module__}:{kind.__qualname__}" == BUNCH


def check(found: Any) -> None:
    """Raise NotAllowed unless all of it is what may be there."""
    _Walk().size(found, 0)


class _Walk:
    """One walk: what was met, and what is above where it is."""

    def __init__(self) -> None:
        self._sizes: dict[int, int] = {}
        self._above: set[int] = set()

    def size(self, value: Any, depth: int) -> int:
        """How many objects a walk meets that goes along every path from ``value`` on."""
        kind = type(value)
        if kind in _FLAT or is_number(value) or (kind is type and _is_type(value)):
            return 1
        place = id(value)
        if place in self._above:
            raise NotAllowed("something in it holds itself")
        if (known := self._sizes.get(place)) is not None:
            return known
        if depth > _DEEPEST:
            raise NotAllowed("it is deeper than a model is")
        self._above.add(place)
        size = 1 + sum(self.size(one, depth + 1) for one in self._inside(value))
        self._above.discard(place)
        if size > _MOST:
            raise NotAllowed("it unfolds to more than a model is")
        self._sizes[place] = size
        return size

    def _inside(self, value: Any) -> list[Any]:
        kind = type(value)
        if kind in (list, tuple, set, frozenset):
            return list(value)
        if is_table(value):
            return [*dict.keys(value), *dict.values(value)]
        numpy = sys.modules.get("numpy")
        if numpy is not None and kind in (numpy.ndarray, numpy.ma.MaskedArray):
            # Those that are left out as well.
            return numpy.asarray(value).ravel().tolist() if value.dtype.hasobject else []
        if numpy is not None and kind in (numpy.random.RandomState, numpy.random.Generator):
            return []
        text = f"{kind.__module__}:{kind.__qualname__}"
        if (
            kind is slice
            or text in COMPILED
            or text in drawn.FROZEN  # of our own making
            or (numpy is not None and isinstance(value, numpy.dtype))
        ):
            return []
        if text in CLASSES:
            return believed.inside(value)
        raise NotAllowed(f"it keeps {_shown(value)}")


def _is_type(value: type) -> bool:
    return f"{value.__module__}:{value.__name__}" in TYPES


def _shown(value: Any) -> str:
    text = getattr(value, "text", "")
    return str(text).replace(":", ".") if text else f"an object of {type(value).__name__}"
