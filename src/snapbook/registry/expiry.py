"""How long a token counts: what "30d", a date or "never" spells, as the time that is kept with it.

Pure: the present goes in, a time as events write it comes out.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from snapbook import events
from snapbook.errors import BadOption

DEFAULT = "90d"
NEVER = "never"
_SPAN = re.compile(r"([1-9][0-9]{0,4})([hdwy])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "y": 365 * 24}


def until(text: str, now: datetime) -> str:
    """The time when a token given out ``now`` ends; "" for one that never does. Raises BadOption.

    A date is its whole day, in UTC.
    """
    if text == NEVER:
        return ""
    try:
        if span := _SPAN.fullmatch(text):
            end = now + timedelta(hours=int(span[1]) * _HOURS[span[2]])
        else:
            day = date.fromisoformat(text)
            end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise BadOption(
            f"--expires cannot be {text}", act="Like these: 12h, 30d, 1y, 2027-03-31, never"
        ) from None
    if end <= now:
        raise BadOption(f"--expires cannot be {text}", "that is over", act="Name a later day")
    return events.time_text(end)


def is_over(expires: str, now: datetime) -> bool:
    """Whether what ends at ``expires`` has ended."""
    return bool(expires) and expires <= events.time_text(now)
