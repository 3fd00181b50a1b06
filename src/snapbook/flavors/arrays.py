"""Arrays and numbers as a pickle describes them, made of what was looked at.

Knows the forms in which numpy writes itself, and that its own readers believe sizes and addresses
which a stream names: so they get none that were not compared with the bytes that are there. Sources
of chance are `chance`'s.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any


class NotAllowed(Exception):
    """The stream is more than what may be read without trust; the text says what."""


_PLAIN = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248]|c(8|16)|[SU][0-9]{1,6}|V[0-9]{1,6})")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_MOST_ITEMS = 1 << 40
_MASKED = (
    ["numpy.ma:MaskedArray", "numpy:ndarray"], ["numpy.ma.core:MaskedArray", "numpy:ndarray"],
)  # fmt: skip
_NUMPY = ("numpy._core", "numpy.core")  # numpy 2, numpy 1


class Name:
    """A class or function that the stream names: a word until it is known what it is for."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class Dtype:
    """A type of array elements that is being described."""

    __slots__ = ("dtype",)

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype


def maker(text: str) -> Callable[[tuple[Any, ...]], Any] | None:
    """What makes the thing that the function called ``text`` would; None for one not known here."""
    module, _, name = text.partition(":")
    if module.startswith(_NUMPY):
        module = f"numpy.{module.partition('core.')[2]}"
    return _MADE.get(f"{module}:{name}")


def given(target: Any, state: Any) -> Any:
    """``target`` with its state; None where it is none of these. Raises NotAllowed."""
    import numpy

    kind = type(target)
    if kind is numpy.ndarray:
        return _array_given(target, state)
    if kind is Dtype:
        return _dtype_given(target, state)
    return _masked_given(target, state) if kind is numpy.ma.MaskedArray else None


def _dtype(args: tuple[Any, ...]) -> Dtype:
    import numpy

    text = args[0] if args else None
    if type(text) is not str or not (text in ("O8", "|O", "O") or _PLAIN.fullmatch(text)):
        raise NotAllowed("an array in it has elements of a kind that is not known")
    return Dtype(numpy.dtype("O") if "O" in text else numpy.dtype(text))


def _dtype_given(target: Dtype, state: Any) -> Dtype:
    import numpy

    if type(state) is not tuple or len(state) < 8 or state[1] not in ("<", ">", "|", "="):
        raise NotAllowed("an array in it has elements of a kind that is not known")
    order, names, fields, size = state[1], state[3], state[4], state[5]
    if names is None:
        if state[2] is not None:
            raise NotAllowed("an array in it has arrays for elements")
        target.dtype = target.dtype.newbyteorder(order)
        return target
    if type(names) is not tuple or type(fields) is not dict or set(names) != set(fields):
        raise NotAllowed("an array in it has records that do not fit")
    kinds, offsets = [], []
    for name in names:
        field = fields[name]
        if type(name) is not str or not _FIELD.fullmatch(name) or type(field) is not tuple:
            raise NotAllowed("an array in it has records that do not fit")
        if len(field) != 2 or type(field[0]) is not Dtype or type(field[1]) is not int:
            raise NotAllowed("an array in it has records that do not fit")
        kinds.append(_plain(field[0]))
        offsets.append(field[1])
    spelled: Any = {"names": list(names), "formats": kinds, "offsets": offsets, "itemsize": size}
    target.dtype = numpy.dtype(spelled)  # looks at offsets and size itself
    return target


def _plain(dtype: Any) -> Any:
    """The dtype that ``dtype`` describes, one without objects."""
    if type(dtype) is not Dtype or dtype.dtype.hasobject:
        raise NotAllowed("an array in it is made of what is no number")
    return dtype.dtype


def _shape(shape: Any) -> tuple[int, ...]:
    if (
        type(shape) is not tuple
        or len(shape) > 32
        or not all(type(size) is int and size >= 0 for size in shape)
    ):
        raise NotAllowed("an array in it has no shape")
    if math.prod(shape) > _MOST_ITEMS:
        raise NotAllowed("an array in it is larger than what was kept")
    return shape


