"""What a search expression asks of the index: a parameterised SQL condition on `versions v`.

Knows the fields, what each may be compared with, and which names exist; every value of a person
goes in as a parameter. A comparison with something that a version lacks is false.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

from snapbook.catalog import holding
from snapbook.catalog.tables import names
from snapbook.catalog.where import (
    UNITS,
    Both,
    Compare,
    Expression,
    Node,
    Not,
    Value,
    bad,
    metric_of,
)
from snapbook.errors import BadExpression, nearest
from snapbook.events import time_text

Sql: TypeAlias = tuple[str, list[Any]]

_RARE = 1000
_TEXTS = {
    "author": "v.author",
    "message": "v.message",
    "reason": "v.reason",
    "bump": "v.bump",
    "class": "v.class",
    "model": "(SELECT name FROM models WHERE id = v.model)",
}
_WORDS = {"true": "True", "false": "False", "none": "None", "null": "None"}
_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9}){0,2}")
_OPPOSITE = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL on `versions v` and its values; ``few`` if hardly any version can meet it."""

    sql: str
    values: list[Any]
    few: bool


def condition(expression: Expression, db: sqlite3.Connection) -> Condition:
    """What ``expression`` asks of ``db``. Raises BadExpression, for unknown names too."""
    renderer = _Renderer(db, expression.text, expression.now, expression.quiet)
    sql, values = renderer.of(expression.tree)
    few = any(id(item) in renderer.rare for item in expression.demands)
    return Condition(sql, values, few)


