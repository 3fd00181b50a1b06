"""Distributions that a search draws from: scipy's own, with the numbers that were given to them.

Knows that scipy executes a text that comes with such a pickle. So of what is stored the name of the
class is taken, if it is one of a list, and plain numbers; the rest is passed over.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from snapbook.flavors.arrays import NotAllowed

_ROOM = "scipy.stats._distn_infrastructure"
FROZEN = frozenset({f"{_ROOM}:rv_continuous_frozen", f"{_ROOM}:rv_discrete_frozen"})
_VECTORIZED = "numpy:vectorize"
_SHAPES = {
    **{
        f"scipy.stats._continuous_distns:{name}_gen": name
        for name in ("uniform", "norm", "expon", "gamma", "beta", "lognorm", "truncnorm")
    },
    "scipy.stats._continuous_distns:reciprocal_gen": "loguniform",
    "scipy.stats._continuous_distns:loguniform_gen": "loguniform",
    **{
        f"scipy.stats._discrete_distns:{name}_gen": name
        for name in ("randint", "poisson", "geom", "binom")
    },
}


class Shape:
    """What a distribution is called; "" for what belongs to one and is passed over."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


def knows(text: str) -> bool:
    """Whether the class called ``text`` is about distributions."""
    return text in _SHAPES or text in FROZEN or text == _VECTORIZED


def made(text: str) -> Any:
    """What the class called ``text`` makes, if it is one that is known; else None."""
    if text in _SHAPES:
        return Shape(_SHAPES[text])
    if text in FROZEN:
        kind = getattr(import_module(_ROOM), text.partition(":")[2])
        return kind.__new__(kind)
    return Shape("") if text == _VECTORIZED else None


def called(function: str, args: tuple[Any, ...]) -> Any:
    """A method of a distribution, which is passed over; else None."""
    own = function == "builtins:getattr" and len(args) == 2 and type(args[0]) is Shape
    return Shape("") if own else None


def given(target: Any, state: Any) -> Any:
    """``target`` with what is taken of its state; None where it is none of these."""
    kind = type(target)
    if kind is Shape:
        return target
    if f"{kind.__module__}:{kind.__qualname__}" not in FROZEN:
        return None
    told = state if type(state) is dict else {}
    shape, args, named = (told.get(name) for name in ("dist", "args", "kwds"))
    if type(shape) is not Shape or not shape.name or type(args) is not tuple:
        raise NotAllowed("it draws from what is no distribution of scipy's")
    if type(named) is not dict or not all(map(_is_number, (*args, *named.values()))):
        raise NotAllowed("it draws from a distribution that takes more than numbers")
    fresh = getattr(import_module("scipy.stats"), shape.name)(*args, **named)
    if type(fresh) is not kind:
        raise NotAllowed("it draws from what is no distribution of scipy's")
    vars(target).update(vars(fresh))
    return target


def _is_number(value: Any) -> bool:
    import numpy

    return type(value) in (int, float, numpy.float64, numpy.int64)
