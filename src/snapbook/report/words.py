"""Text of anybody as text of a page: escaped, and with what would mislead the eye made visible."""

from __future__ import annotations

import html
import math
import re

LONGEST = 4000
# Control characters, and those that turn the direction of what follows.
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)


def clean(value: object, longest: int = LONGEST) -> str:
    """``value`` for a page."""
    text = shown(value)
    if len(text) > longest:
        text = f"{text[:longest]}… ({len(text) - longest:,} more characters)"
    text = _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return html.escape(text.encode("utf-8", "replace").decode("utf-8"))


def moment(time: str) -> str:
    """A time of an event, to the second."""
    return time[:19].replace("T", " ")


def shown(value: object) -> str:
    """``value`` as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else str(value)
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    return str(value)
