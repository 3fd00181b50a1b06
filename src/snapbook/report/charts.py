"""Shares and figures over time as SVG pictures, readable on light and on dark.

Knows values and no styles: classes say what a stroke is, the page says how it looks. No scripts;
what a mouse finds are titles.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

from snapbook.report.told import Bars, Line
from snapbook.report.words import clean

_WIDE, _HIGH = 280, 130
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 30, 20
_MOST_LETTERS = 30
_MOST_POINTS = 120


def svg(chart: Bars | Line) -> str:
    """The picture as an element; text in it is escaped."""
    inner = _bars(chart) if isinstance(chart, Bars) else _line(chart)
    title = f'<text class="label" x="2" y="12">{_short(chart.title)}</text>'
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDE} {_HIGH}" role="img"'
        f' xmlns="http://www.w3.org/2000/svg"><title>{clean(chart.title)}</title>{title}{inner}</svg>'
    )


def _bars(chart: Bars) -> str:
    most = max((max(one, other) for _, one, other in chart.bins), default=0.0) or 1.0
    room = _WIDE - _LEFT - _RIGHT
    step = room / max(len(chart.bins), 1)
    wide = max(1.0, step * 0.4)
    parts = [_note(chart.note, "bad" if chart.moved else "")]
    parts += [_axis("0 %"), _axis(f"{most * 100:.3g} %", top=True)]
    for at, (label, before, now) in enumerate(chart.bins):
        x = _LEFT + at * step + (step - 2 * wide) / 2
        said = f"{label}: {before:.1%} in training, {now:.1%} now"
        parts.append(
            f"<g><title>{clean(said)}</title>{_bar('was', x, wide, before / most)}"
            f"{_bar('now', x + wide, wide, now / most)}</g>"
        )
    first = chart.bins[0][0] if chart.bins else ""
    last = chart.bins[-1][0] if len(chart.bins) > 1 else ""
    return "".join(parts) + _ends(first, last)


def _bar(kind: str, x: float, wide: float, share: float) -> str:
    room = _HIGH - _TOP - _BOTTOM
    high = max(0.0, min(1.0, share)) * room
    y = _TOP + room - high
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"/>'


def _line(chart: Line) -> str:
    points = [one for one in chart.points if all(map(math.isfinite, one))][-_MOST_POINTS:]
    if not points:
        return _note("nothing yet", "")
    first, last = points[0][0], points[-1][0]
    values = [value for _, value in points]
    low = 0.0 if min(values) >= 0 else min(values)
    high = max(values) if max(values) > low else low + 1.0
    across = (last - first) or 1.0

    def place(when: float, value: float) -> tuple[float, float]:
        x = _LEFT + (when - first) / across * (_WIDE - _LEFT - _RIGHT)
        return x, _HIGH - _BOTTOM - (value - low) / (high - low) * (_HIGH - _TOP - _BOTTOM)

    shown = [place(*one) for one in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in shown)
    parts = [_axis(_said(chart, low, 2)), _axis(_said(chart, high, 2), top=True)]
    for when, said in chart.marks:
        if first <= when <= last:
            x, _ = place(when, low)
            parts.append(
                f'<line class="since" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_HIGH - _BOTTOM}">'
                f"<title>{clean(said)}</title></line>"
            )
    parts.append(f'<polyline class="line" points="{path}"/>')
    for (x, y), (when, value) in zip(shown, points, strict=True):
        said = f"{_moment(when)}: {_said(chart, value)}"
        parts.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="1.8">'
                     f"<title>{clean(said)}</title></circle>")  # fmt: skip
    parts.append(_note(_said(chart, points[-1][1]), ""))
    return "".join(parts) + _ends(_moment(first), _moment(last) if last > first else "")


def _axis(said: str, *, top: bool = False) -> str:
    """A line across at the foot, or at the top, with what it stands for."""
    y = _TOP if top else _HIGH - _BOTTOM
    return (
        f'<line class="axis" x1="{_LEFT}" x2="{_WIDE - _RIGHT}" y1="{y}" y2="{y}"/>'
        f'<text class="detail" text-anchor="end" x="{_LEFT - 4}" y="{y + 4}">{clean(said)}</text>'
    )


def _note(said: str, kind: str) -> str:
    return (
        f'<text class="detail {kind}" text-anchor="end" x="{_WIDE - _RIGHT}" y="12">'
        f"{_short(said)}</text>"
    )


def _ends(first: str, last: str) -> str:
    y = _HIGH - 5
    return (
        f'<text class="detail" x="{_LEFT}" y="{y}">{_short(first, 18)}</text>'
        f'<text class="detail" text-anchor="end" x="{_WIDE - _RIGHT}" y="{y}">'
        f"{_short(last, 18)}</text>"
    )


def _said(chart: Line, value: float, digits: int = 3) -> str:
    shown = f"{value * 100 if chart.shares else value:.{digits}g}"
    if "e" in shown:
        shown = f"{value * 100 if chart.shares else value:,.0f}"
    unit = "%" if chart.shares else chart.unit
    return f"{shown} {unit}".rstrip()


def _moment(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%m-%d %H:%M")


def _short(text: str, most: int = _MOST_LETTERS) -> str:
    line = " ".join(text.split())
    return clean(line if len(line) <= most else line[: most - 1] + "…")
