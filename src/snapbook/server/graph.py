"""Where a model came from, as a graph: files -> frames -> cells -> model -> aliases.

Told from the source of the cells that made the model, by static analysis alone: a cell that binds a
frame's name gave it, one that names a file read it. Nothing is executed; what cannot be told is
left out rather than guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from snapbook.catalog.rows import VersionRow
from snapbook.lineage.analyse import analyse
from snapbook.lineage.log import Cell
from snapbook.lineage.slice import Lineage
from snapbook.lineage.syntax import own_line
from snapbook.parts import cells as cells_part
from snapbook.parts import files, frame
from snapbook.parts.base import Part

MOST = 200
_MOST_CELLS = 120
_LABEL = 80
Get = Callable[[str], bytes]


@dataclass(slots=True)
class _Graph:
    nodes: dict[str, dict[str, str]] = field(default_factory=dict)
    edges: dict[tuple[str, str], None] = field(default_factory=dict)
    folded: int = 0

    def node(self, kind: str, name: str, label: str, detail: str, section: str) -> str:
        """Add a node and give its id; past the limit it is only counted."""
        identity = f"{kind}:{name}"
        if identity not in self.nodes:
            if len(self.nodes) >= MOST:
                self.folded += 1
            else:
                self.nodes[identity] = {
                    "id": identity,
                    "kind": kind,
                    "label": label[:_LABEL],
                    "detail": detail[:_LABEL],
                    "section": section,
                }
        return identity

    def edge(self, source: str, target: str) -> None:
        """Add an edge between nodes that are there."""
        if source in self.nodes and target in self.nodes and source != target:
            self.edges[source, target] = None

    def told(self) -> dict[str, Any]:
        """The graph as JSON."""
        value: dict[str, Any] = {"nodes": list(self.nodes.values()), "edges": list(self.edges)}
        return {**value, "folded": self.folded} if self.folded else value


def graph(version: VersionRow, parts: Sequence[Part], get: Get) -> dict[str, Any]:
    """The graph of a version: {nodes, edges, folded?}, at most `MOST` nodes."""
    out = _Graph()
    held = next((part for part in parts if part.kind == "model"), None)
    name = held.name if held is not None else version.model
    model = out.node("model", version.ref, name, version.class_name, "model")
    for alias in version.aliases:
        out.edge(model, out.node("alias", alias, f"@{alias}", version.ref, "events"))
    frames = [part for part in parts if part.kind == "frame"]
    for part in frames:
        out.node("frame", part.name, part.name, frame.summary(part), "data")
    made = _made(parts, get)
    shown = made[-_MOST_CELLS:]
    out.folded += len(made) - len(shown)
    _cells(out, shown, {part.name for part in frames}, model)
    if not shown:
        for part in frames:
            out.edge(f"frame:{part.name}", model)
    _files(out, parts, shown)
    return out.told()


def _made(parts: Sequence[Part], get: Get) -> list[Cell]:
    part = next((part for part in parts if part.kind == "cells"), None)
    return cells_part.made_cells(part, get) if part is not None else []


def _cells(out: _Graph, cells: Sequence[Cell], frames: set[str], model: str) -> None:
    """Cells, the frames that they give and take, and what else they take of each other."""
    lineage = Lineage()
    lineage.extend(cells)
    given: dict[str, int] = {}
    uses = [analyse(cell.source) for cell in cells]
    for place, one in enumerate(uses):
        for name in (one.binds | one.mutates) & frames:
            given[name] = place
    for place, (cell, one) in enumerate(zip(cells, uses, strict=True)):
        here = out.node("cell", str(cell.index), _number(cell), _first_line(cell), "cells")
        taken: set[int] = set()
        for name in sorted((one.reads | one.binds | one.mutates) & frames):
            if given.get(name) == place:
                out.edge(here, f"frame:{name}")
            elif name in one.reads and given.get(name, -1) < place:
                out.edge(f"frame:{name}", here)
                taken.add(given.get(name, -1))
        for before in sorted(lineage.needs(place) - taken):
            out.edge(f"cell:{cells[before].index}", here)
    if cells:
        out.edge(f"cell:{cells[-1].index}", model)


def _files(out: _Graph, parts: Sequence[Part], cells: Sequence[Cell]) -> None:
    """Files that were read and local modules, at the cells whose text names them."""
    for part in parts:
        if part.kind != "files" or part.name not in ("read", "modules"):
            continue
        kind = "file" if part.name == "read" else "module"
        for entry in files.entries(part):
            path = str(entry.get("path", ""))
            short = path.rpartition("/")[2]
            label = str(entry.get("module") or short) if kind == "module" else short
            identity = out.node(kind, path, label, path, "files")
            for cell in _naming(cells, kind, label):
                out.edge(identity, f"cell:{cell.index}")


def _naming(cells: Sequence[Cell], kind: str, name: str) -> Iterable[Cell]:
    """The cells that name a file in their text, or import a module."""
    if kind == "file":
        return [cell for cell in cells if name and name in cell.source]
    return [
        cell
        for cell in cells
        if any(name == one or one.startswith(f"{name}.") for one in analyse(cell.source).imports)
    ]


def _number(cell: Cell) -> str:
    return f"[{cell.n}]" if cell.n else "[ ]"


def _first_line(cell: Cell) -> str:
    """The first line that says something, for people."""
    lines = (line.strip() for line in cell.source.splitlines())
    return next((line for line in lines if line and not own_line(line)), "")
