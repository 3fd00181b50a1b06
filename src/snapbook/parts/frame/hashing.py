"""The digest of a column's canonical values, and of a frame from its columns.

BLAKE3 over a header line and the values in little-endian order, so that layout, chunking, segments,
process and library version cannot matter. Every NaN counts as one NaN (arithmetic makes NaNs of
either sign and any payload, on one machine another than on the next), nulls as nulls, and -0.0 is
not 0.0: 1/x tells them apart. Knows nothing of schemas; the frame's digest is over its columns' and
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import blake3

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.parts.frame.values import Coded, Fixed, Pair, Text, Values, pieces, rows_of, take

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TILE = 16 * 1024  # values; 128 KiB of float64 stay in the cache between the two looks
_MANY = 1_000_000  # values from which a second thread pays
_QUIET_NAN = {2: 0x7E00, 4: 0x7FC00000, 8: 0x7FF8000000000000}


@dataclass(frozen=True, slots=True)
class Measured:
    """``digest`` of some values (64 hex digits); ``nan`` whether a NaN is among them.

    ``odd`` is whether one has other bits than the usual: equal by digest, but kept as it is.
    """

    digest: str
    nan: bool = False
    odd: bool = False


def values_digest(values: Values) -> str:
    """The digest of ``values``, 64 hex digits."""
    return measure(values).digest


def measure(values: Values) -> Measured:
    """The digest of ``values`` and what was seen on the way."""
    match values:
        case Fixed():
            return _fixed(values)
        case Text():
            return Measured(_text(values))
        case Coded():
            return Measured(_coded(values))
        case Pair():
            left, right = measure(values.left), measure(values.right)
            hasher = blake3.blake3(f"snapbook values 1 pair {rows_of(values)}\n".encode())
            hasher.update((left.digest + right.digest).encode())
            return Measured(hasher.hexdigest(), left.nan or right.nan, left.odd or right.odd)


def frame_digest(schema: Json, rows: int, columns: list[str | None]) -> str | None:
    """The digest of a frame: None if a column has none."""
    if None in columns:
        return None
    return canonical.digest(
        canonical.encode({"frame": 1, "schema": schema, "rows": rows, "columns": columns})
    )


def _fixed(values: Fixed) -> Measured:
    import numpy as np

    data, nulls = values.data, values.nulls
    hasher = _begin(values.tag, len(data), nulls is not None)
    floating = data.dtype.kind in "fc"
    nan = odd = False
    if data.flags.c_contiguous and nulls is None and not (floating and _any_nan(data)):
        hasher.update(data.view(np.uint8))
        return Measured(str(hasher.hexdigest()))
    for start in range(0, len(data), _TILE):
        tile = np.ascontiguousarray(data[start : start + _TILE])
        if nulls is not None:
            tile = np.where(nulls[start : start + _TILE], np.zeros(1, tile.dtype), tile)
        if floating:
            flat = tile.view(f"f{_width(tile)}")
            if _has_nan(flat):
                nan, tile = True, _tidy(flat)
                odd = odd or tile is not flat
        hasher.update(tile.view(np.uint8))
    _nulls(hasher, nulls)
    return Measured(str(hasher.hexdigest()), nan, odd)


def _width(array: NDArray[Any]) -> int:
    return int(array.dtype.itemsize) // (2 if array.dtype.kind == "c" else 1)


def _any_nan(data: NDArray[Any]) -> bool:
    """Whether a NaN is in contiguous ``data``, which is looked at by tiles that fit the cache."""
    flat = data.view(f"f{_width(data)}")
    return any(_has_nan(flat[start : start + _TILE]) for start in range(0, len(flat), _TILE))


def _has_nan(tile: NDArray[Any]) -> bool:
    """Whether a NaN is in ``tile``: the smallest value is one then. One pass, and no BLAS."""
    import numpy as np

    return bool(len(tile)) and bool(np.isnan(np.minimum.reduce(tile)))


def _tidy(tile: NDArray[Any]) -> NDArray[Any]:
    """``tile`` itself if all its NaNs are the usual one, else a copy in which they are."""
    import numpy as np

    bits = tile.view(f"u{tile.dtype.itemsize}")
    usual = bits.dtype.type(_QUIET_NAN[tile.dtype.itemsize])
    odd = np.isnan(tile) & (bits != usual)
    if not odd.any():
        return tile
    tidy = bits.copy()
    tidy[odd] = usual
    return tidy.view(tile.dtype)


def _text(values: Text) -> str:
    import numpy as np

    hasher = _begin(values.tag, len(values.lengths), values.nulls is not None)
    hasher.update(np.ascontiguousarray(values.lengths, dtype="<u4").view(np.uint8))
    hasher.update(values.data)
    _nulls(hasher, values.nulls)
    return str(hasher.hexdigest())


def _coded(values: Coded) -> str:
    """Over the categories in use in the order of their bytes, and codes into those.

    So neither the categories' order nor unused ones change the values' digest (both stand in the
    schema), nor the width of the codes.
    """
    import numpy as np

    order = _canonical_order(values)
    used = take(values.categories, order)
    hasher = _begin("coded", len(values.codes), False)
    hasher.update(values_digest(used).encode())
    width = np.dtype("u1" if len(order) < 255 else "<u2" if len(order) < 65_535 else "<u4")
    if len(order) == rows_of(values.categories) and bool((order[1:] > order[:-1]).all()):
        # Already so: missing (-1) becomes the greatest code of the width by the cast alone.
        codes = values.codes.astype(width, copy=False)
    else:
        # At least as long as a byte has values: -1 is the last place, as an index and as a byte.
        table = np.full(max(rows_of(values.categories) + 1, 256), -1, dtype=np.int64)
        table[order] = np.arange(len(order))
        codes = _recoded(values.codes, table.astype(width))
    hasher.update(np.ascontiguousarray(codes).view(np.uint8))
    return str(hasher.hexdigest())


def _recoded(codes: NDArray[Any], table: NDArray[Any]) -> NDArray[Any]:
    """``table`` at ``codes``; missing (-1) is its last place."""
    import numpy as np

    if codes.dtype.itemsize > 1 or table.dtype.itemsize > 1 or len(codes) < _MANY:
        return np.take(table, codes)
    # Two codes at a time halve the number of looks. The table is as long as a byte has values.
    both = np.arange(1 << 16)
    pairs = table[both & 255].astype("<u2") | (table[both >> 8].astype("<u2") << np.uint16(8))
    even = len(codes) // 2 * 2
    plain = np.ascontiguousarray(codes).view(np.uint8)
    found = np.take(pairs, plain[:even].view("<u2"), mode="wrap").view(np.uint8)
    return found if even == len(codes) else np.append(found, table[plain[even:]])


def _canonical_order(values: Coded) -> NDArray[Any]:
    """Indices of the used categories, sorted by their values."""
    import numpy as np

    count = rows_of(values.categories)
    used = np.zeros(count + 1, dtype=bool)  # the last place takes -1, missing
    step = 4 * _TILE
    for start in range(0, len(values.codes), step):
        used[values.codes[start : start + step]] = True
        if used[:count].all():
            break
    if isinstance(values.categories, Fixed):
        order = np.argsort(values.categories.data, kind="stable")
    elif isinstance(values.categories, Text):
        keys = [piece or b"" for piece in pieces(values.categories)]
        order = np.array(sorted(range(count), key=keys.__getitem__), dtype=np.int64)
    else:
        order = np.arange(count)
    kept: NDArray[Any] = order[used[order]]
    return kept


def _begin(tag: str, rows: int, nulls: bool) -> Any:
    mark = "nulls" if nulls else "whole"
    # More threads pay for long columns alone; AUTO shares one pool, a number would make a new one.
    hasher = blake3.blake3(max_threads=blake3.blake3.AUTO) if rows > _MANY else blake3.blake3()
    hasher.update(f"snapbook values 1 {tag} {mark} {rows}\n".encode())
    return hasher


def _nulls(hasher: Any, nulls: NDArray[Any] | None) -> None:
    import numpy as np

    if nulls is not None:
        hasher.update(np.packbits(nulls, bitorder="little"))
