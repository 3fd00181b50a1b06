"""Diff of two 100-cell notebooks, with and without cell ids, against nbdime in the same process.

Both sides are given the notebooks in memory and give a list of changes. Our caches of parsed cells
are emptied before each round.
"""

from __future__ import annotations

import random

import nbdime
import nbformat
from rows import race, row

from snapbook.lineage.log import Cell
from snapbook.lineage.normal import normal_code
from snapbook.lineage.syntax import plain
from snapbook.parts.celldiff import compare

ROUNDS = 7


def sources(rng: random.Random) -> list[str]:
    """A hundred cells of 3 to 25 lines, as a notebook of data science has them."""
    cells = []
    for place in range(100):
        lines = [f"# step {place}", f"frame_{place} = load('part-{place}.csv')"]
        for line in range(rng.randrange(1, 24)):
            column, value = rng.choice("abcdefgh"), rng.randrange(100)
            lines.append(f"frame_{place}['{column}{line}'] = frame_{place}['{column}'] * {value}")
        cells.append("\n".join(lines))
    return cells


def edited(old: list[str], rng: random.Random) -> list[str]:
    """Ten cells edited, two added, two removed, one moved."""
    new = list(old)
    for place in rng.sample(range(100), 10):
        lines = new[place].split("\n")
        lines[rng.randrange(len(lines))] += " + 1"
        new[place] = "\n".join(lines)
    new.insert(30, "extra = summary(frame_1)\nextra.plot()")
    new.insert(60, "other = summary(frame_2)")
    del new[80], new[10]
    new.insert(5, new.pop(50))
    return new


def notebook(cells: list[str], ids: list[str] | None) -> nbformat.NotebookNode:
    """The cells as nbdime takes them."""
    made = nbformat.v4.new_notebook()
    made.nbformat_minor = 5 if ids else 4
    for place, source in enumerate(cells):
        cell = nbformat.v4.new_code_cell(source)
        del cell["id"]
        if ids:
            cell["id"] = ids[place]
        made.cells.append(cell)
    return made


def cold(old: list[Cell], new: list[Cell]) -> None:
    """Our diff, with nothing known from an earlier one."""
    normal_code.cache_clear()
    plain.cache_clear()
    compare(old, new)


def measure(name: str, with_ids: bool) -> None:
    """Print one row."""
    rng = random.Random(0)
    old = sources(rng)
    new = edited(old, rng)
    known = {source: f"id-{place}" for place, source in enumerate(old)}
    old_ids = [known[source] for source in old]
    # An edited cell keeps the id of the one that it resembles: its first line says which.
    first = {source.split("\n")[0].split(" +")[0]: name for source, name in known.items()}
    new_ids = [first.get(s.split("\n")[0].split(" +")[0], f"new-{i}") for i, s in enumerate(new)]
    ours_old = [Cell(i, i, old_ids[i] if with_ids else "", s) for i, s in enumerate(old)]
    ours_new = [Cell(i, i, new_ids[i] if with_ids else "", s) for i, s in enumerate(new)]
    theirs_old = notebook(old, old_ids if with_ids else None)
    theirs_new = notebook(new, new_ids if with_ids else None)
    found = {change.what for change in compare(ours_old, ours_new).changes}
    assert found == {"added", "removed", "changed", "moved"}, found
    ours, peer = race(
        lambda: cold(ours_old, ours_new),
        lambda: nbdime.diff_notebooks(theirs_old, theirs_new),
        times=ROUNDS,
    )
    row(name, ours, peer, f"nbdime {nbdime.__version__} diff_notebooks")


def main() -> None:
    """Print both rows."""
    measure("diff of two 100-cell notebooks with cell ids", True)
    measure("diff of two 100-cell notebooks without cell ids", False)


if __name__ == "__main__":
    main()
