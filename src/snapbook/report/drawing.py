"""Things and arrows as an SVG picture: layer under layer, so that it fits a sheet of paper.

A layer is how far a thing lies from the beginnings (longest path). Knows no HTML beyond escaping.
"""

from __future__ import annotations

from collections.abc import Sequence

from snapbook.report.told import Node, Picture
from snapbook.report.words import clean

_WIDE, _HIGH, _GAP, _LEAP = 168, 40, 14, 34
_ABREAST = 4
_MOST_LETTERS = 22
_COLOURS = {
    "file": "#8a6d1f",
    "module": "#8a6d1f",
    "cell": "#44556b",
    "frame": "#1f6f5c",
    "model": "#9a3412",
    "alias": "#5b3a9a",
}


def svg(picture: Picture) -> str:
    """The picture as an element; text in it is escaped."""
    rows = _rows(_layers(picture))
    width = _ABREAST * (_WIDE + _GAP) + _GAP
    places = {node.id: (x, y) for y, row in enumerate(rows) for node, x in _placed(row, width)}
    height = len(rows) * (_HIGH + _LEAP) - _LEAP + 2 * _GAP
    lines = [_edge(places[a], places[b]) for a, b in picture.edges if a in places and b in places]
    boxes = [_box(node, *places[node.id]) for row in rows for node in row]
    return (
        f'<svg class="lineage" viewBox="0 0 {width} {height}" role="img"'
        ' xmlns="http://www.w3.org/2000/svg"><title>Lineage</title>'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
        ' markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#8b94a3"/></marker></defs>'
        + "".join(lines)
        + "".join(boxes)
        + "</svg>"
    )


def _layers(picture: Picture) -> list[list[Node]]:
    """Nodes by their distance from the beginnings; what lies in a circle stays where it is."""
    before: dict[str, list[str]] = {node.id: [] for node in picture.nodes}
    for source, target in picture.edges:
        if source in before and target in before:
            before[target].append(source)
    depth: dict[str, int] = dict.fromkeys(before, 0)
    for _ in range(len(before)):
        found = {
            name: max((depth[one] + 1 for one in sources), default=0)
            for name, sources in before.items()
        }
        found = {name: min(at, len(before) - 1) for name, at in found.items()}
        if found == depth:
            break
        depth = found
    # A beginning stands right above what it leads to, not at the top of the sheet.
    after: dict[str, list[int]] = {name: [] for name in before}
    for name, sources in before.items():
        for source in sources:
            after[source].append(depth[name])
    for name, sources in before.items():
        if not sources and after[name]:
            depth[name] = max(0, min(after[name]) - 1)
    layers: dict[int, list[Node]] = {}
    for node in picture.nodes:
        layers.setdefault(depth[node.id], []).append(node)
    return [layers[at] for at in sorted(layers)]


def _rows(layers: Sequence[list[Node]]) -> list[list[Node]]:
    return [layer[at : at + _ABREAST] for layer in layers for at in range(0, len(layer), _ABREAST)]


def _placed(row: Sequence[Node], width: int) -> list[tuple[Node, int]]:
    used = len(row) * (_WIDE + _GAP) - _GAP
    left = (width - used) // 2
    return [(node, left + at * (_WIDE + _GAP)) for at, node in enumerate(row)]


def _top(y: int) -> int:
    return _GAP + y * (_HIGH + _LEAP)


def _edge(source: tuple[int, int], target: tuple[int, int]) -> str:
    x1, y1 = source[0] + _WIDE // 2, _top(source[1]) + _HIGH
    x2, y2 = target[0] + _WIDE // 2, _top(target[1]) - 2
    bend = max(16, abs(y2 - y1) // 2)
    return (
        f'<path class="edge" d="M{x1} {y1}C{x1} {y1 + bend} {x2} {y2 - bend} {x2} {y2}"'
        ' marker-end="url(#tip)"/>'
    )


def _box(node: Node, x: int, y: int) -> str:
    colour = _COLOURS.get(node.kind, "#44556b")
    top = _top(y)
    return (
        f'<g><rect x="{x}" y="{top}" width="{_WIDE}" height="{_HIGH}" rx="5" fill="#fff"'
        f' stroke="{colour}"/><rect x="{x}" y="{top}" width="5" height="{_HIGH}" rx="2"'
        f' fill="{colour}"/>'
        f'<text x="{x + 13}" y="{top + 17}" class="label">{_short(node.label)}</text>'
        f'<text x="{x + 13}" y="{top + 31}" class="detail">{_short(node.detail or node.kind)}'
        f"</text></g>"
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return clean(line if len(line) <= _MOST_LETTERS else line[: _MOST_LETTERS - 1] + "…")
