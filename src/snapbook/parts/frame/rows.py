"""Which rows and cells differ between two stored frames, reading only groups of rows that do.

Rows are matched as they stand: runs of groups with equal digests in all common columns are equal;
between them rows are matched by their hashes, and cells one by one where the numbers of rows agree.
Bounded: past the limits counts say "at least". Knows stored frames and canonical values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from snapbook.parts.frame import segments
from snapbook.parts.frame.numbers import row_hashes
from snapbook.parts.frame.schema import Columns, Pairing
from snapbook.parts.frame.show import cell_text, differing
from snapbook.parts.frame.stored import Stored, groups_of
from snapbook.parts.frame.values import Coded, Leaf, Values, leaves, rows_of, take

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PLACES = 10  # cells shown for one column
_GROUPS = 400  # groups read for one column
_BLOCK = 2_000_000  # rows matched one by one
_TANGLED = 4000  # groups that are matched by their order


@dataclass(frozen=True, slots=True)
class Cells:
    """Changed cells of one column (its place in `Columns.common`): (row, old text, new text)."""

    column: int
    count: int
    partly: bool
    places: tuple[tuple[int, str, str], ...]


@dataclass(slots=True)
class Found:
    """What was found; row numbers are the old frame's for removed rows, the new one's for cells."""

    old_rows: int
    new_rows: int
    added: int = 0
    removed: int = 0
    at_end: bool = False
    removed_at: list[int] = field(default_factory=list)
    cells: list[Cells] = field(default_factory=list)
    labels: bool = False
    reordered: bool = False


def compare(old: Stored, new: Stored, columns: Columns) -> Found:
    """Rows added and removed, and cells changed, in the columns that both have with one type."""
    a: Any = old.part.facts["rows"]
    b: Any = new.part.facts["rows"]
    found = Found(a, b)
    found.labels = any(pair.old["digest"] != pair.new["digest"] for pair in columns.levels)
    same = [
        (place, pair)
        for place, pair in enumerate(columns.common)
        if pair.old.get("type") == pair.new.get("type")
    ]
    changed = [item for item in same if item[1].old["digest"] != item[1].new["digest"]]
    if a == b and (len(changed) < len(same) or _grid(old) == _grid(new)):
        for place, pair in changed:
            cells = _cells(place, pair, old, new)
            if cells.count:
                found.cells.append(cells)
        if not changed or not _rewritten(found, a, len(same)):
            return found
        found.cells.clear()
    if same:
        _blocks(old, new, same, found)
    elif a != b:
        found.added, found.removed = max(b - a, 0), max(a - b, 0)
    return found


def _rewritten(found: Found, rows: int, columns: int) -> bool:
    """Whether so many cells differ that rows must have moved instead."""
    many = [cells for cells in found.cells if cells.count * 2 > rows or cells.partly]
    return columns > 1 and len(many) == columns


def _grid(stored: Stored) -> list[int] | None:
    return None if stored.subset else stored.ends


def _cells(place: int, pair: Pairing, old: Stored, new: Stored) -> Cells:
    """Cells of one column that differ, the rows being the same."""
    groups = _unlike(pair, old, new)
    if groups is None:
        return _whole_cells(place, old.values(pair.old_place), new.values(pair.new_place))
    spans = groups_of(old.ends)
    count = 0
    places: list[tuple[int, str, str]] = []
    for group in groups[:_GROUPS]:
        begin, end = spans[group]
        a, b = old.between(pair.old_place, begin, end), new.between(pair.new_place, begin, end)
        found = _whole_cells(place, a, b, _PLACES - len(places))
        places.extend((begin + row, was, now) for row, was, now in found.places)
        count += found.count
    return Cells(place, count, len(groups) > _GROUPS, tuple(places))


def _unlike(pair: Pairing, old: Stored, new: Stored) -> list[int] | None:
    """The groups whose blobs differ; None where groups do not answer each other."""
    if old.subset or new.subset or _grid(old) != _grid(new):
        return None
    was, now = old.digests(pair.old_place), new.digests(pair.new_place)
    form, groups = old.form(pair.old_place), len(old.ends)
    rows = groups * len(segments.leaf_tags(form))
    if form != new.form(pair.new_place) or was[rows:] != now[rows:] or not groups:
        return None
    other = [at for at in range(rows) if was[at] != now[at]]
    return sorted({at % groups for at in other})


def _whole_cells(place: int, a: Values, b: Values, most: int = _PLACES) -> Cells:
    """Cells that differ between two columns; the first ``most`` with their texts."""
    import numpy as np

    x, y = _spelled(a), _spelled(b)
    unlike = np.zeros(rows_of(a), dtype=bool)
    for one, other in zip(x, y, strict=True):
        unlike[differing(one, other)] = True
    rows = np.flatnonzero(unlike)[:most]
    was, now = _spelled(take(a, rows)), _spelled(take(b, rows))
    places = [
        (int(row), cell_text(was, at), cell_text(now, at)) for at, row in enumerate(rows.tolist())
    ]
    return Cells(place, int(np.count_nonzero(unlike)), False, tuple(places))


def _spelled(values: Values) -> list[Leaf]:
    """Leaves that mean the same in both frames: codes replaced by their categories."""
    import numpy as np

    if not isinstance(values, Coded):
        return leaves(values)
    names = leaves(values.categories)
    missing = values.codes < 0
    if not rows_of(values.categories):
        return leaves(values)
    spelled = []
    for leaf in names:
        taken = leaves(take(leaf, np.where(missing, 0, values.codes).astype(np.int64)))[0]
        spelled.append(_with_nulls(taken, missing))
    return spelled


def _with_nulls(leaf: Leaf, missing: NDArray[Any]) -> Leaf:
    from dataclasses import replace

    return replace(leaf, nulls=missing if missing.any() else None)


def _blocks(old: Stored, new: Stored, same: list[tuple[int, Pairing]], found: Found) -> None:
    """Match runs of groups by their digests, and what lies between them row by row."""
    pairs = [pair for _, pair in same]
    if old.subset or new.subset:
        numbers = _common_rows(old, new)
        if numbers is not None:
            _match_rows(*numbers, (0, found.old_rows), (0, found.new_rows), found)
        else:
            _rows_between(old, new, pairs, (0, found.old_rows), (0, found.new_rows), found)
        return
    a, b = groups_of(old.ends), groups_of(new.ends)
    keys_a = _keys(old, [pair.old_place for pair in pairs], len(a))
    keys_b = _keys(new, [pair.new_place for pair in pairs], len(b))
    head = 0
    while head < min(len(a), len(b)) and keys_a[head] == keys_b[head]:
        head += 1
    tail = 0
    while tail < min(len(a), len(b)) - head and keys_a[-1 - tail] == keys_b[-1 - tail]:
        tail += 1
    mid_a, mid_b = keys_a[head : len(a) - tail], keys_b[head : len(b) - tail]
    codes: Sequence[tuple[str, int, int, int, int]]
    if len(mid_a) + len(mid_b) > _TANGLED:
        codes = [("replace", 0, len(mid_a), 0, len(mid_b))]
    else:
        codes = SequenceMatcher(None, mid_a, mid_b, autojunk=False).get_opcodes()
    for code, i, j, k, m in codes:
        if code != "equal":
            one = _span(a, head + i, head + j)
            _rows_between(old, new, pairs, one, _span(b, head + k, head + m), found)


def _common_rows(old: Stored, new: Stored) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Both frames as row numbers into one frame, None if there is no such frame."""
    import numpy as np

    a, b = (one.base() if one.subset else one for one in (old, new))
    if a.part.facts["digest"] != b.part.facts["digest"]:
        return None
    x, y = (
        one.rows() if one.subset else np.arange(int(str(one.part.facts["rows"])), dtype="<u4")
        for one in (old, new)
    )
    return x, y


