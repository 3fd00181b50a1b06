"""The log of cells as blobs: what a version costs, what comes back, what differs."""

from __future__ import annotations

import random
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapbook.errors import Damaged, NotFound
from snapbook.lineage.log import Cell
from snapbook.parts import cells as part_of
from snapbook.parts.base import Part
from snapbook.parts.celldiff import compare, line_diff
from snapbook.store.memory import MemoryStore


def log(count: int) -> list[Cell]:
    return [
        Cell(i, i + 1, f"id-{i}", f"x{i} = {i}", "2026-01-01T00:00:00Z", 0.5, "ok")
        for i in range(count)
    ]


def keep(store: MemoryStore, cells: list[Cell], made: list[int], current: int) -> tuple[Part, int]:
    writer = store.writer()
    part = part_of.capture(cells, made, current, writer)
    writer.add(part.encode())
    new = writer.new_bytes
    writer.commit()
    writer.close()
    return part, new


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 21, 100, 4_095, 10_000])
def test_the_log_comes_back(count: int) -> None:
    store = MemoryStore()
    cells = log(count)
    part, _ = keep(store, cells, list(range(min(count, 3))), max(0, count - 1))
    assert part_of.restore(part, store.get) == cells
    assert part_of.made_cells(part, store.get) == cells[:3]
    assert Part.decode(part.encode()) == part


@given(st.integers(0, 100_000))
def test_blocks_are_aligned_powers_of_two(count: int) -> None:
    cuts = list(part_of.blocks(count))
    assert [start for start, _ in cuts] == [0, *(stop for _, stop in cuts)][: len(cuts)]
    assert (cuts[-1][1] if cuts else 0) == count
    assert len(cuts) <= 18
    for start, stop in cuts[:-1]:
        size = stop - start
        assert size >= 8
        assert size & (size - 1) == 0
        assert start % size == 0


