"""A number of 128 bits for each value and each row, made to be added up.

Sums do not depend on the order of what is added nor on how it was cut into partitions, so whatever
engine holds the rows can make them where they lie. A value's number is a hash of it (BLAKE3 of
texts; of numbers the finalizer of SplitMix64 by Steele, Lea and Flood, 2014, over its bits). Two
frames that differ have the same sums by accident never, but who chooses the values can find such
two: where rows are kept it is their BLAKE3 that counts (`hashing`). Knows values, no frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import blake3

from snapbook.parts.frame.values import Coded, Fixed, NotCanonical, Pair, Text, Values, pieces

if TYPE_CHECKING:
    from numpy.typing import NDArray

LANES = 2
Sums = tuple[int, int]
_MODULUS = 1 << 64


def lanes(values: Values) -> NDArray[Any]:
    """The numbers of ``values``: (rows, 2) of uint64. Raises NotCanonical for what has no bits."""
    import numpy as np

    match values:
        case Fixed():
            return _fixed(values)
        case Text():
            return _text(values)
        case Coded():
            known = lanes(values.categories)
            found: NDArray[Any] = np.concatenate([known, _seed("null")[None, :]])[values.codes]
            return found
        case Pair():
            return rows([lanes(values.left), lanes(values.right)])


def nulls(count: int) -> NDArray[Any]:
    """The numbers of ``count`` missing values."""
    import numpy as np

    return np.tile(_seed("null"), (count, 1))


def rows(columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """One number a row, of all its columns in their order."""
    import numpy as np

    whole = np.zeros_like(columns[0])
    for place, column in enumerate(columns):
        whole += _mixed(column + _seed(f"column {place}"))
    return _mixed(whole)


def total(numbers: NDArray[Any]) -> Sums:
    """Their sum, by lane."""
    import numpy as np

    low, high = (int(np.sum(lane, dtype=np.uint64)) for lane in numbers.T)
    return low, high


def added(one: Sums, other: Sums) -> Sums:
    """The sum of two sums."""
    return (one[0] + other[0]) % _MODULUS, (one[1] + other[1]) % _MODULUS


def spread(start: int, count: int, seed: str) -> NDArray[Any]:
    """A number for each of ``count`` places from ``start`` on, as if drawn: (count,) of uint64."""
    import numpy as np

    places = np.arange(start, start + count, dtype=np.uint64)
    found: NDArray[Any] = _mixed(places[:, None] + _seed(seed))[:, 0]
    return found


def _fixed(values: Fixed) -> NDArray[Any]:
    import numpy as np

    data = np.ascontiguousarray(values.data)
    if data.dtype.kind == "c" or data.dtype.itemsize not in (1, 2, 4, 8):
        raise NotCanonical(f"values of type {data.dtype}")
    if data.dtype.kind == "f":
        data = np.where(np.isnan(data), np.array(np.nan, dtype=data.dtype), data)
    bits = data.view(f"u{data.dtype.itemsize}").astype(np.uint64)
    found = _mixed(bits[:, None] * np.array([1, 0x9E3779B97F4A7C15], np.uint64) + _seed(values.tag))
    return _with_nulls(found, values.nulls)


def _text(values: Text) -> NDArray[Any]:
    import numpy as np

    head = f"snapbook lane 1 {values.tag}\n".encode()
    listed = [piece or b"" for piece in pieces(values)]
    known = {piece: blake3.blake3(head + piece).digest(LANES * 8) for piece in set(listed)}
    found = np.frombuffer(b"".join([known[piece] for piece in listed]), dtype="<u8")
    return _with_nulls(found.reshape(-1, LANES).astype(np.uint64), values.nulls)


def _with_nulls(found: NDArray[Any], nulls: NDArray[Any] | None) -> NDArray[Any]:
    if nulls is not None:
        found[nulls] = _seed("null")
    return found


def _seed(text: str) -> NDArray[Any]:
    import numpy as np

    octets = blake3.blake3(f"snapbook lane 1 {text}".encode()).digest(LANES * 8)
    return np.frombuffer(octets, dtype="<u8").astype(np.uint64)


def _mixed(numbers: NDArray[Any]) -> NDArray[Any]:
    """Each number's bits in all the bits of another: one to one."""
    import numpy as np

    found = numbers + np.uint64(0x9E3779B97F4A7C15)
    found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray[Any] = found ^ (found >> np.uint64(31))
    return mixed
