"""The cells that a kernel executed, kept so that a log which only grew costs only what is new.

Knows how a log becomes blobs and a notebook. It must not know what cells mean: which of them made
the model is told by the caller (`lineage.slice`). The log is cut like a binary counter into blocks
of 8, 16, 32, ... cells that never change once they are full, so that of ten thousand cells a dozen
blobs are listed and all but the last are already there. Each block is canonical JSON, a line a
cell, in the order of execution.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from snapbook import canonical
from snapbook.errors import Damaged
from snapbook.lineage.log import Cell
from snapbook.parts.base import Change, Part
from snapbook.parts.celldiff import Comparison, compare
from snapbook.store.base import Writer

SMALLEST_BLOCK = 8
_INLINE = 65_536  # characters; a longer source is a blob of its own, so that a re-run is free
_LISTED = 500  # made cells that stand in the facts; more stand in a blob
_CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
Get = Callable[[str], bytes]


def blocks(count: int) -> Iterator[tuple[int, int]]:
    """The (start, stop) of each block: powers of two, aligned, then what is left."""
    start = 0
    full = count - count % SMALLEST_BLOCK
    while start < full:
        size = 1 << ((full - start).bit_length() - 1)
        yield start, start + size
        start += size
    if start < count:
        yield start, count


def capture(
    cells: Sequence[Cell], made: Sequence[int], current: int, writer: Writer, warnings: int = 0
) -> Part:
    """The log as a Part. ``made`` are the indices of the cells that made the model, ascending;
    ``current`` is the versioned cell; ``warnings`` how many libraries gave while it was versioned.
    """
    log: list[str] = []
    sources: dict[str, None] = {}
    for start, stop in blocks(len(cells)):
        block = cells[start:stop]
        for cell in block:
            if len(cell.source) > _INLINE:
                sources[writer.add(_source_bytes(cell))] = None
        log.append(writer.add(b"\n".join(map(_line, block))))
    facts: dict[str, canonical.Json] = {
        "count": len(cells),
        "current": current,
        "made_count": len(made),
        "code": canonical.digest(canonical.encode([cells[index].source for index in made])),
    }
    if warnings:
        facts["warnings"] = warnings
    blobs = [*log, *sources]
    if len(made) <= _LISTED:
        facts["made"] = list(made)
        facts["numbers"] = [cells[index].n for index in made]
    else:
        blobs.append(writer.add(canonical.encode(list(made))))
    return Part("cells", "cells", facts, tuple(blobs))


def restore(part: Part, get: Get) -> list[Cell]:
    """All cells of the log, in the order of their execution. Raises Damaged, NotFound."""
    return [
        cell
        for place, (start, stop) in enumerate(blocks(_count(part)))
        for cell in _block(part, place, start, stop, get)
    ]


def block_digests(part: Part) -> tuple[str, ...]:
    """The blobs of the log, one a block: versions of one kernel share all but the last."""
    return part.blobs[: sum(1 for _ in blocks(_count(part)))]


def block(part: Part, place: int, get: Get) -> list[Cell]:
    """The cells of one block. Raises Damaged, NotFound."""
    for at, (start, stop) in enumerate(blocks(_count(part))):
        if at == place:
            return _block(part, place, start, stop, get)
    return []


def made(part: Part, get: Get) -> list[int]:
    """The indices of the cells that made the model, ascending."""
    value: Any = part.facts.get("made")
    if value is None:
        value = _decoded(get(part.blobs[-1]))
    if not isinstance(value, list) or not all(type(item) is int for item in value):
        raise Damaged("The list of cells cannot be read")
    return value


def made_cells(part: Part, get: Get) -> list[Cell]:
    """The cells that made the model; only the blocks that hold one are read."""
    wanted = made(part, get)
    held: dict[int, Cell] = {}
    for place, (start, stop) in enumerate(blocks(_count(part))):
        if any(start <= index < stop for index in wanted):
            held.update((cell.index, cell) for cell in _block(part, place, start, stop, get))
    try:
        return [held[index] for index in wanted]
    except KeyError as error:
        raise Damaged("A cell is not in the log", f"index {error}") from error


def diff(old: Part, new: Part, get: Get) -> list[Change]:
    """What differs in the code that made the two models, cell by cell."""
    return list(comparison(old, new, get).changes)


def comparison(old: Part, new: Part, get: Get) -> Comparison:
    """As `diff`, with the number of cells that are the same."""
    if old.facts.get("code") == new.facts.get("code") and "code" in old.facts:
        count = new.facts.get("made_count", 0)
        return Comparison((), count if isinstance(count, int) else 0)
    return compare(made_cells(old, get), made_cells(new, get))


def as_notebook(cells: Sequence[Cell], made: Sequence[int], what: str = "made") -> dict[str, Any]:
    """A notebook (nbformat 4.5) of the executed cells, in the order of execution: those that
    ``made`` the model, or with ``what`` = "all" the whole log. It has no outputs.
    """
    chosen = cells if what == "all" else [cells[index] for index in made]
    taken: set[str] = set()
    return {
        "cells": [_as_cell(cell, taken) for cell in chosen],
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


@lru_cache(maxsize=16_384)
def _line(cell: Cell) -> bytes:
    """A cell as JSON. Cached, since each version writes the whole log anew into its blocks."""
    facts = cell.facts()
    if len(cell.source) > _INLINE:
        facts["source"] = ""
        facts["blob"] = canonical.digest(_source_bytes(cell))
    return canonical.encode(facts)


def _source_bytes(cell: Cell) -> bytes:
    return cell.source.encode("utf-8", "replace")


def _as_cell(cell: Cell, taken: set[str]) -> dict[str, Any]:
    wanted = cell.id if _CELL_ID.fullmatch(cell.id) else f"cell-{cell.index}"
    name = wanted
    # A cell that ran twice stands twice, and ids must differ.
    while name in taken:
        name = f"{wanted[:50]}-{cell.index}" if name == wanted else f"{name[:60]}-x"
    taken.add(name)
    return {
        "cell_type": "code",
        "execution_count": cell.n or None,
        "id": name,
        "metadata": {},
        "outputs": [],
        "source": cell.source,
    }


def _count(part: Part) -> int:
    count = part.facts.get("count")
    if type(count) is not int or not 0 <= count <= 10_000_000:
        raise Damaged("The log's length cannot be read")
    return count


def _block(part: Part, place: int, start: int, stop: int, get: Get) -> list[Cell]:
    if place >= len(part.blobs):
        raise Damaged("The log of cells is cut")
    cells = []
    for line in get(part.blobs[place]).split(b"\n"):
        facts = _decoded(line)
        if isinstance(facts, dict) and "blob" in facts:
            facts["source"] = get(str(facts["blob"])).decode("utf-8", "replace")
        try:
            cells.append(Cell.from_facts(facts))
        except ValueError as error:
            raise Damaged("A cell of the log cannot be read", str(error)) from error
    if [cell.index for cell in cells] != list(range(start, stop)):
        raise Damaged("The log of cells is cut")
    return cells


def _decoded(data: bytes) -> Any:
    try:
        return canonical.decode(data)
    except ValueError as error:
        raise Damaged("The log of cells cannot be read", str(error)) from error
