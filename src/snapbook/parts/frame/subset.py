"""A frame whose rows all stand in a stored frame is kept as row numbers into it.

The guess is cheap: row labels that point into the base's range, else hashes of a few columns. The
proof is complete: every value of every column is compared with the base's, bit by bit. Only then
are the numbers kept, and only if they are smaller. Knows stored frames and canonical values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snapbook.canonical import Json
from snapbook.errors import NotFound
from snapbook.parts.base import Part
from snapbook.parts.frame import grid, segments, shuffle
from snapbook.parts.frame.digest import Hashed
from snapbook.parts.frame.numbers import numbers, row_hashes
from snapbook.parts.frame.stored import Stored
from snapbook.parts.frame.table import Table
from snapbook.parts.frame.values import (
    Coded,
    Fixed,
    Leaf,
    Pair,
    Text,
    Values,
    leaves,
    rows_of,
    sides,
    take,
)
from snapbook.store.base import Writer

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEAST = 4096  # bytes below which row numbers are not worth the bother
_NEARLY = 0.9  # share of the base's rows
_NAMED = 32  # bytes that naming a blob costs
_LOOK = 16  # rows that must be found before all are looked for


@dataclass(frozen=True, slots=True)
class Rows:
    """The layout for the facts, and the blobs: base's part, row numbers, the base's own blobs."""

    layout: Mapping[str, Json]
    blobs: list[str]


def as_rows(
    table: Table,
    hashed: list[Hashed],
    bases: Sequence[Part],
    writer: Writer,
    seeds: Sequence[int] = (),
) -> Rows | None:
    """The row numbers of the first base that has all rows of this frame, None if none has.

    ``seeds`` are those of other frames that were split off: likely this one's too.
    """
    lanes = [item.loaded.values for item in hashed if item.loaded is not None]
    if not lanes or not table.rows or any(rows_of(lane) != table.rows for lane in lanes):
        return None
    if sum(map(_bytes, lanes)) < _LEAST:
        return None
    for base in bases:
        try:
            match = _Match(table, hashed, lanes, base, writer)
            rows = match.rows()
        except NotFound:  # its rows were not shared: they are its author's
            continue
        if rows is not None and writer.rely(base.blobs):
            count: Any = base.facts["rows"]
            shuffled = shuffle.find(rows, count, seeds)
            if shuffled is not None:
                return _seeded(shuffled, len(rows), match.places, base, writer)
            kept = Fixed("u4", rows.astype("<u4"))
            direct = sum(_packed(leaf) for lane in lanes for leaf in leaves(lane))
            cost = _packed(kept) + _NAMED * len(base.blobs)
            return _kept(kept, match.places, base, writer) if cost < direct else None
    return None


def _seeded(
    found: shuffle.Shuffle, count: int, places: list[int], base: Part, writer: Writer
) -> Rows:
    recipe = {"seed": found.seed, "rows": found.rows, "start": found.start, "count": count}
    blobs = [writer.add(base.encode()), *base.blobs]
    return Rows({"kind": "rows", "blobs": 0, "shuffle": recipe, "columns": places}, blobs)


def _kept(rows: Fixed, places: list[int], base: Part, writer: Writer) -> Rows:
    own = segments.write(rows, grid.even(len(rows.data)), writer)
    blobs = [writer.add(base.encode()), *own, *base.blobs]
    return Rows({"kind": "rows", "blobs": len(own), "columns": places}, blobs)


def _bytes(values: Values) -> int:
    total = 0
    for leaf in leaves(values):
        total += leaf.data.nbytes + (leaf.lengths.nbytes if isinstance(leaf, Text) else 0)
    return total


def _packed(leaf: Leaf) -> int:
    """About how many bytes the store will need for ``leaf``, from its first rows."""
    import zstandard

    rows = rows_of(leaf)
    few = segments.cut(leaf, 0, min(rows, grid.AVERAGE))
    plan = segments.plan_of(leaf)
    blob = segments.encode(few, plan)
    size = len(zstandard.ZstdCompressor(level=1).compress(blob))
    return size * rows // max(rows_of(few), 1)


def _rising(rows: NDArray[Any]) -> bool:
    return bool((rows[1:] > rows[:-1]).all())


class _Match:
    """One frame held against one base."""

    def __init__(
        self,
        table: Table,
        hashed: list[Hashed],
        lanes: list[Values],
        base: Part,
        writer: Writer,
    ) -> None:
        self._table, self._lanes, self._base = table, lanes, base
        self._stored = Stored(base, writer.get)
        self._read: dict[int, Values] = {}
        self.places = self._columns(hashed)

    def rows(self) -> NDArray[Any] | None:
        """Row numbers into the base for which every value is proved equal, or None."""
        facts: Any = self._base.facts
        if len(self.places) != len(self._lanes) or facts["rows"] >= 2**32:
            return None
        # With nearly all rows in their order, shared groups of rows are as small and quicker.
        nearly = self._table.rows > _NEARLY * facts["rows"]
        if self._table.rows > facts["rows"]:
            return None
        rows = self._by_labels()
        if rows is not None and nearly and _rising(rows):
            return None
        if rows is not None and self._likely(rows) and self._proved(rows):
            return rows
        rows = None if nearly and rows is None else self._by_hashes()
        return rows if rows is not None and self._proved(rows) else None

    def _likely(self, rows: NDArray[Any]) -> bool:
        """Whether one column agrees, which costs a fraction of looking at all."""
        for lane, place in zip(self._lanes, self.places, strict=True):
            if place >= 0:
                return equal(lane, take(self._values(place), rows))
        return True

    def _columns(self, hashed: list[Hashed]) -> list[int]:
        """The place in the base of each level and column of the frame; fewer if one has none.

        By name and type. Where this frame's labels are listed and the base's are a range, the
        labels cannot be taken from the base: see `_labels`.
        """
        facts: Any = self._base.facts
        levels, columns = facts["index"], facts["columns"]
        places = []
        for number, item in enumerate(hashed):
            schema = None if item.loaded is None else item.loaded.schema
            if number < len(self._table.index):
                if number < len(levels) and levels[number]["type"] == schema:
                    places.append(number)
                elif self._labels() is not None:
                    places.append(-1)
                continue
            for place, column in enumerate(columns):
                if column["name"] == item.column.name and column["type"] == schema:
                    places.append(len(levels) + place)
                    break
        return places

    def _labels(self) -> tuple[int, int] | None:
        """(start, step) of the base's labels if they are a range and this frame's are integers."""
        span = _span(self._base.facts)
        if span is None or len(self._table.index) != 1:
            return None
        lane = self._lanes[0]
        return span if isinstance(lane, Fixed) and lane.tag == "i8" else None

    def _by_labels(self) -> NDArray[Any] | None:
        """Rows as the labels say, if the base's labels are a range."""
        import numpy as np

        facts: Any = self._base.facts
        span = _span(facts)
        if span is None:
            return None
        own = _span({"schema": self._table.schema})
        if self._table.index:
            if self._labels() is None:
                return None
            lane = self._lanes[0]
            assert isinstance(lane, Fixed)
            labels = lane.data
        elif own is not None:
            labels = own[0] + own[1] * np.arange(self._table.rows, dtype=np.int64)
        else:
            return None
        away = labels - np.int64(span[0])
        rows = away // span[1]
        inside = (rows >= 0) & (rows < facts["rows"]) & (rows * span[1] == away)
        return rows if bool(inside.all()) else None

    def _key(self) -> list[tuple[Values, int]]:
        """The columns to look rows up by: the first few of many different values."""
        fit = [
            (lane, place)
            for lane, place in zip(self._lanes, self.places, strict=True)
            if not isinstance(lane, Coded) and place >= 0
        ]
        telling, _ = grid.pick([lane for lane, _ in fit], self._table.rows)
        return [fit[place] for place in telling]

    def _by_hashes(self) -> NDArray[Any] | None:
        """Rows found by the hashes of all values that are not labels out of a range."""
        import numpy as np

        key = self._key()
        if -1 in self.places or not key:
            return None
        look = np.linspace(0, self._table.rows - 1, min(_LOOK, self._table.rows)).astype(np.int64)
        first = leaves(key[0][0])[0]  # a quick no: some of its values are not there at all
        there_first = leaves(self._values(key[0][1]))[0]
        if not np.isin(numbers(first, look), numbers(there_first)).all():
            return None
        own = [leaf for lane, _ in key for leaf in leaves(lane)]
        others = [leaf for _, place in key for leaf in leaves(self._values(place))]
        facts: Any = self._base.facts
        there = row_hashes(others, facts["rows"])
        order = np.argsort(there, kind="stable")
        sought = row_hashes(own, self._table.rows)
        at = np.searchsorted(there, sought, sorter=order)
        rows = order[np.minimum(at, len(order) - 1)]
        return rows if bool((there[rows] == sought).all()) else None

    def _values(self, place: int) -> Values:
        if place not in self._read:
            self._read[place] = self._stored.values(place)
        return self._read[place]

    def _proved(self, rows: NDArray[Any]) -> bool:
        """Whether every value of every column is the base's at ``rows``, bit by bit."""
        import numpy as np

        for lane, place in zip(self._lanes, self.places, strict=True):
            if place < 0:
                span = self._labels()
                assert span is not None
                assert isinstance(lane, Fixed)
                if not np.array_equal(lane.data, span[0] + span[1] * rows):
                    return False
            elif not equal(lane, take(self._values(place), rows)):
                return False
        return True


