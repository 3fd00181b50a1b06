"""What a column held in training as a small SVG picture: how amounts spread, shares of categories;
and a figure of several groups beside each other.

Drawn from a profile, which has eleven quantiles or twenty categories; so the area of a bar is what
lies between two quantiles, and nothing is made up between them. Knows no styles but the text's own
colour, so that it reads on light and on dark; what a mouse finds are titles.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snapbook.canonical import Json

_WIDE, _HIGH, _LINE = 240, 96, 16
_TOP = 20
_MOST_BARS = 5
_LETTERS = 18
_LONGEST = 34


@dataclass(frozen=True, slots=True)
class Plot:
    """``title`` over either ``edges``, between any two of which lies the same share of the rows, or
    ``bars``, each a label and its share, or ``levels``, each a label and its figure, all of which
    are drawn. ``ends`` are what the outermost edges are called.
    """

    title: str
    edges: tuple[float, ...] = ()
    ends: tuple[str, str] = ("", "")
    bars: tuple[tuple[str, float], ...] = ()
    levels: tuple[tuple[str, float], ...] = ()


def plot(title: str, profile: Any, ends: tuple[str, str]) -> Plot | None:
    """The picture of a column's ``profile``; None where that tells of no spread."""
    if not isinstance(profile, Mapping):
        return None
    edges = _numbers(profile.get("quantiles"))
    if len(edges) > 1 and 0 < edges[-1] - edges[0] < math.inf:
        return Plot(title, edges, ends)
    bars = _shares(profile.get("top"))
    return Plot(title, bars=bars) if bars else None


def svg(plot: Plot) -> str:
    """The picture as an element; text in it is escaped."""
    high = _HIGH + _LINE
    if plot.levels:
        inner, high = _levels(plot), _TOP + len(plot.levels) * _LINE
    else:
        inner = _spread(plot) if plot.edges else _bars(plot)
    title = _text(2, 12, _short(plot.title, _LONGEST), "font-weight:600")
    return (
        f'<svg viewBox="0 0 {_WIDE} {high}" role="img" width="{_WIDE}"'
        f' xmlns="http://www.w3.org/2000/svg"><title>{html.escape(_short(plot.title))}</title>{title}'
        f"{inner}</svg>"
    )


def _spread(plot: Plot) -> str:
    """A bar between each two quantiles, as wide as they lie apart: as high as rows lie dense."""
    low, span = plot.edges[0], plot.edges[-1] - plot.edges[0]
    bars = _between(plot.edges, span, 1 / max(200, 2 * len(plot.edges)))
    # By their parts of the span, which may be the smallest number there is.
    most = max(held / ((right - left) / span) for left, right, held in bars)
    drawn = []
    for left, right, held in bars:
        wide = (right - left) / span
        x = (left - low) / span * (_WIDE - 4) + 2
        high = held / wide / most * (_HIGH - _TOP)
        broad = max(wide * (_WIDE - 4) - 0.5, 0.8)
        said = f"{held:.0%} of the rows: {left:.6g} to {right:.6g}"
        drawn.append(_rect(x, _HIGH - high, broad, high, said))
    first, last = plot.ends
    return (
        "".join(drawn)
        + _text(2, _HIGH + 12, _short(first, _LETTERS))
        + _text(_WIDE - 2, _HIGH + 12, _short(last, _LETTERS), "text-anchor:end")
    )


def _between(
    edges: tuple[float, ...], span: float, least: float
) -> list[tuple[float, float, float]]:
    """What lies between neighbours: (from, to, share). Where many rows have one and the same value,
    quantiles are alike: what is narrower than the part ``least`` of ``span`` belongs to what comes
    next, or to the last.
    """
    share = 1 / (len(edges) - 1)
    bars: list[tuple[float, float, float]] = []
    left, held = edges[0], 0.0
    for right in edges[1:]:
        held += share
        if (right - left) / span >= least:
            bars.append((left, right, held))
            left, held = right, 0.0
    if held:
        first, _, more = bars.pop()
        bars.append((first, edges[-1], more + held))
    return bars


def _bars(plot: Plot) -> str:
    """Shares from the left, the most frequent on top, and what all others come to."""
    shown = list(plot.bars[:_MOST_BARS])
    rest = 1 - sum(share for _, share in shown)
    if rest > 0.005:
        shown[_MOST_BARS - 1 :] = [
            ("all others", 1 - sum(share for _, share in shown[: _MOST_BARS - 1]))
        ]
    half = _WIDE / 2
    drawn = []
    for at, (label, share) in enumerate(shown):
        y = _TOP + at * _LINE
        drawn.append(_text(2, y + 11, _short(label, _LETTERS)))
        wide = max(share * (half - 44), 0.8)
        drawn.append(_rect(half, y + 2, wide, _LINE - 5, f"{label}: {share:.1%} of the rows"))
        drawn.append(_text(half + wide + 4, y + 11, f"{share:.0%}"))
    return "".join(drawn)


def _levels(plot: Plot) -> str:
    """Figures from nought, so that what is twice as long is twice as much; a share fills at 1."""
    values = [value for _, value in plot.levels]
    low, most = min(0.0, *values), max(0.0, *values)
    if low >= 0 and most <= 1:
        most = 1.0
    span = (most - low) or 1.0
    half, wide = _WIDE / 2, _WIDE / 2 - 46
    nought = half - low / span * wide
    drawn = []
    for at, (label, value) in enumerate(plot.levels):
        y = _TOP + at * _LINE
        drawn.append(_text(2, y + 11, _short(label, _LETTERS)))
        end = nought + value / span * wide
        left, right = min(nought, end), max(nought, end)
        drawn.append(_rect(left, y + 2, max(right - left, 0.8), _LINE - 5, f"{label}: {value:.6g}"))
        drawn.append(_text(half + wide + 4, y + 11, f"{value:.3g}"))
    return "".join(drawn)


def _rect(x: float, y: float, wide: float, high: float, said: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"'
        f' fill="#2f7ebc"><title>{html.escape(_short(said))}</title></rect>'
    )


def _text(x: float, y: float, said: str, style: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" style="font:11px system-ui,sans-serif;fill:currentColor;'
        f'{style}">{html.escape(said)}</text>'
    )


def _short(text: str, most: int = 200) -> str:
    line = "".join(char if char.isprintable() else " " for char in text)
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _numbers(values: Json) -> tuple[float, ...]:
    """Finite numbers in order; none where anything else is among them."""
    if not isinstance(values, Sequence) or isinstance(values, str):
        return ()
    found = [
        float(one)
        for one in values
        if isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one)
    ]
    return tuple(found) if len(found) == len(values) and found == sorted(found) else ()


def _shares(values: Json) -> tuple[tuple[str, float], ...]:
    if not isinstance(values, Sequence) or isinstance(values, str):
        return ()
    pairs: Any = values
    return tuple((str(label), float(share)) for label, share in pairs)
