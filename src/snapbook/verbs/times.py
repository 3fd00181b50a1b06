"""Moments as people read and write them: events hold UTC, people their own time."""

from __future__ import annotations

from datetime import UTC, datetime

from snapbook import events
from snapbook.errors import BadOption

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def moment(text: str) -> str:
    """What a person wrote, in his own time unless it says another, as events write time.

    Raises BadOption.
    """
    try:
        return events.time_text(datetime.fromisoformat(text.strip()).astimezone(UTC))
    except (ValueError, OverflowError) as error:
        raise BadOption(f"--at cannot be {text[:40]}", act="Like 2026-11-03T14:00") from error


def local(time: str) -> str:
    """A moment as events write it, in the reader's own time to the minute."""
    return events.parse_time(time).astimezone().strftime("%Y-%m-%d %H:%M")


def lasted(since: str, until: str = "") -> str:
    """How long it was from one moment to another ("": to now), in one unit."""
    end = events.parse_time(until) if until else datetime.now(UTC)
    seconds = (end - events.parse_time(since)).total_seconds()
    for size, unit in _UNITS:
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a second"
