"""Small words: numbers, sizes, ages and columns as people read them. Pure text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snapbook.catalog.rows import VersionRow


def number(value: object) -> str:
    """A metric as people read it: three decimals for a fraction, thousands grouped."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return str(value)
    if value == 0 or 0.001 <= abs(value) < 1000:
        return f"{value:.3f}"
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.3g}"


def numbers_apart(old: object, new: object) -> tuple[str, str]:
    """Both numbers with as many digits as it takes to tell them apart."""
    a, b = number(old), number(new)
    digits = 4
    while a == b and digits <= 17 and isinstance(old, float) and isinstance(new, float):
        a, b = f"{old:.{digits}g}", f"{new:.{digits}g}"
        digits += 1
    return a, b


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns of text, two spaces apart, empty columns left out."""
    if not rows:
        return []
    widths = [max(len(printable(row[i])) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            printable(cell).ljust(width) for cell, width in zip(row, widths, strict=True) if width
        ).rstrip()
        for row in rows
    ]


def counted(count: int, noun: str) -> str:
    """As `1 cell`, `2 cells`; "environment" and other mass nouns stand alone."""
    if noun in ("environment", "model"):
        return noun
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def age(then: str, now: float) -> str:
    """How long ago the ISO time ``then`` was, in one rounded unit."""
    try:
        seconds = now - datetime.fromisoformat(then).timestamp()
    except ValueError:
        return ""
    for size, unit in ((86400 * 365, "y"), (86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "now"


def printable(value: str) -> str:
    """``value`` on one line, without control characters, which could forge lines or colours."""
    if value.isprintable():
        return value
    marks = {"\t": "    ", "\n": "\N{SYMBOL FOR NEWLINE}"}
    return "".join(
        c if c.isprintable() else marks.get(c, "\N{REPLACEMENT CHARACTER}") for c in value
    )


def marks(row: VersionRow) -> str:
    """What points at a version, its tags, and the registries that have it: @staging #exp team.

    A registry where it has another name or number is told with that, one that it waits for as such.
    """
    words = [f"@{alias}" for alias in row.aliases]
    words += [f"#{name}={value}" if value else f"#{name}" for name, value in row.tags.items()]
    for shared in row.shared:
        registry, _, there = shared.partition("::")
        words.append(registry if there == row.ref else shared)
    words += ["held"] if row.held else []
    words += [f"waits for {registry}" for registry in row.waits]
    return " ".join(words)