class _Renderer:
    """Renders the tree of one expression for one connection."""

    def __init__(self, db: sqlite3.Connection, text: str, now: datetime, quiet: bool) -> None:
        self._db = db
        self._text = text
        self._now = now
        self._quiet = quiet
        self.rare: set[int] = set()

    def of(self, node: Node) -> Sql:
        if isinstance(node, Not):
            sql, values = self.of(node.item)
            return f"NOT {sql}", values
        if isinstance(node, Both):
            return _joined(node.word, [self.of(item) for item in node.items])
        return self._compare(node)

    def _compare(self, item: Compare) -> Sql:
        kind = item.field[0]
        if metric := metric_of(item.field):
            self._check_name(item, "metric", metric, "metrics")
            return self._fact(item, "metrics", metric, self._typed(item, "value", "text"))
        if kind in holding.FIELDS:
            return holding.condition(item, self._text)
        if kind in ("param", "tag", "metric"):
            return self._named(item, kind)
        if len(item.field) > 1:
            raise bad(self._text, f"{kind} has no parts, character {item.place}")
        if kind in ("time", "age"):
            return self._any(item, self._time if kind == "time" else self._age)
        if kind == "number":
            return self._any(item, self._number)
        if kind == "auto":
            return self._auto(item)
        if kind == "alias":
            inner, values = self._texts(item, "name") if item.operator else ("1", [])
            linked = "model = v.model AND manifest = v.manifest"
            return f"EXISTS (SELECT 1 FROM aliases WHERE {linked} AND {inner})", values
        column = _TEXTS[kind]
        return self._texts(item, column) if item.operator else (f"{column} <> ''", [])

    def _named(self, item: Compare, kind: str) -> Sql:
        name = item.field[1] if len(item.field) > 1 else ""
        if not name and kind == "tag" and not item.operator:
            return "EXISTS (SELECT 1 FROM tags WHERE n = v.n)", []
        if not name:
            example = f"{kind}.team" if kind == "tag" else f"{kind}.name"
            why = f"{kind} needs a name, like {example}, character {item.place}"
            raise bad(self._text, why)
        table = "tags" if kind == "tag" else "params"
        self._check_name(item, kind, name, table)
        if kind == "tag":
            inner = self._texts(item, "value") if item.operator else ("1", [])
            return self._fact(item, "tags", name, inner)
        inner_sql, values = self._typed(item, "value", "text")
        found = f"SELECT paramset FROM params WHERE name = ? AND {inner_sql}"
        return f"v.params IN ({found})", [name, *values]

    def _fact(self, item: Compare, table: str, name: str, inner: Sql) -> Sql:
        """Versions with such a row in ``table``: listed where they are few, else asked one by one.

        Newest-first pages then stay fast both for what nearly all versions have and for what
        hardly any has.
        """
        sql, values = f"name = ? AND {inner[0]}", [name, *inner[1]]
        few = f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {sql} LIMIT {_RARE + 1})"
        if self._db.execute(few, values).fetchone()[0] <= _RARE:
            self.rare.add(id(item))
            return f"v.n IN (SELECT n FROM {table} WHERE {sql})", values
        return f"EXISTS (SELECT 1 FROM {table} WHERE n = v.n AND {sql})", values

    def _typed(self, item: Compare, number: str, text: str) -> Sql:
        """A comparison of a fact that may be a number or a text."""
        if not item.operator:
            return "1", []
        if item.operator == "~":
            return holding.contains(f"COALESCE({text}, CAST({number} AS TEXT))", item.values[0])

        def one(operator: str, value: Value) -> Sql:
            as_number = None if value.quoted else _float(value.text)
            if as_number is not None:
                return f"{number} {operator} ?", [as_number]
            if operator not in ("=", "!="):
                raise bad(self._text, f"a number belongs at character {value.place}")
            word = value.text if value.quoted else _WORDS.get(value.text.lower(), value.text)
            if operator == "!=":
                return f"({text} IS NULL OR {text} <> ?)", [word]
            return f"{text} = ?", [word]

        return self._any(item, one)

    def _texts(self, item: Compare, column: str) -> Sql:
        def one(operator: str, value: Value) -> Sql:
            if operator == "~":
                return holding.contains(column, value)
            if operator not in ("=", "!="):
                why = f"{item.field[0]} is text, so = != ~ or in belongs before character"
                raise bad(self._text, f"{why} {value.place}")
            return f"{column} {operator} ?", [value.text]

        return self._any(item, one)

    def _any(self, item: Compare, one: Callable[[str, Value], Sql]) -> Sql:
        """``one`` for the operator and its value; for "in", any of the values."""
        if not item.operator:
            why = f"one of = < > belongs after {item.field[0]}, character {item.place}"
            raise bad(self._text, why)
        if item.operator != "in":
            return one(item.operator, item.values[0])
        return _joined("or", [one("=", value) for value in item.values])

    def _number(self, operator: str, value: Value) -> Sql:
        text = "(v.major || '.' || v.minor || '.' || v.patch)"
        if operator == "~":
            return holding.contains(text, value)
        if not _NUMBER.fullmatch(value.text):
            raise bad(self._text, f"a version number like 1.4.0 belongs at character {value.place}")
        parts = [int(part) for part in value.text.split(".")]
        # 1.4 stands for all of 1.4.x, as it does in a reference.
        low, high = parts + [0] * (3 - len(parts)), parts + [2**31] * (3 - len(parts))
        return _range("(v.major, v.minor, v.patch)", "(?, ?, ?)", operator, low, high)

    def _time(self, operator: str, value: Value) -> Sql:
        if operator == "~":
            return holding.contains("v.time", value)
        try:
            if _DAY.fullmatch(value.text):
                day = date.fromisoformat(value.text)
                start = datetime.combine(day, datetime.min.time())
                end = start + timedelta(days=1) - timedelta(microseconds=1)
            else:
                start = end = datetime.fromisoformat(value.text)
            low, high = time_text(start.astimezone()), time_text(end.astimezone())
        except (ValueError, OverflowError) as error:
            why = f"a date like 2026-11-21 or 2026-11-21T14:02 belongs at character {value.place}"
            raise bad(self._text, why) from error
        return _range("v.time", "?", operator, [low], [high])

    def _age(self, operator: str, value: Value) -> Sql:
        match = _AGE.fullmatch(value.text)
        unit = match[2].lower() if match else ""
        seconds = UNITS.get(unit) or UNITS.get(unit.rstrip("s"))
        if match is None or seconds is None or operator not in _OPPOSITE:
            why = f"an age is compared like age < 2 days, character {value.place}"
            raise bad(self._text, why)
        try:
            moment = self._now - timedelta(seconds=float(match[1]) * seconds)
            text = time_text(moment)
        except (OverflowError, ValueError):
            text = time_text(datetime.min.replace(tzinfo=self._now.tzinfo))
        return f"v.time {_OPPOSITE[operator]} ?", [text]

    def _auto(self, item: Compare) -> Sql:
        if not item.operator:
            return "v.auto = 1", []
        word = item.values[0].text.lower()
        if item.operator not in ("=", "!=") or word not in ("true", "false", "1", "0"):
            why = f"auto is true or false, character {item.values[0].place}"
            raise bad(self._text, why)
        return f"v.auto {item.operator} ?", [int(word in ("true", "1"))]

    def _check_name(self, item: Compare, kind: str, name: str, table: str) -> None:
        """BadExpression for a name that no version has, unless there is none of its kind at all."""
        known = () if self._quiet else names(self._db, table)
        if not known or name in known:
            return
        near = nearest(name, known)
        meant = f" (did you mean {' or '.join(near)}?)" if near else ""
        some = "" if near else ", ".join(sorted(known)[:5])
        raise BadExpression(
            f'No version has a {kind} "{name}"{meant}',
            f"character {item.place}",
            act="There are" if some else "",
            hint=some or None,
        )


def _joined(word: str, parts: list[Sql]) -> Sql:
    sql = f" {word.upper()} ".join(part[0] for part in parts)
    return f"({sql})", [value for part in parts for value in part[1]]


def _range(column: str, marks: str, operator: str, low: list[Any], high: list[Any]) -> Sql:
    """A comparison with something as wide as from ``low`` to ``high``."""
    if operator in ("=", "!="):
        sql = f"({column} >= {marks} AND {column} <= {marks})"
        return (sql if operator == "=" else f"NOT {sql}"), [*low, *high]
    return f"{column} {operator} {marks}", high if operator in (">", "<=") else low


def _float(text: str) -> float | None:
    """The number that ``text`` is; "nan" is kept as a text, for nothing compares with it."""
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number
