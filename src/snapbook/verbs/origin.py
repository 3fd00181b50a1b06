"""lineage: where a model came from, as a graph from files over cells and frames to aliases.

Told from the stored text of the cells that made the model, by static analysis: a cell that binds a
frame's name gave it, one that names a file read it. Nothing is executed and no object is looked at;
what cannot be told is left out rather than guessed. Edges go from the earlier to the later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from snapbook.catalog.rows import VersionRow
from snapbook.lineage.analyse import analyse
from snapbook.lineage.log import Cell
from snapbook.lineage.roles import roles
from snapbook.lineage.slice import Lineage
from snapbook.lineage.syntax import own_line
from snapbook.parts import cells as cells_part
from snapbook.parts import files, frame
from snapbook.parts.base import Part
from snapbook.parts.reads import names_in
from snapbook.repository import Repository
from snapbook.verbs import look
from snapbook.verbs.here import Here
from snapbook.verbs.values import Graph, Node

if TYPE_CHECKING:
    from snapbook.verbs.table import Asked

MOST = 200
_MOST_CELLS = 120  # the newest; what they build on may be thousands
_MOST_UNNAMED = 10  # files of which no cell gives the name: shown while they are few
_LABEL = 80


def lineage(here: Here, asked: Asked) -> Graph:
    """The verb: the graph of one version."""
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref or look.default_ref(here, repository))
    return graph(repository, version, echo=echo)


def graph(
    repository: Repository,
    version: VersionRow,
    parts: Sequence[Part] | None = None,
    *,
    most: int = MOST,
    echo: str = "",
) -> Graph:
    """Where ``version`` came from, in at most ``most`` nodes; ``parts`` are its own, if they are
    at hand. Raises Damaged, NotFound.
    """
    parts = repository.parts(version.manifest) if parts is None else parts
    log = next((part for part in parts if part.kind == "cells"), None)
    made = cells_part.made_cells(log, repository.store.get) if log is not None else []
    out = _Drawing(most)
    model = _model(out, version, parts)
    frames = [part for part in parts if part.kind == "frame"]
    for part in frames:
        out.node("frame", part.name, part.name, _told(part), "data")
    shown = made[-min(_MOST_CELLS, most) :]
    out.folded += len(made) - len(shown)
    _cells(out, shown, frames, model)
    _files(out, parts, shown)
    return Graph(version.ref, tuple(out.nodes.values()), tuple(out.edges), out.folded, echo)


@dataclass(slots=True)
class _Drawing:
    """A graph that grows up to ``most`` nodes; further ones are counted."""

    most: int
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: dict[tuple[str, str], None] = field(default_factory=dict)
    folded: int = 0

    def node(self, kind: str, name: str, label: str, detail: str, section: str) -> str:
        """Add a node, if there is room; gives its id."""
        identity = f"{kind}:{name}"
        if identity in self.nodes:
            return identity
        if len(self.nodes) >= self.most:
            self.folded += 1
        else:
            self.nodes[identity] = Node(identity, kind, label[:_LABEL], detail[:_LABEL], section)
        return identity

    def edge(self, source: str, target: str) -> None:
        """Add an edge between nodes that are there."""
        if source in self.nodes and target in self.nodes and source != target:
            self.edges[source, target] = None


def _model(out: _Drawing, version: VersionRow, parts: Sequence[Part]) -> str:
    held = next((part for part in parts if part.kind == "model"), None)
    name = held.name if held is not None else version.model
    model = out.node("model", version.ref, name, version.class_name, "model")
    for alias in version.aliases:
        out.edge(model, out.node("alias", alias, f"@{alias}", version.ref, "events"))
    return model


def _told(part: Part) -> str:
    """A frame in a few words: "X_train 426x30 train"."""
    return f"{frame.summary(part)} {part.facts.get('role') or ''}".strip()


def _cells(out: _Drawing, cells: Sequence[Cell], frames: Sequence[Part], model: str) -> None:
    """Cells, the frames that they give and take, and what else they take of each other."""
    names = {part.name for part in frames}
    steps = Lineage()
    steps.extend(cells)
    uses = [analyse(cell.source) for cell in cells]
    given: dict[str, int] = {}
    for at, one in enumerate(uses):
        given |= dict.fromkeys((one.binds | one.mutates) & names, at)
    taken: set[str] = set()
    for at, (cell, one) in enumerate(zip(cells, uses, strict=True)):
        here = out.node("cell", str(cell.index), _number(cell), _first_line(cell), "cells")
        through: set[int] = set()
        for name in sorted((one.reads | one.binds | one.mutates) & names):
            if given.get(name) == at:
                out.edge(here, f"frame:{name}")
            elif name in one.reads and given.get(name, -1) < at:
                out.edge(f"frame:{name}", here)
                through.add(given.get(name, -1))
                taken.add(name)
        for before in sorted(steps.needs(at) - through):
            out.edge(_of(cells[before]), here)
    last = _of(cells[-1]) if cells else model
    for name in sorted(names - taken):
        # Inside a function, or under another name: the versioned cell took it, or it was not kept.
        if given.get(name, -1) < len(cells) - 1:
            out.edge(f"frame:{name}", last)
    out.edge(_maker(cells, out.nodes[model].label, last), model)


def _maker(cells: Sequence[Cell], variable: str, last: str) -> str:
    """The newest cell that bound or fitted the model's variable, else the versioned cell."""
    for cell in reversed(cells):
        if variable in analyse(cell.source).binds or variable in roles(cell.source).fitted:
            return _of(cell)
    return last


def _files(out: _Drawing, parts: Sequence[Part], cells: Sequence[Cell]) -> None:
    """Files that were read and local modules, at the cells whose text names them."""
    for part in parts:
        if part.kind != "files" or part.name not in ("read", "modules"):
            continue
        entries = files.entries(part)
        for entry in entries:
            path = str(entry.get("path", ""))
            short = path.rpartition("/")[2]
            module = str(entry.get("module") or short)
            kind, label = ("file", short) if part.name == "read" else ("module", module)
            by = list(_naming(cells, kind, label))
            if not by and (kind == "module" or len(entries) > _MOST_UNNAMED):
                out.folded += 1
                continue
            identity = out.node(kind, path, label, path, "files")
            for cell in by:
                out.edge(identity, _of(cell))


def _naming(cells: Sequence[Cell], kind: str, name: str) -> Iterable[Cell]:
    """The cells that name a file they read in their text, or import a module."""
    for cell in cells:
        if kind == "file":
            told = names_in(cell.source) if name and name in cell.source else ()
            if any(text.rpartition("/")[2] == name for text in told):
                yield cell
        elif any(one == name or one.startswith(f"{name}.") for one in analyse(cell.source).imports):
            yield cell


def _of(cell: Cell) -> str:
    return f"cell:{cell.index}"


def _number(cell: Cell) -> str:
    return f"[{cell.n}]" if cell.n else "[ ]"


def _first_line(cell: Cell) -> str:
    """The first line that says something, for people."""
    lines = [line.strip() for line in cell.source.splitlines()]
    telling = [line for line in lines if line and not own_line(line)]
    code = [line for line in telling if not line.startswith("#")]
    doing = [line for line in code if not line.startswith(("import ", "from "))]
    return next(iter(doing or code or telling), "")
