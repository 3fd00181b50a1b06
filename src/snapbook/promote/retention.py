"""Retention: how long a model's versions are kept, by its policy, and which may go now.

Pure but for `expired`, which reads the index. What an alias points at or ever pointed at, what is
held, what waits to be pushed and the newest version of each model are kept whatever a policy says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from snapbook import events
from snapbook.catalog.rows import VersionRow
from snapbook.errors import BadOption, nearest
from snapbook.repository import Repository

TABLE = "retention"
_KEYS = ("keep_last", "keep_days", "keep_tagged")
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Retention:
    """What a policy keeps: the newest ``last``, what is younger than ``days``, and what is tagged.

    None: it keeps nothing by that.
    """

    last: int | None
    days: int | None
    tagged: bool = True


def parse(table: object) -> Retention:
    """What ``table`` of a policy spells. Raises BadOption."""
    if not isinstance(table, Mapping):
        raise BadOption(f"That is no policy: {TABLE} is no table", act=f"Begin with [{TABLE}]")
    for key in table:
        if key not in _KEYS:
            near = nearest(key, _KEYS)
            guess = f" (did you mean {near[0]}?)" if near else ""
            raise BadOption(f"A policy knows no {TABLE}.{key}{guess}")
    last, days = _count(table, "keep_last", 1), _count(table, "keep_days", 0)
    if last is None and days is None:
        raise BadOption(
            "That is no policy: retention keeps nothing", act="Say keep_last, keep_days or both"
        )
    tagged = table.get("keep_tagged", True)
    if not isinstance(tagged, bool):
        raise BadOption(f"{TABLE}.keep_tagged has to be true or false")
    return Retention(last, days, tagged)


def expired(
    repository: Repository, model: str, kept: Retention, now: datetime | None = None
) -> list[VersionRow]:
    """The versions of ``model`` that ``kept`` lets go, the oldest first."""
    rows = [row for row in repository.every_version() if row.model == model]
    rows.sort(key=lambda row: (row.time, row.n), reverse=True)
    pointed = repository.index.ever_pointed_at(model)
    since = events.time_text((now or datetime.now(UTC)) - timedelta(days=kept.days or 0))
    return [
        row
        for place, row in reversed(list(enumerate(rows)))
        if place >= (kept.last or 1)
        and (kept.days is None or row.time < since)
        and not (kept.tagged and row.tags)
        and not (row.aliases or row.held or row.waits or row.manifest in pointed)
    ]


def _count(table: Mapping[str, object], key: str, least: int) -> int | None:
    value = table.get(key)
    if value is None:
        return None
    if type(value) is not int or not least <= value <= _MOST:
        raise BadOption(f"{TABLE}.{key} has to be a count of at least {least}")
    return value
