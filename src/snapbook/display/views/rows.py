"""Rows of a list as JSON data, as fast as a page of two hundred asks for.

The same as `display.data.plain` gives, which looks at every value; here the shape is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from snapbook.catalog.rows import VersionRow
from snapbook.verbs.values import Listed

_VERSION = tuple(field.name for field in fields(VersionRow) if field.name != "metrics")
_LISTED = tuple(field.name for field in fields(Listed) if field.name not in ("version", "previous"))


def told(rows: Iterable[Listed]) -> list[dict[str, Any]]:
    """Each row as one JSON object; numbers that are none are left to the encoder."""
    return [_row(row) for row in rows]


def _row(row: Listed) -> dict[str, Any]:
    version, previous = row.version, row.previous
    value: dict[str, Any] = {"ref": version.ref}
    for name in _VERSION:
        value[name] = getattr(version, name)
    value["metrics"] = {
        name: {"value": metric.value, "direction": metric.direction}
        for name, metric in version.metrics.items()
    }
    for name in _LISTED:
        value[name] = getattr(row, name)
    value["previous"] = previous and {"ref": previous.ref, "value": previous.value}
    return value
