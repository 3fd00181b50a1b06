"""The digest of a column's canonical values, and of a frame from its columns.

BLAKE3 over a header line and the values in little-endian order, so that layout, chunking, segments,
process and library version cannot matter. Every NaN counts as one NaN (arithmetic makes NaNs of
either sign and any payload, on one machine another than on the next), nulls as nulls, and -0.0 is
not 0.0: 1/x tells them apart. Knows nothing of schemas; the frame's digest is over its columns' and
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import blake3

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.parts.frame.values import Coded, Fixed, Pair, Text, Values, pieces, rows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TILE = 16 * 1024  # values; 128 KiB of float64 stay in the cache between the two looks
_QUIET_NAN = {2: 0x7E00, 4: 0x7FC00000, 8: 0x7FF8000000000000}


def values_digest(values: Values) -> str:
    """The digest of ``values``, 64 hex digits."""
    match values:
        case Fixed():
            return _fixed(values)
        case Text():
            return _text(values)
        case Coded():
            return _coded(values)
        case Pair():
            hasher = blake3.blake3(f"snapbook values 1 pair {rows_of(values)}\n".encode())
            hasher.update(values_digest(values.left).encode())
            hasher.update(values_digest(values.right).encode())
            return hasher.hexdigest()


def frame_digest(schema: Json, rows: int, columns: list[str | None]) -> str | None:
    """The digest of a frame: None if a column has none."""
    if None in columns:
        return None
    return canonical.digest(
        canonical.encode({"frame": 1, "schema": schema, "rows": rows, "columns": columns})
    )


def has_odd_nan(values: Values) -> bool:
    """Whether a NaN of other bits than the usual is among ``values``: equal, but kept as it is."""
    import numpy as np

    match values:
        case Fixed() if values.data.dtype.kind in "fc":
            flat = np.ascontiguousarray(values.data)
            flat = flat.view(f"f{_width(flat)}")
            return any(
                _tidy(flat[start : start + _TILE])[1] for start in range(0, len(flat), _TILE)
            )
        case Pair():
            return has_odd_nan(values.left) or has_odd_nan(values.right)
        case _:
            return False


def _fixed(values: Fixed) -> str:
    import numpy as np

    data, nulls = values.data, values.nulls
    hasher = _begin(values.tag, len(data), nulls is not None)
    floating = data.dtype.kind in "fc"
    if data.flags.c_contiguous and nulls is None and not floating:
        hasher.update(data.view(np.uint8))
        return hasher.hexdigest()
    for start in range(0, len(data), _TILE):
        tile = np.ascontiguousarray(data[start : start + _TILE])
        if nulls is not None:
            tile = np.where(nulls[start : start + _TILE], np.zeros(1, tile.dtype), tile)
        if floating:
            tile = _tidy(tile.view(f"f{_width(tile)}"))[0]
        hasher.update(tile.view(np.uint8))
    _nulls(hasher, nulls)
    return hasher.hexdigest()


def _width(array: NDArray[Any]) -> int:
    return int(array.dtype.itemsize) // (2 if array.dtype.kind == "c" else 1)


def _tidy(tile: NDArray[Any]) -> tuple[NDArray[Any], bool]:
    """``tile`` with usual NaNs only, copied if needed; and whether that was needed."""
    import numpy as np

    # The smallest value is NaN if any is: one pass in the cache, no temporary, no BLAS.
    if not len(tile) or not np.isnan(np.minimum.reduce(tile)):
        return tile, False
    whole = tile.dtype.itemsize
    if whole not in _QUIET_NAN:
        tidy = tile.copy()
        tidy[np.isnan(tidy)] = np.nan
        return tidy, False
    bits = tile.view(f"u{whole}")
    usual = bits.dtype.type(_QUIET_NAN[whole])
    odd = np.isnan(tile) & (bits != usual)
    if not odd.any():
        return tile, False
    tidy = bits.copy()
    tidy[odd] = usual
    return tidy.view(tile.dtype), True


def _text(values: Text) -> str:
    import numpy as np

    hasher = _begin(values.tag, len(values.lengths), values.nulls is not None)
    hasher.update(np.ascontiguousarray(values.lengths, dtype="<u4").view(np.uint8))
    hasher.update(values.data)
    _nulls(hasher, values.nulls)
    return hasher.hexdigest()


def _coded(values: Coded) -> str:
    """Over the categories in use in the order of their bytes, and codes into those.

    So neither the categories' order nor unused ones change the values' digest (both stand in the
    schema), nor the width of the codes.
    """
    import numpy as np

    from snapbook.parts.frame.values import take

    order = _canonical_order(values)
    used = take(values.categories, order)
    hasher = _begin("coded", len(values.codes), False)
    hasher.update(values_digest(used).encode())
    width = np.dtype("u1" if len(order) < 255 else "<u2" if len(order) < 65_535 else "<u4")
    if len(order) == rows_of(values.categories) and bool((order[1:] > order[:-1]).all()):
        # Already so: missing (-1) becomes the greatest code of the width by the cast alone.
        codes = values.codes.astype(width, copy=False)
    else:
        table = np.full(rows_of(values.categories) + 1, -1, dtype=np.int64)
        table[order] = np.arange(len(order))
        codes = table.astype(width)[values.codes]
    hasher.update(np.ascontiguousarray(codes).view(np.uint8))
    return hasher.hexdigest()


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
    return blake3.blake3(f"snapbook values 1 {tag} {mark} {rows}\n".encode())


def _nulls(hasher: Any, nulls: NDArray[Any] | None) -> None:
    import numpy as np

    if nulls is not None:
        hasher.update(np.packbits(nulls, bitorder="little"))