@pytest.mark.slow
def test_a_log_that_grew_by_one_cell_costs_that_cell() -> None:
    store = MemoryStore()
    costs = []
    for count in range(1, 1_200):
        cells = log(count)
        costs.append(keep(store, cells, [count - 1], count - 1)[1])
    # The part itself, and the block at the end: at most eight cells of about 130 bytes.
    assert sorted(costs)[len(costs) // 2] < 2_000
    assert sum(costs) < 1_200 * 3_500


def test_ten_thousand_cells_make_a_small_part() -> None:
    store = MemoryStore()
    part, _ = keep(store, log(10_000), list(range(0, 10_000, 2)), 9_999)
    assert len(part.encode()) < 2_000
    assert part_of.made(part, store.get) == list(range(0, 10_000, 2))


def test_large_sources_are_blobs_of_their_own() -> None:
    store = MemoryStore()
    cells = [Cell(i, i, "", "data = '" + "z" * 100_000 + "'") for i in range(7)]
    part, new = keep(store, cells, [6], 6)
    assert new < 110_000
    assert part_of.restore(part, store.get) == cells
    assert all(store.has(blob) for blob in part.blobs)


def test_damage_is_told_and_never_another_error() -> None:
    store = MemoryStore()
    part, _ = keep(store, log(20), [3], 19)
    for facts in (
        {**part.facts, "count": 40},
        {**part.facts, "count": -1},
        {**part.facts, "count": "x"},
        {**part.facts, "made": [99]},
        {**part.facts, "made": "x"},
    ):
        bad = Part("cells", "cells", facts, part.blobs)
        with pytest.raises((Damaged, NotFound)):
            (part_of.restore(bad, store.get), part_of.made_cells(bad, store.get))
    for text in (b"", b"not JSON", b"[]", b'{"index": []}', b"\xff"):
        with pytest.raises(Damaged):
            part_of.restore(part, lambda _, text=text: text)


def test_cells_become_a_valid_notebook() -> None:
    cells = [
        Cell(0, 1, "abc", "x = 1"),
        Cell(1, 2, "abc", "x = 2"),
        Cell(2, 3, "no id at all!", "y = 1"),
        Cell(3, 0, "", "z = 1"),
        Cell(4, 4, "abc", "x = 3"),
        Cell(5, 5, "abc-4", "x = 3"),
    ]
    made = nbformat.from_dict(part_of.as_notebook(cells, [1, 3]))
    nbformat.validate(made)
    assert [cell.source for cell in made.cells] == ["x = 2", "z = 1"]
    whole = nbformat.from_dict(part_of.as_notebook(cells, [1, 3], "all"))
    nbformat.validate(whole)
    assert len({cell.id for cell in whole.cells}) == len(whole.cells) == 6


def told(old: list[Any], new: list[Any]) -> list[tuple[str, str, tuple[str, ...]]]:
    def made(cells: list[Any]) -> list[Cell]:
        pairs = [cell if isinstance(cell, tuple) else ("", cell) for cell in cells]
        return [Cell(i, i + 1, name, source) for i, (name, source) in enumerate(pairs)]

    found = compare(made(old), made(new))
    return [(change.what, change.name, change.lines) for change in found.changes]


FIT6, FIT8 = "m = RF(max_depth=6, random_state=0)", "m = RF(max_depth=8, random_state=0)"

DIFFS: list[tuple[list[Any], list[Any], list[Any]]] = [
    (["a = 1"], ["a = 1"], []),
    (["a = 1", FIT6], ["a = 1", FIT8], [("changed", "cell 2", ("- " + FIT6, "+ " + FIT8))]),
    (["a = 1"], ["a = 1", "b = 2"], [("added", "cell 2", ("+ b = 2",))]),
    (["a = 1", "b = 2"], ["b = 2"], [("removed", "cell 1", ("- a = 1",))]),
    (["a = 1", "b = 2", "c()"], ["b = 2", "c()", "a = 1"], [("moved", "cell 3", ())]),
    ([("i", "a = 1")], [("i", "zzz()")], [("changed", "cell 1", ("- a = 1", "+ zzz()"))]),
    (
        ["import a"],
        ["frobnicate(1, 2)"],
        [("removed", "cell 1", ("- import a",)), ("added", "cell 1", ("+ frobnicate(1, 2)",))],
    ),
    (["%%version_model c -m 'x'\na = 1"], ["# snapbook: version_model c\na = 1"], []),
    ([("i", "a = 1"), ("i", "a = 1")], [("i", "a = 1")], [("removed", "cell 2", ("- a = 1",))]),
    (
        ["x\ny\nz"],
        ["x\nq\nz"],
        [("changed", "cell 1", ("- y", "+ q"))],
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), DIFFS)
def test_what_became_of_each_cell(old: list[Any], new: list[Any], expected: list[Any]) -> None:
    assert told(old, new) == expected


def test_a_cell_paired_by_likeness_is_marked_and_form_alone_is_told() -> None:
    old, new = Cell(0, 1, "", FIT6), Cell(0, 1, "", FIT8)
    assert compare([old], [new]).changes[0].facts["guessed"] is True
    formed = compare([Cell(0, 4, "i", "x=1")], [Cell(0, 5, "i", "x = 1")])
    assert formed.changes[0].facts["form_only"] is True
    assert (formed.changes[0].old, formed.changes[0].new) == (4, 5)


def test_parts_are_compared_without_reading_equal_ones() -> None:
    store = MemoryStore()
    one, _ = keep(store, log(30), [1, 2, 29], 29)
    other, _ = keep(store, log(31), [1, 2, 29], 30)

    def refuse(digest: str) -> bytes:
        raise AssertionError("read")

    assert part_of.diff(one, other, refuse) == []
    assert part_of.comparison(one, other, refuse).same == 3
    edited = log(30)
    edited[29] = Cell(29, 30, "id-29", "x29 = 30")
    third, _ = keep(store, edited, [1, 2, 29], 29)
    (change,) = part_of.diff(one, third, store.get)
    assert (change.section, change.name, change.what) == ("code", "cell 30", "changed")
    assert part_of.comparison(one, third, store.get).same == 2


lines = st.lists(st.sampled_from(["a", "b", "c", "d = 1", "", "  e"]), max_size=12)


@settings(max_examples=200)
@given(lines, lines)
def test_a_line_diff_turns_the_old_text_into_the_new(old: list[str], new: list[str]) -> None:
    out = line_diff("\n".join(old), "\n".join(new))
    removed = sorted(line[2:] for line in out if line.startswith("- "))
    added = sorted(line[2:] for line in out if line.startswith("+ "))
    left = sorted("\n".join(old).split("\n") if any(old) or len(old) > 1 else [])
    right = sorted("\n".join(new).split("\n") if any(new) or len(new) > 1 else [])
    for line in removed:
        left.remove(line)
    for line in added:
        right.remove(line)
    assert left == right


@settings(max_examples=100)
@given(st.lists(st.sampled_from(["a = 1", "b = 2\nc()", FIT6, FIT8, "x"]), max_size=8))
def test_nothing_differs_from_itself(sources: list[str]) -> None:
    cells = [Cell(i, i + 1, "", source) for i, source in enumerate(sources)]
    found = compare(cells, cells)
    assert found.changes == ()
    assert found.same == len(cells)


def test_long_cells_are_bounded() -> None:
    rng = random.Random(0)
    old = "\n".join(f"x = {rng.random()}" for _ in range(50_000))
    new = "\n".join(f"x = {rng.random()}" for _ in range(50_000))
    (change,) = compare([Cell(0, 1, "i", old)], [Cell(0, 1, "i", new)]).changes
    assert len(change.lines) == 2_001
    assert change.lines[-1] == "... 98,000 more lines"
    same = ["x"] * 20_000
    (change,) = compare(
        [Cell(0, 1, "i", "\n".join(same))],
        [Cell(0, 1, "i", "\n".join([*same[:9_000], "y", *same]))],
    ).changes
    assert len(change.lines) <= 2_001