def _keys(stored: Stored, places: list[int], groups: int) -> list[tuple[str, ...]]:
    """For each group its digests in all ``places``; sides count for every group."""
    columns: list[Sequence[str]] = []
    for place in places:
        digests = stored.digests(place)
        tags = segments.leaf_tags(stored.form(place))
        sides = digests[len(tags) * groups :]
        columns.extend(digests[leaf * groups : (leaf + 1) * groups] for leaf in range(len(tags)))
        columns.extend([side] * groups for side in sides)
    return list(zip(*columns, strict=True))


def _span(groups: list[tuple[int, int]], first: int, end: int) -> tuple[int, int]:
    if first == end:
        at = groups[first][0] if first < len(groups) else (groups[-1][1] if groups else 0)
        return at, at
    return groups[first][0], groups[end - 1][1]


def _rows_between(
    old: Stored,
    new: Stored,
    pairs: list[Pairing],
    one: tuple[int, int],
    other: tuple[int, int],
    found: Found,
) -> None:
    """Count rows of one span that are not in the other, each as often as it stands there."""
    sizes = one[1] - one[0], other[1] - other[0]
    if min(sizes) == 0 or max(sizes) > _BLOCK:
        _count(found, max(sizes[1] - sizes[0], 0), max(sizes[0] - sizes[1], 0), one, other)
        return
    a = _hashes(old, [pair.old_place for pair in pairs], one)
    b = _hashes(new, [pair.new_place for pair in pairs], other)
    _match_rows(a, b, one, other, found)


def _match_rows(
    a: NDArray[Any], b: NDArray[Any], one: tuple[int, int], other: tuple[int, int], found: Found
) -> None:
    """Count numbers of ``a`` not in ``b`` and the other way, each as often as it stands."""
    import numpy as np

    values, index = np.unique(np.concatenate([a, b]), return_inverse=True)
    x = np.bincount(index[: len(a)], minlength=len(values))
    y = np.bincount(index[len(a) :], minlength=len(values))
    less, more = np.maximum(x - y, 0), np.maximum(y - x, 0)
    removed, added = int(less.sum()), int(more.sum())
    gone = np.flatnonzero(less[index[: len(a)]] > 0)
    come = np.flatnonzero(more[index[len(a) :]] > 0)
    found.removed_at.extend((gone[:_PLACES] + one[0]).tolist())
    if not removed and not added and not np.array_equal(a, b):
        found.reordered = True
    end = other[1] == found.new_rows and bool(added) and int(come[-added:][0]) == len(b) - added
    found.added, found.removed = found.added + added, found.removed + removed
    found.at_end = end and found.added == added and not found.removed


def _count(
    found: Found, added: int, removed: int, one: tuple[int, int], other: tuple[int, int]
) -> None:
    found.at_end = bool(added) and one[0] == found.old_rows and not found.added
    found.added += added
    found.removed += removed
    found.removed_at.extend(range(one[0], min(one[1], one[0] + _PLACES)) if removed else ())
    del other


def _hashes(stored: Stored, places: list[int], span: tuple[int, int]) -> NDArray[Any]:
    key: list[Leaf] = []
    for place in places:
        key.extend(_spelled(stored.between(place, *span)))
    return row_hashes(key, span[1] - span[0])