def _frombuffer(args: tuple[Any, ...]) -> Any:
    import numpy

    data, dtype, shape, order = args[:4]
    if len(args) > 4 and args[4] is not None:
        raise NotAllowed("an array in it has its axes in another order")
    kind, shape = _plain(dtype), _shape(shape)
    raw = memoryview(data) if type(data) in (bytes, bytearray, memoryview) else None
    if raw is None or order not in ("C", "F") or raw.nbytes != math.prod(shape) * kind.itemsize:
        raise NotAllowed("an array in it is not as large as it says")
    if not raw.nbytes:
        return numpy.empty(shape, kind, order)
    return numpy.frombuffer(raw, kind).reshape(shape, order=order)


def _reconstruct(args: tuple[Any, ...]) -> Any:
    import numpy

    if len(args) != 3 or type(args[0]) is not Name or args[0].text != "numpy:ndarray":
        raise NotAllowed("it makes an array of another class")
    return numpy.empty((0,), "i1")


def _masked(args: tuple[Any, ...]) -> Any:
    import numpy

    names = [arg.text for arg in args[:2] if type(arg) is Name]
    if len(args) != 4 or names not in _MASKED:
        raise NotAllowed("it makes an array of another class")
    return numpy.ma.MaskedArray(numpy.empty((0,), "i1"), mask=numpy.empty((0,), "?"))


def _array_given(array: Any, state: Any) -> Any:
    """An array by its old form: (version, shape, dtype, order, bytes or a list)."""
    if type(state) is not tuple or len(state) != 5 or array.size:
        raise NotAllowed("an array in it has a state that is none")
    array.__setstate__(_old_form(state))
    return array


def _masked_given(array: Any, state: Any) -> Any:
    """An array in which some items are left out: the old form, its mask, and what stands there."""
    if type(state) is not tuple or len(state) != 7 or array.size:
        raise NotAllowed("an array in it has a state that is none")
    _, shape, dtype, fortran, data = _old_form(state[:5])
    mask, instead = state[5], _item(state[6])
    fits = type(mask) in (bytes, bytearray) and len(mask) == math.prod(shape)
    if not fits or dtype.names is not None:
        raise NotAllowed("an array in it is not as large as it says")
    array.__setstate__((1, shape, dtype, fortran, data, bytes(mask), instead))
    return array


def _item(value: Any) -> Any:
    """What is shown for items that are left out: a plain value, perhaps in an array of its own."""
    import numpy

    item = value.item() if type(value) is numpy.ndarray and value.shape == () else value
    if type(item) not in (type(None), bool, int, float, complex, str, bytes):
        raise NotAllowed("an array in it has a state that is none")
    return item


def _old_form(state: tuple[Any, ...]) -> tuple[Any, ...]:
    """The state of an array for numpy, which reads as much as the shape says, whatever is there."""
    _, shape, described, fortran, data = state
    if type(described) is not Dtype:
        raise NotAllowed("an array in it has a state that is none")
    count, dtype = math.prod(_shape(shape)), described.dtype
    if dtype.hasobject:
        fits = dtype.kind == "O" and type(data) is list and len(data) == count
    else:
        fits = type(data) in (bytes, bytearray) and len(data) == count * dtype.itemsize
    if not fits or type(fortran) is not bool:
        raise NotAllowed("an array in it is not as large as it says")
    return 1, shape, dtype, fortran, data


def _scalar(args: tuple[Any, ...]) -> Any:
    import numpy

    if len(args) != 2 or type(args[1]) not in (bytes, bytearray):
        raise NotAllowed("a number in it is none")
    kind = _plain(args[0])
    if len(args[1]) != kind.itemsize or not kind.itemsize:
        raise NotAllowed("a number in it is none")
    return numpy.frombuffer(args[1], kind)[0]


def _slice(args: tuple[Any, ...]) -> slice:
    if len(args) != 3 or not all(arg is None or type(arg) is int for arg in args):
        raise NotAllowed("a slice in it is none")
    return slice(*args)


_MADE: dict[str, Callable[[tuple[Any, ...]], Any]] = {
    "numpy:dtype": _dtype,
    "numpy.numeric:_frombuffer": _frombuffer,
    "numpy.multiarray:_reconstruct": _reconstruct,
    "numpy.multiarray:scalar": _scalar,
    "numpy.ma.core:_mareconstruct": _masked,
    "builtins:slice": _slice,
}
