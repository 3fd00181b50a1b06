"""What a report holds, before it is a page: sections of tables, facts, texts and pictures.

Values only; what is text stays text until `report.page` writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, in order."""

    rows: Sequence[tuple[str, object]]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; ``more`` says what was left out, "" for nothing. ``marks`` are words whose
    cell is marked: "good" or "bad".
    """

    head: Sequence[str]
    rows: Sequence[Sequence[object]]
    more: str = ""
    marks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Text:
    """Words as somebody wrote them, lines kept; ``code`` in letters of one width."""

    text: str
    title: str = ""
    code: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A thing in a picture: ``kind`` tells its colour."""

    id: str
    kind: str
    label: str
    detail: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Things and the arrows between them, earlier to later; ``folded`` are not shown."""

    nodes: Sequence[Node]
    edges: Sequence[tuple[str, str]]
    folded: int = 0


@dataclass(frozen=True, slots=True)
class Bars:
    """Two shares at each of some places: of what there was before, and of what there is now."""

    title: str
    note: str
    bins: Sequence[tuple[str, float, float]]
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A figure over time (seconds since 1970); ``marks`` are moments that something began at.

    With ``shares`` the figures are parts of one.
    """

    title: str
    points: Sequence[tuple[float, float]]
    unit: str = ""
    shares: bool = False
    marks: Sequence[tuple[float, str]] = ()


@dataclass(frozen=True, slots=True)
class Charts:
    """Pictures side by side, as many as fit."""

    shown: Sequence[Bars | Line]


Block: TypeAlias = Facts | Table | Text | Picture | Charts


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report under a title."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report: of what, said in a line, and when (UTC)."""

    title: str
    line: str
    time: str
    sections: Sequence[Section]
