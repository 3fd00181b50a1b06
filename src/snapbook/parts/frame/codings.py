"""Numbers as bytes that compress well, and back, exactly.

The store compresses with zstd; what it cannot see by itself is done here. Wide numbers are shuffled
(all first bytes, then all second ones ...), so that equal exponents and high zeros lie together.
Floats that were decimals with few places are kept as the whole numbers they were ("1.25" as 125),
after a look at every value's bits. Booleans are bits. A `Plan` says what may pay for a column; each
group of rows then takes it only if it holds there. Knows arrays, not columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLAIN, SHUFFLED, DECIMAL, BITS = 0, 1, 2, 3
_MOST_PLACES = 6
_SAFE = 2**53
_LOOK = 256  # values that decide what is tried
_FEW = 64  # distinct ones among them that make a dictionary worth trying


@dataclass(frozen=True, slots=True)
class Plan:
    """What to try for a column: ``places`` after the decimal point (None: no decimals), and whether
    a ``dictionary`` may pay.
    """

    places: int | None = None
    dictionary: bool = False


def plan(sample: NDArray[Any]) -> Plan:
    """What may pay for a column, from a ``sample`` of its values (64-bit hashes for text)."""
    import numpy as np

    if sample.dtype.itemsize < 4 or sample.dtype.kind == "c" or len(sample) < _LOOK // 2:
        return Plan()
    if sample.dtype.kind == "f":
        for places in _likely_places(sample):
            if whole_numbers(sample, places) is not None:
                return Plan(places)
    return Plan(None, len(np.unique(sample)) <= _FEW)


def _likely_places(sample: NDArray[Any]) -> list[int]:
    """Numbers of places that the first few values allow, all of them looked at together."""
    import numpy as np

    few = sample[:8]
    powers = 10.0 ** np.arange(_MOST_PLACES + 1)[:, None]
    with np.errstate(all="ignore"):
        back = (np.rint(few.astype(np.float64) * powers) / powers).astype(sample.dtype)
    found: list[int] = np.flatnonzero((back == few).all(axis=1)).tolist()
    return found


def sample_rows(rows: int) -> NDArray[Any]:
    """Places at equal distances, for `plan`."""
    import numpy as np

    return np.linspace(0, max(rows - 1, 0), min(rows, _LOOK)).astype(np.int64)


def whole_numbers(values: NDArray[Any], places: int) -> NDArray[Any] | None:
    """``values`` times ten to the ``places`` as whole numbers; None unless all come back."""
    import numpy as np

    with np.errstate(all="ignore"):
        scaled = np.rint(values.astype(np.float64, copy=False) * 10.0**places)
        if not (np.abs(scaled) <= _SAFE).all():  # NaN and infinities fail here as well
            return None
        whole = scaled.astype(np.int64)
        back = _decimals(whole, places, values.dtype)
    width = values.dtype.itemsize
    same = back.view(f"u{width}") == np.ascontiguousarray(values).view(f"u{width}")
    return whole if same.all() else None


def _decimals(whole: NDArray[Any], places: int, dtype: Any) -> NDArray[Any]:
    # A correctly rounded quotient of two exact numbers is what reading the decimal text gives.
    return (whole / 10.0**places).astype(dtype, copy=False)


def encode(values: NDArray[Any], places: int | None = None) -> tuple[int, int, bytes]:
    """Coding, width (for decimals: places) and bytes of a contiguous one-dimensional array."""
    import numpy as np

    width = values.dtype.itemsize
    if values.dtype.kind == "b":
        return BITS, 1, np.packbits(values, bitorder="little").tobytes()
    if width == 1:
        return PLAIN, 1, values.tobytes()
    if places is not None and len(values) and (whole := whole_numbers(values, places)) is not None:
        small = len(whole) and int(whole.min()) >= -(2**31) and int(whole.max()) < 2**31
        return DECIMAL, places, shuffled(whole.astype("<i4") if small else whole)
    return SHUFFLED, width, shuffled(values)


def decode(coding: int, width: int, octets: NDArray[Any], rows: int, dtype: Any) -> NDArray[Any]:
    """``rows`` values of ``dtype``. Raises ValueError for what `encode` does not write."""
    import numpy as np

    if coding == BITS:
        return np.unpackbits(octets, count=rows, bitorder="little").view(dtype)
    if coding == DECIMAL:
        held = len(octets) // rows
        return _decimals(unshuffled(octets, held).view(f"<i{held}"), width, np.dtype(dtype))
    if coding == SHUFFLED:
        return unshuffled(octets, width).view(dtype)
    if coding == PLAIN:
        return octets.view(dtype)
    raise ValueError(f"an unknown coding {coding}")


def shuffled(values: NDArray[Any]) -> bytes:
    """All first bytes, then all second ones, and so on."""
    import numpy as np

    return values.view(np.uint8).reshape(-1, values.dtype.itemsize).T.tobytes()


def unshuffled(octets: NDArray[Any], width: int) -> NDArray[Any]:
    """The bytes that `shuffled` was given."""
    import numpy as np

    return np.ascontiguousarray(octets.reshape(width, -1).T).reshape(-1)
