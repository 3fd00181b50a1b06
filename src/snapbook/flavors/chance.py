"""Sources of chance as a pickle describes them: numpy's random states and generators, made anew.

Knows that a generator's compiled code follows the place that its state names, so that is compared
with the words that are there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from snapbook.flavors.arrays import Name, NotAllowed

_KINDS = {
    "numpy.random._mt19937:MT19937": "MT19937",
    "numpy.random._pcg64:PCG64": "PCG64",
}


class Seed:
    """What a random state was seeded from: kept by numpy, and needed for nothing here."""


class Bits:
    """A bit generator that is being described; a random state around it says it once more."""

    __slots__ = ("kind", "state")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.state: Any = None


def maker(text: str) -> Callable[[tuple[Any, ...]], Any] | None:
    """What makes the thing that the function called ``text`` would; None for one not known here."""
    return _MADE.get(text)


def given(target: Any, state: Any) -> Any:
    """``target`` with its state; None where it is none of these. Raises NotAllowed."""
    import numpy

    if type(target) is Bits:
        target.state = state[0] if type(state) is tuple and state else state
        return target
    if type(target) is numpy.random.RandomState:
        return _random_given(target, state)
    # What a generator has beside its bits is None.
    return target if type(target) in (Seed, numpy.random.Generator) else None


def _bits(args: tuple[Any, ...]) -> Bits:
    if len(args) != 1 or type(args[0]) is not Name or args[0].text not in _KINDS:
        raise NotAllowed("it has a source of chance of another kind")
    return Bits(_KINDS[args[0].text])


def _random(args: tuple[Any, ...]) -> Any:
    import numpy

    if len(args) != 1 or type(args[0]) is not Bits or args[0].kind != "MT19937":
        raise NotAllowed("it has a source of chance of another kind")
    return numpy.random.RandomState(0)


def _generator(args: tuple[Any, ...]) -> Any:
    """A generator of numbers that have no place to point to: two numbers say all of it."""
    import numpy

    if len(args) != 1 or type(args[0]) is not Bits or args[0].kind != "PCG64":
        raise NotAllowed("it has a source of chance of another kind")
    state = args[0].state
    inner = state.get("state") if type(state) is dict else None
    if type(inner) is not dict or state.get("bit_generator") != "PCG64":
        raise NotAllowed("a source of chance in it has a state that is none")
    numbers = (inner.get("state"), inner.get("inc"), state.get("has_uint32"), state.get("uinteger"))
    if not all(
        type(number) is int and 0 <= number < 1 << bits
        for number, bits in zip(numbers, (128, 128, 1, 32), strict=True)
    ):
        raise NotAllowed("a source of chance in it has a state that is none")
    bits = numpy.random.PCG64(0)
    bits.state = state
    return numpy.random.Generator(bits)


def _random_given(target: Any, state: Any) -> Any:
    import numpy

    inner = state.get("state") if type(state) is dict else None
    if type(inner) is not dict or state.get("bit_generator") != "MT19937":
        raise NotAllowed("a source of chance in it has a state that is none")
    key, pos = inner.get("key"), inner.get("pos")
    gauss, has = state.get("gauss", 0.0), state.get("has_gauss", 0)
    sound = (
        type(key) is numpy.ndarray
        and key.shape == (624,)
        and key.dtype == numpy.uint32
        and type(pos) is int
        and 0 <= pos <= 624
        and has in (0, 1)
        and type(gauss) is float
    )
    if not sound:
        raise NotAllowed("a source of chance in it has a state that is none")
    target.set_state(("MT19937", key, pos, int(has), gauss))
    return target


_MADE: dict[str, Callable[[tuple[Any, ...]], Any]] = {
    "numpy.random._pickle:__randomstate_ctor": _random,
    "numpy.random._pickle:__generator_ctor": _generator,
    "numpy.random._pickle:__bit_generator_ctor": _bits,
    "numpy.random.bit_generator:__pyx_unpickle_SeedSequence": lambda _args: Seed(),
}
