"""Which earlier cells a cell depends on, and the key of their code.

Conservative: rather a cell too many than one too few. Knows the log and the Uses of its cells,
nothing of kernels, versions or parts.
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from snapbook import canonical
from snapbook.lineage import words
from snapbook.lineage.analyse import analyse
from snapbook.lineage.flow import Flow
from snapbook.lineage.log import Cell
from snapbook.lineage.normal import normal_code
from snapbook.lineage.uses import Body


@dataclass(frozen=True, slots=True)
class Slice:
    """The cells that made something.

    ``indices`` into the log, ascending; a versioned cell itself is the last of them. ``reads`` are
    names that they need and none of them binds (and that are no builtins), ``imports`` the modules
    they import, ``functions`` the notebook's functions and classes that they define. ``whole`` is
    False where a cell among them did not parse or may bind names that nobody can see.
    """

    indices: tuple[int, ...]
    reads: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    whole: bool = True


class Lineage:
    """The dependencies between the cells of one log, kept up to date as it grows."""

    def __init__(self) -> None:
        self._flow = Flow()
        self._steps: list[tuple[Cell, frozenset[int], frozenset[str]]] = []

    def extend(self, cells: Sequence[Cell]) -> None:
        """Take in the cells that are new since the last time; ``cells`` is the whole log."""
        for cell in cells[len(self._steps) :]:
            uses = analyse(cell.source)
            # One that ran and cannot be read may have bound anything.
            star = uses.star or (uses.broken and cell.outcome == "ok")
            place = len(self._steps)
            needs = self._flow.step(place, uses.events, complete=cell.complete, star=star)
            # One act, so that an interrupt leaves whole steps.
            self._steps.append((cell, needs, frozenset(self._flow.free)))

    def slice(self, target: int, names: Iterable[str] | None = None) -> Slice:
        """What the cell at ``target`` depends on, itself included; with ``names``: what their
        values after that cell depend on.
        """
        roots = {target} if names is None else self._writers(target, names)
        found: set[int] = set()
        queue = list(roots)
        while queue:
            index = queue.pop()
            if index not in found:
                found.add(index)
                queue.extend(self._steps[index][1] - found)
        return self._described(tuple(sorted(found)))

    def needs(self, index: int) -> frozenset[int]:
        """The cells that the cell at ``index`` depends on directly."""
        return self._steps[index][1]

    def _writers(self, target: int, names: Iterable[str]) -> set[int]:
        """The last writers of ``names`` and of all that their code would read."""
        found: set[int] = set()
        queue, seen = list(names), set(names)
        for name in queue:
            writers = self._flow.writers.get(name, [])
            place = bisect.bisect_right(writers, target)
            if place:
                found.add(writers[place - 1])
            for body in self._carried(name, target):
                fresh = body.reads - seen
                seen |= fresh
                queue.extend(fresh)
        return found

    def _carried(self, name: str, target: int) -> frozenset[Body]:
        history = self._flow.bodies.get(name, [])
        place = bisect.bisect_right(history, target, key=lambda entry: entry[0])
        return history[place - 1][1] if place else frozenset()

    def _described(self, indices: tuple[int, ...]) -> Slice:
        reads: set[str] = set()
        imports: set[str] = set()
        functions: set[str] = set()
        bound: set[str] = set()
        whole = True
        for index in indices:
            cell, _, free = self._steps[index]
            uses = analyse(cell.source)
            reads.update(free - bound)
            bound |= uses.binds
            imports |= uses.imports
            functions.update(uses.functions)
            whole = whole and not uses.broken and not uses.star
        outside = frozenset(name for name in reads - words.BUILTIN if name.isidentifier())
        return Slice(indices, outside, frozenset(imports), frozenset(functions), whole)


def slice_for(
    cells: Sequence[Cell], target_index: int, names: Iterable[str] | None = None
) -> Slice:
    """The slice of the cell at ``target_index``; see `Lineage.slice`. For a log that grows, keep a
    `Lineage` and extend it.
    """
    lineage = Lineage()
    lineage.extend(cells[: target_index + 1])
    return lineage.slice(target_index, names)


def code_key(cells: Sequence[Cell], made: Slice, modules: Mapping[str, str]) -> str:
    """The digest of the code that made something: equal for code that differs in form alone.

    ``modules`` are the digests of local modules by name. A cell that was run again counts once,
    where it ran last: running a fit twice makes no other model.
    """
    codes = [normal_code(cells[index].source) for index in made.indices]
    last = {code: place for place, code in enumerate(codes)}
    kept = [code for place, code in enumerate(codes) if last[code] == place and code]
    return canonical.digest(json.dumps([kept, sorted(modules.items())]).encode())
