"""Pages of versions: by age or by a metric, each found without walking those before it.

Keyset paging: a page begins after the last row of the page before, by value and not by count.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import NamedTuple

from snapbook.catalog.conditions import Condition, condition
from snapbook.catalog.rows import COLUMNS, VersionRow, version_rows
from snapbook.catalog.where import Expression


class Cursor(NamedTuple):
    """Where the next page begins: the last row's value of the ordering metric, and its ``n``."""

    value: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Order:
    """By the value of ``metric``, by age without one; the ``highest`` or the newest comes first.

    Without ``highest`` it is the lowest, or the oldest.
    """

    metric: str = ""
    highest: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """Some versions in order, and where to go on (None at the end)."""

    rows: tuple[VersionRow, ...]
    after: Cursor | None


NEWEST = Order()
OLDEST = Order(highest=False)


def page(
    db: sqlite3.Connection,
    model: str | None,
    where: Expression | None,
    order: Order,
    after: Cursor | None,
    limit: int,
) -> Page:
    """At most ``limit`` living versions of ``model`` (None: all) that meet ``where``."""
    asked = _asked(db, model, where)
    sql, values = asked.sql, asked.values
    # CROSS JOIN keeps the order of the tables: rows come from the index that is ordered as asked,
    # or from the few versions that can match at all.
    beyond, way = ("<", "DESC") if order.highest else (">", "ASC")
    if order.metric:
        tables = ("versions v", "metrics x") if asked.few else ("metrics x", "versions v")
        source = f"{tables[0]} CROSS JOIN {tables[1]} ON v.n = x.n"
        sql += " AND x.name = ? AND x.value IS NOT NULL"
        values.append(order.metric)
        if after is not None:
            sql += f" AND (x.value, x.n) {beyond} (?, ?)"
            values += [after.value, after.n]
        by, key = f"x.value {way}, x.n {way}", "x.value"
    else:
        source = "versions v"
        if after is not None:
            sql += f" AND v.n {beyond} ?"
            values.append(after.n)
        by, key = f"v.n {way}", "NULL"
    found = db.execute(
        f"SELECT {COLUMNS}, {key} FROM {source} CROSS JOIN models m ON m.id = v.model"
        f" WHERE {sql} ORDER BY {by} LIMIT ?",
        (*values, limit + 1),
    ).fetchall()
    more, found = len(found) > limit, found[:limit]
    rows = version_rows(db, found)
    return Page(tuple(rows), Cursor(found[-1][-1], found[-1][0]) if more else None)


def count(db: sqlite3.Connection, model: str | None, where: Expression | None) -> int:
    """How many versions all pages have together."""
    asked = _asked(db, model, where)
    query = f"SELECT count(*) FROM versions v WHERE {asked.sql}"
    return int(db.execute(query, asked.values).fetchone()[0])


def _asked(db: sqlite3.Connection, model: str | None, where: Expression | None) -> Condition:
    asked = condition(where, db) if where is not None else Condition("1", [], False)
    sql, values = f"v.deleted = 0 AND {asked.sql}", list(asked.values)
    if model is not None:
        # Resolved first: with the plain id the planner walks the model's versions in order.
        row = db.execute("SELECT id FROM models WHERE name = ?", (model,)).fetchone()
        sql += " AND v.model = ?"
        values.append(row[0] if row else -1)
    return Condition(sql, values, asked.few)
