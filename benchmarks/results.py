"""The table in results.md: rows in and out of text, verdicts, and a sentence for each miss.

Knows the file's shape alone. Lines of scripts that were not run again stay as they are, so every
line says when it was measured and how busy the machine was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from fractions import Fraction
from typing import Any

from rows import EXPECTED

HEAD = ("row", "ours", "peer", "against", "ours / peer", "target", "verdict", "measured")
PASS, MISS, ABSENT = "pass", "**miss**", "**not measured**"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table, as text."""

    row: str
    ours: str = ""
    peer: str = ""
    against: str = ""
    ratio: str = ""
    target: str = ""
    verdict: str = ABSENT
    measured: str = ""


def line(found: Mapping[str, Any], date: str) -> Line:
    """What `rows.row` printed, as a line of the table."""
    target = found["target"]
    verdict = (PASS if found["pass"] else MISS) if target else ""
    return Line(
        found["row"],
        quantity(found["ours"], found["unit"]),
        quantity(found["peer"], found["unit"]),
        found["peer_name"],
        digits(found["ratio"]),
        f"<= {target}" if target else "",
        verdict,
        f"{date}, load {found['load']}",
    )


def quantity(value: float, unit: str) -> str:
    """``value`` for people, with four digits."""
    if unit == "s":
        for factor, name in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
            if value * factor >= 1 or name == "µs":
                return f"{digits(value * factor)} {name}"
    return f"{value:,.0f} {unit}"


def digits(value: float) -> str:
    """Four digits, never an exponent."""
    if value >= 1000:
        return f"{value:,.0f}"
    text = f"{value:.4g}"
    return f"{value:.6f}" if "e" in text else text


def parse(text: str) -> dict[str, Line]:
    """The lines of the table in ``text``, by row."""
    lines = {}
    for raw in text.splitlines():
        cells = [cell.strip() for cell in raw.strip().strip("|").split("|")]
        if raw.startswith("| ") and len(cells) == len(HEAD) and tuple(cells) != HEAD:
            lines[cells[0]] = Line(*cells)
    return lines


def over(found: Line) -> str:
    """By how much a line misses its target."""
    target = found.target.removeprefix("<= ")
    more = float(found.ratio.replace(",", "")) / float(Fraction(target)) - 1
    return f"{found.ratio} where {target} was wanted, {more:.0%} over"


def render(lines: Mapping[str, Line], facts: Iterable[str], whys: Mapping[str, str]) -> str:
    """The whole file: what it ran on, the table in the order of expected.toml, the misses."""
    ordered = [lines.get(row.name, Line(row.name)) for row in EXPECTED.values() if row.target]
    extra = [lines[row.name] for row in EXPECTED.values() if not row.target and row.name in lines]
    misses = [found for found in ordered if found.verdict == MISS]
    passed = sum(found.verdict == PASS for found in ordered)
    out = ["# How fast and how small", ""]
    out += ["Made by `scripts/bench`; do not edit. Ours and the peer take turns in one run.", ""]
    out += ["Against a limit there is no peer: only the target counts.", ""]
    out += [f"- {fact}" for fact in facts]
    out += ["", f"{passed} of {len(ordered)} rows meet their target.", ""]
    out += _table(ordered)
    out += ["", "## Misses", ""]
    out += [f"- {found.row}: {over(found)}. {whys.get(found.row, '')}".rstrip() for found in misses]
    out += [] if misses else ["None."]
    out += [
        "",
        "## Beside the table",
        "",
        "Measured with it, without a target.",
        "",
        *_table(extra),
    ]
    return "\n".join(out) + "\n"


def _table(lines: Iterable[Line]) -> list[str]:
    rule = "|" + "---|" * len(HEAD)
    return [_row(HEAD), rule, *(_row(astuple(found)) for found in lines)]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
