"""The parts that rows are looked at by: values of columns with few of them, ranges of numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from snapbook.watch.answers import Answers

if TYPE_CHECKING:
    from snapbook.watch.answers import Array

_VALUES = 20  # of a column that are looked at
_DIFFERENT = 200  # values of a column at most: with more of them it is a name or a text
_FEW = 6  # values of a number that are looked at one by one
_ROWS = 100  # that it takes to cut numbers into ranges


def cuts(answers: Answers, hidden: Collection[str]) -> Iterator[tuple[str, str, Array]]:
    """Each part as its column, its value in words, and a mask of its rows.

    The values of ``hidden`` columns are not named.
    """
    import numpy as np

    for column, values in answers.columns.items():
        if values.dtype == object:
            listed = values.tolist()
            codes: dict[Any, int] = {}
            coded = np.array([codes.setdefault(one, len(codes)) for one in listed])
            if column not in hidden and len(codes) <= _DIFFERENT:
                for value, _ in Counter(listed).most_common(_VALUES):
                    same = coded == codes[value]
                    yield column, "missing" if value is None else str(value), same
            continue
        known = values[np.isfinite(values)]
        if len(known) < _ROWS:
            continue
        different = np.unique(known[:: max(1, len(known) // 500)])
        if len(different) <= _FEW:
            for one in different.tolist():
                yield column, f"{one:g}", values == one
            continue
        edges = np.unique(np.quantile(known, [0, 0.25, 0.5, 0.75, 1]))
        for low, high in pairwise(edges.tolist()):
            last = high == edges[-1]
            inside = (values >= low) & ((values <= high) if last else (values < high))
            yield column, f"{low:.4g} to {high:.4g}", inside