def equal(one: Values, other: Values) -> bool:
    """Whether two columns hold the same values, bit by bit."""
    import numpy as np

    match one, other:
        case Fixed(), Fixed():
            return (
                one.tag == other.tag
                and _same_nulls(one, other)
                and np.array_equal(_bits(one), _bits(other))
            )
        case Text(), Text():
            return (
                one.tag == other.tag
                and _same_nulls(one, other)
                and np.array_equal(one.lengths, other.lengths)
                and np.array_equal(one.data, other.data)
            )
        case Coded(), Coded():
            return np.array_equal(one.codes, other.codes) and all(
                equal(a, b) for a, b in zip(sides(one), sides(other), strict=True)
            )
        case Pair(), Pair():
            return equal(one.left, other.left) and equal(one.right, other.right)
        case _:
            return False


def _bits(values: Fixed) -> NDArray[Any]:
    """The values as whole numbers, zero under nulls."""
    import numpy as np

    raw = np.ascontiguousarray(values.data)
    width = min(raw.dtype.itemsize, 8)
    bits = raw.view(f"<u{width}").reshape(len(raw), -1)
    if values.nulls is not None:
        bits = np.where(values.nulls[:, None], bits.dtype.type(0), bits)
    return bits


def _same_nulls(one: Leaf, other: Leaf) -> bool:
    import numpy as np

    if one.nulls is None or other.nulls is None:
        return one.nulls is other.nulls
    return np.array_equal(one.nulls, other.nulls)


def _span(facts: Any) -> tuple[int, int] | None:
    """(start, step) of row labels that are a range, None for others and for other libraries."""
    index = facts["schema"].get("index")
    if not isinstance(index, Mapping) or "range" not in index:
        return None
    start, step = index["range"]
    return int(start), int(step)
