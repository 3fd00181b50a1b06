"""Where a version came from, as a list: one line a thing, from files to aliases, each with what it
came from. Reads well aloud, and in a terminal.
"""

from __future__ import annotations

from collections.abc import Sequence

from snapbook.display.words import aligned, counted
from snapbook.verbs.values import Graph, Node

_ORDER = ("file", "module", "cell", "frame", "model", "alias")
_CODE = 56  # characters of a cell's line
_SOURCES = 8
_HEADINGS = {"alias": "aliases"}


def listed(graph: Graph) -> list[str]:
    """The lines of `lineage`."""
    nodes = {node.id: node for node in graph.nodes}
    sources: dict[str, list[str]] = {}
    # A sort keeps the order of the graph among things of one kind.
    for source, target in sorted(graph.edges, key=lambda edge: _ORDER.index(nodes[edge[0]].kind)):
        sources.setdefault(target, []).append(nodes[source].label)
    rows: list[list[str]] = []
    for kind in _ORDER:
        some = [node for node in graph.nodes if node.kind == kind]
        heading = _HEADINGS.get(kind, kind if len(some) == 1 else f"{kind}s")
        for at, node in enumerate(some):
            made_from = ", ".join(_few(sources.get(node.id, ())))
            rows.append(
                ["" if at else heading, *_told(node), f"<- {made_from}" if made_from else ""]
            )
    lines = [graph.echo] if graph.echo else []
    lines += [f"{graph.ref}  came from", *aligned(rows)]
    if graph.folded:
        lines.append(f"and {counted(graph.folded, 'thing')} more")
    return lines


def _few(names: Sequence[str]) -> list[str]:
    more = [f"+{len(names) - _SOURCES}"] if len(names) > _SOURCES else []
    return [*names[:_SOURCES], *more]


def _told(node: Node) -> tuple[str, str]:
    """Its name, and what more there is to say."""
    if node.kind in ("file", "module"):
        return node.label, node.detail if node.detail != node.label else ""
    if node.kind == "frame":
        return node.label, node.detail.removeprefix(node.label).strip()
    if node.kind == "alias":
        return node.label, ""
    detail = node.detail
    return node.label, detail if len(detail) <= _CODE else detail[: _CODE - 3] + "..."
