"""Time zones by name: the one text for a zone, whichever library made the object.

pandas 2 makes zones with pytz, pandas 3 with zoneinfo; both have the IANA name, which is what a
value means. Fixed offsets are written as seconds. Knows nothing of values.
"""

from __future__ import annotations

import datetime
from typing import Any

from snapbook.parts.frame.values import NotCanonical


def zone_text(zone: Any) -> str:
    """The zone's text: "UTC", an IANA name, or "+3600" for an offset. Raises NotCanonical."""
    for attribute in ("key", "zone"):
        name = getattr(zone, attribute, None)
        if type(name) is str and name:
            return name
    if isinstance(zone, datetime.tzinfo):
        offset = zone.utcoffset(None)
        if offset is not None:
            seconds = offset.total_seconds()
            if seconds == 0:
                return "UTC"
            if seconds.is_integer():
                return f"{int(seconds):+d}"
    raise NotCanonical(f"a time zone of type {type(zone).__name__}")


def zone_from(text: str) -> datetime.tzinfo:
    """The zone that `zone_text` named. Raises ValueError if it is unknown here."""
    if text == "UTC":
        return datetime.UTC
    if text[:1] in "+-":
        return datetime.timezone(datetime.timedelta(seconds=int(text)))
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {text}") from error
