"""Conditions on what a version holds: column, package, frame and text, as SQL on `versions v`.

Each asks the tables of `catalog.things`, where what many versions share stands once.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from snapbook.catalog import things
from snapbook.catalog.where import Compare, Value, bad

Sql: TypeAlias = tuple[str, list[Any]]
FIELDS = ("column", "package", "frame", "text")
_PREFIX = re.compile(r"[0-9a-f]{8,64}")
_MOST = "\x7f"  # above every digit and point


def condition(item: Compare, text: str) -> Sql:
    """What ``item`` of the expression ``text`` asks. Raises BadExpression."""
    kind = item.field[0]
    if kind == "package":
        return _package(item, text)
    if len(item.field) > 1:
        raise bad(text, f"{kind} has no parts, character {item.place}")
    return {"column": _column, "frame": _frame, "text": _text}[kind](item, text)


def contains(column: str, value: Value) -> Sql:
    """``column`` has the text of ``value`` in it, without regard to case."""
    pattern = re.sub(r"([\\%_])", r"\\\1", value.text)
    return rf"{column} LIKE ? ESCAPE '\'", [f"%{pattern}%"]


def _column(item: Compare, text: str) -> Sql:
    return _held("columns", _any(item, text, "name"))


def _frame(item: Compare, text: str) -> Sql:
    """By its name, or by its digest: eight or more of its digits."""
    value = item.values[0].text.lower() if item.values else ""
    if item.operator == "=" and _PREFIX.fullmatch(value):
        low, high = (bytes.fromhex(value.ljust(64, fill)) for fill in "0f")
        return _held("frames", ("digest BETWEEN ? AND ?", [low, high]))
    return _held("frames", _any(item, text, "name"))


def _package(item: Compare, text: str) -> Sql:
    name = ".".join(item.field[1:])
    if not name:
        raise bad(text, f"package needs a name, like package.numpy, character {item.place}")
    inner, values = _version(item, text)
    return _held("packages", (f"name = ? AND {inner}", [things.normal(name), *values]))


def _version(item: Compare, text: str) -> Sql:
    """1.26 stands for all of 1.26.x, as it does in a reference."""
    if not item.operator:
        return "1", []
    if item.operator == "~":
        return contains("version", item.values[0])
    bounds = []
    for value in item.values:
        low = things.release(value.text)
        if not low:
            raise bad(text, f"a version like 1.26 belongs at character {value.place}")
        bounds.append((low, low + _MOST))
    if item.operator == "in":
        either = " OR ".join("release BETWEEN ? AND ?" for _ in bounds)
        return f"({either})", [end for pair in bounds for end in pair]
    low, high = bounds[0]
    if item.operator == "=":
        return "release BETWEEN ? AND ?", [low, high]
    if item.operator == "!=":
        return "release NOT BETWEEN ? AND ?", [low, high]
    return f"release {item.operator} ?", [high if item.operator in (">", "<=") else low]


def _text(item: Compare, text: str) -> Sql:
    """In cells, messages, reasons and notes."""
    if item.operator not in ("~", "="):
        raise bad(text, f'text is looked for like text ~ "train", character {item.place}')
    value = item.values[0]
    places = ("v.message", "v.reason", "text")
    (message, words), (reason, _), (inner, _) = (contains(place, value) for place in places)
    said = f"EXISTS (SELECT 1 FROM notes WHERE manifest = v.manifest AND {inner})"
    found = f"SELECT thing FROM cells WHERE source IN (SELECT id FROM sources WHERE {inner})"
    code = f"v.n IN (SELECT n FROM held WHERE thing IN ({found}))"
    return f"({message} OR {reason} OR {said} OR {code})", words * 4


def _held(table: str, inner: Sql) -> Sql:
    sql, values = inner
    found = f"SELECT thing FROM {table} WHERE {sql}"
    return f"v.n IN (SELECT n FROM held WHERE thing IN ({found}))", values


def _any(item: Compare, text: str, column: str) -> Sql:
    if not item.operator:
        return "1", []
    if item.operator == "~":
        return contains(column, item.values[0])
    if item.operator not in ("=", "in"):
        kind = item.field[0]
        raise bad(text, f"{kind} is compared with = ~ or in, character {item.place}")
    marks = ", ".join("?" for _ in item.values)
    return f"{column} IN ({marks})", [value.text for value in item.values]
