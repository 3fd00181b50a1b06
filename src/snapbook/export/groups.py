"""Metrics by group as a model card tells them: a table, pictures, and Hugging Face's words.

What was measured comes from elsewhere, written down by whoever judged, so its shape is not
believed: what is no figure of a group is left out. Knows no chain and who may be believed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from snapbook.canonical import Json
from snapbook.export.plots import Plot

_MOST_GROUPS = 50
_MOST_RATES = 12
_MOST_BARS = 12
_OF_PARTS = ("accuracy", "bias", "rmse", "mae")
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Group:
    """One group: how many ``rows`` (None: not told), and its ``figures`` by name.

    ``note`` says why it counts for less than others, "" for nothing.
    """

    name: str
    rows: int | None
    figures: Mapping[str, float]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Grouped:
    """Figures by the groups that ``column`` tells, on the rows called ``rows``; ``lines`` say how
    they came to be.
    """

    column: str
    rows: str
    lines: tuple[str, ...]
    groups: tuple[Group, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The figures that any of the groups has, in their order."""
        return tuple(dict.fromkeys(name for one in self.groups for name in one.figures))

    def table(self) -> tuple[tuple[str, ...], ...]:
        """A row a group; "n/a" where a group has no such figure."""
        head = (self.column, "rows", *map(_words, self.names))
        rows = [
            (
                f"{one.name} ({one.note})" if one.note else one.name,
                "n/a" if one.rows is None else f"{one.rows:,}",
                *(_text(one.figures.get(name)) for name in self.names),
            )
            for one in self.groups
        ]
        return (head, *rows)

    def plots(self) -> tuple[Plot, ...]:
        """A picture a figure. Of many groups those at both ends."""
        drawn = []
        for name in self.names:
            levels = [(one.name, one.figures[name]) for one in self.groups if name in one.figures]
            if len(levels) > _MOST_BARS:
                levels.sort(key=lambda one: one[1])
                levels = [*levels[: _MOST_BARS // 2], *levels[-_MOST_BARS // 2 :]]
            drawn.append(Plot(_words(name), levels=tuple(levels)))
        return tuple(drawn)

    def results(self, task: str) -> list[Json]:
        """The same as the results of a model-index: one a group, ``task`` as its pipeline_tag."""
        return [
            {
                "task": {"type": task or "other"},
                "dataset": {
                    "type": "tabular",
                    "name": f"{self.rows}: {self.column} = {one.name}",
                    "args": {"column": self.column, "group": one.name, "rows": one.rows},
                },
                "metrics": [{"type": name, "value": value} for name, value in one.figures.items()],
            }
            for one in self.groups
            if one.figures
        ]


def judged(author: str, time: str, facts: Mapping[str, Any]) -> Grouped | None:
    """What the gate `bias` measured; None where its ``facts`` tell of no group."""
    rates, counts = _mapping(facts.get("rates")), _mapping(facts.get("rows_by_group"))
    listed = facts.get("too_few")
    few = {str(name) for name in listed} if isinstance(listed, list) else set()
    groups = []
    for name, measured in list(rates.items())[:_MOST_GROUPS]:
        figures = {
            _line(rate): float(value)
            for rate, value in list(_mapping(measured).items())[:_MOST_RATES]
            if _is_number(value)
        }
        told = counts.get(name)
        count = told if isinstance(told, int) and not isinstance(told, bool) else None
        groups.append(Group(_line(name), count, figures, "too few" if name in few else ""))
    if not any(one.figures for one in groups):
        return None
    column, rows = _line(facts.get("column")), _line(facts.get("rows") or "its rows")
    lines = [f"By {column}, in {rows}; judged by {_line(author)}, {_line(time)[:10]}."]
    if any(not name.startswith("mean_") for one in groups for name in one.figures):
        lines.append(f"The answer that counts as positive: {_line(facts.get('positive'))}.")
    return Grouped(column, rows, tuple(lines), tuple(groups))


def wrong(alias: str, time: str, parts: Sequence[Any]) -> Grouped | None:
    """The parts of the rows in which it was wrong when it was rolled out to ``alias``; None where
    ``parts`` tell of none.
    """
    groups = []
    for told in parts[:_MOST_GROUPS]:
        part = _mapping(told)
        rest, count = _mapping(part.get("rest")), part.get("rows")
        figures = {}
        for name in _OF_PARTS:
            if _is_number(value := part.get(name)):
                figures[name] = float(value)
            if _is_number(value := rest.get(name)):
                figures[f"{name} of all others"] = float(value)
        name = f"{_line(part.get('column'))} = {_line(part.get('value'))}"
        rows = int(count) if _is_number(count) else None
        groups.append(Group(name, rows, figures))
    if not any(one.figures for one in groups):
        return None
    said = f"Wrong in parts of what it was asked when it was rolled out to {_line(alias)}"
    line = f"{said}; taken back by itself, {_line(time)[:10]}."
    return Grouped("part of the rows", "served rows", (line,), tuple(groups))


def _line(value: object) -> str:
    """A name as one line that is not too long, of letters that can be written."""
    text = str(value)[:_LONGEST]
    return "".join(char if char.isprintable() else " " for char in text)


def _words(name: str) -> str:
    """A figure as people read it, and as a line can end within it."""
    return name.replace("_", " ")


def _text(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3g}"


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
