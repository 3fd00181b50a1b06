"""Profiles of a frame's columns, from a sample of their canonical values.

The sample is rows at equal distances, so that equal frames have equal profiles. Numeric columns are
profiled together: their cost is a few passes, whatever their number. Knows values, not frames.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from snapbook import profile
from snapbook.parts.frame.values import Coded, Fixed, Pair, Text, Values, pieces, rows_of, take
from snapbook.profile import Profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE = 2000  # rows
_MANY = 0.5  # above this share of distinct values text is no category


def sketch(columns: Sequence[tuple[Values, bool] | None]) -> list[Profile | None]:
    """The profile of each column, given its values and whether a NaN is among them."""
    found: list[Profile | None] = [None] * len(columns)
    numbers: dict[tuple[str, int], list[tuple[int, NDArray[Any], float]]] = {}
    for place, column in enumerate(columns):
        if column is None:
            continue
        values, nan = column
        rows = rows_of(values)
        chosen = _rows(rows)
        while isinstance(values, Pair):
            values = values.left
        if isinstance(values, Fixed) and values.tag != "b1" and values.data.dtype.kind != "c":
            sample, kind = _floats(values, chosen), _kind(values.tag)
            numbers.setdefault((kind, len(sample)), []).append((place, sample, _nulls(values, nan)))
        else:
            found[place] = _counted(values, chosen)
    for (kind, _), group in numbers.items():
        import numpy as np

        matrix = np.stack([sample for _, sample, _ in group])
        made = profile.numeric(matrix, [nulls for _, _, nulls in group], kind)
        for (place, _, _), one in zip(group, made, strict=True):
            found[place] = one
    return found


def _rows(rows: int) -> NDArray[Any] | slice:
    import numpy as np

    if rows <= SAMPLE:
        return slice(None)
    return np.linspace(0, rows - 1, SAMPLE).astype(np.int64)


def _kind(tag: str) -> str:
    """Times are numbers of their unit: "time[ns]", "span[s]"."""
    if tag[:2] in ("M8", "m8"):
        return ("time" if tag[0] == "M" else "span") + tag[2:]
    return "numeric"


def _floats(values: Fixed, chosen: NDArray[Any] | slice) -> NDArray[Any]:
    import numpy as np

    sample = values.data[chosen].astype(np.float64)
    if values.tag[:2] in ("M8", "m8") or values.tag.startswith("period"):
        sample[values.data[chosen] == -(2**63)] = np.nan
    if values.nulls is not None:
        sample[values.nulls[chosen]] = np.nan
    return sample


def _nulls(values: Fixed, nan: bool) -> float:
    """The share of missing values, exactly."""
    import numpy as np

    rows = len(values.data)
    if not rows:
        return 0.0
    missing = 0 if values.nulls is None else int(np.count_nonzero(values.nulls))
    if nan:
        missing += int(np.count_nonzero(np.isnan(values.data)))
    elif values.tag[:2] in ("M8", "m8") or values.tag.startswith("period"):
        missing += int(np.count_nonzero(values.data == -(2**63)))
    return missing / rows


def _counted(values: Values, chosen: NDArray[Any] | slice) -> Profile:
    import numpy as np

    rows = rows_of(values)
    places = np.arange(rows) if isinstance(chosen, slice) else chosen
    sample = take(values, places)
    share = 0.0
    if isinstance(values, (Fixed, Text)) and values.nulls is not None:
        share = int(np.count_nonzero(values.nulls)) / rows
    if isinstance(sample, Coded):
        share = int(np.count_nonzero(sample.codes < 0)) / max(len(sample.codes), 1)
        return profile.categories(_coded_counts(sample), share)
    if isinstance(sample, Fixed):
        texts = [str(value) for value in sample.data.tolist()]
        counts = Counter(texts if sample.nulls is None else _present(texts, sample.nulls.tolist()))
        return profile.categories(counts, share)
    assert isinstance(sample, Text)
    raw = Counter(piece for piece in pieces(sample) if piece is not None)
    if sample.tag != "str" or len(raw) > max(_MANY * len(places), 2):
        lengths = sample.lengths.astype(np.float64)
        if sample.nulls is not None:
            lengths[sample.nulls] = np.nan
        return profile.numeric(lengths[None, :], [share], "text")[0]
    texted = {piece.decode("utf-8", "replace"): number for piece, number in raw.items()}
    return profile.categories(texted, share)


def _present(texts: list[str], nulls: list[bool]) -> list[str]:
    return [text for text, null in zip(texts, nulls, strict=True) if not null]


def _coded_counts(sample: Coded) -> dict[str, int]:
    names: list[str]
    match sample.categories:
        case Text(tag="str"):
            names = [
                (piece or b"").decode("utf-8", "replace") for piece in pieces(sample.categories)
            ]
        case Fixed():
            names = [str(value) for value in sample.categories.data.tolist()]
        case _:
            names = [f"category {place}" for place in range(rows_of(sample.categories))]
    counts = Counter(sample.codes.tolist())
    return {names[code]: number for code, number in sorted(counts.items()) if code >= 0}
