"""A stored frame's columns as canonical values again, read when asked for.

Knows the layouts that `capture` writes: "segments" (blobs by column and group of rows) and "rows"
(row numbers into a base frame, whose part is the first blob). Knows nothing of libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from snapbook.errors import Damaged, NotRestorable
from snapbook.parts.base import Part
from snapbook.parts.frame import segments
from snapbook.parts.frame.shuffle import Shuffle, replay
from snapbook.parts.frame.values import Fixed, Values, take

Get = Callable[[str], bytes]


class Stored:
    """The rows of a stored frame: levels of its labels first, then its columns, by place."""

    def __init__(self, part: Part, get: Get) -> None:
        layout: Any = part.facts.get("layout")
        if not part.facts.get("stored") or not isinstance(layout, Mapping):
            raise NotRestorable(
                f"{part.name} is not here", "its rows were not stored, only their hashes"
            )
        self._part, self._get, self._layout = part, get, layout
        self._base: Stored | None = None
        self._rows: Any = None
        if layout["kind"] == "segments":
            self._starts = self._places()

    @property
    def part(self) -> Part:
        """The part that was read."""
        return self._part

    @property
    def subset(self) -> bool:
        """Whether the rows are kept as numbers into another frame."""
        return bool(self._layout["kind"] == "rows")

    @property
    def ends(self) -> list[int]:
        """The ends of the groups of rows."""
        return list(self._layout["ends"])

    def form(self, place: int) -> Any:
        """The form of the column at ``place``."""
        return self._layout["columns"][place]["form"]

    def digests(self, place: int) -> tuple[str, ...]:
        """The blobs of the column at ``place``: leaf by leaf its groups, then its sides."""
        return self._part.blobs[self._starts[place] : self._starts[place + 1]]

    def values(self, place: int) -> Values:
        """All values of the column at ``place``. Raises Damaged."""
        if self.subset:
            return self._taken(place)
        groups = len(self._ends(place))
        return segments.read(self.form(place), groups, self.digests(place), self._get)

    def between(self, place: int, start: int, end: int) -> Values:
        """The values of rows ``start`` to ``end`` (edges of groups), reading those groups alone."""
        if self.subset:
            return take(self.values(place), _span(start, end))
        spans = groups_of(self._ends(place))
        chosen = [group for group, (a, b) in enumerate(spans) if start <= a and b <= end]
        digests = self.digests(place)
        leaves = len(segments.leaf_tags(self.form(place)))
        picked = [digests[leaf * len(spans) + group] for leaf in range(leaves) for group in chosen]
        sides = digests[leaves * len(spans) :]
        return segments.read(self.form(place), len(chosen), [*picked, *sides], self._get)

    def _ends(self, place: int) -> list[int]:
        own: list[int] | None = self._layout["columns"][place].get("ends")
        shared: list[int] = self._layout["ends"]
        return shared if own is None else own

    def _places(self) -> list[int]:
        """Where each column's blobs begin, and where the last one's end."""
        starts = [0]
        for place, column in enumerate(self._layout["columns"]):
            starts.append(starts[-1] + segments.count(column["form"], len(self._ends(place))))
        if starts[-1] != len(self._part.blobs):
            raise Damaged(f"{self._part.name} cannot be read", "its list of blobs is incomplete")
        return starts

    def base(self) -> Stored:
        """The frame into which the row numbers point."""
        if self._base is None:
            self._base = Stored(Part.decode(self._get(self._part.blobs[0])), self._get)
        return self._base

    def rows(self) -> Any:
        """The row numbers (rows) into the base."""
        recipe = self._layout.get("shuffle")
        if self._rows is None and recipe is not None:
            made = Shuffle(recipe["seed"], recipe["rows"], recipe["start"])
            self._rows = replay(made, recipe["count"]).astype("<u4")
        if self._rows is None:
            count = int(self._layout["blobs"])
            read = segments.read("u4", count, self._part.blobs[1 : 1 + count], self._get)
            assert isinstance(read, Fixed)
            self._rows = read.data
        return self._rows

    def _taken(self, place: int) -> Values:
        there = int(self._layout["columns"][place])
        if there < 0:  # labels that are the base's range at those rows
            facts: Any = self.base().part.facts
            start, step = facts["schema"]["index"]["range"]
            return Fixed("i8", start + step * self.rows().astype("<i8"))
        return take(self.base().values(there), self.rows())


def _span(start: int, end: int) -> Any:
    import numpy as np

    return np.arange(start, end)


def groups_of(ends: list[int]) -> list[tuple[int, int]]:
    """(begin, end) of each group."""
    return list(pairwise([0, *ends]))
