"""Values of events and facts, as the tables of the index take them.

What an event says may come from another program: each reader says what it wants by raising
TypeError or ValueError, or gives an empty answer where a version is better listed without it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from snapbook import canonical


def digest(text: object) -> bytes:
    """The 32 bytes of a digest. Raises ValueError."""
    data = bytes.fromhex(str(text))
    if len(data) * 2 != canonical.DIGEST_LENGTH:
        raise ValueError(f"{text!r} is no digest")
    return data


def digests(value: object) -> list[bytes]:
    """A list of digests, or none. Raises TypeError, ValueError."""
    return [digest(one) for one in items(value)]


def items(value: object) -> list[Any]:
    """A list, empty where there is none. Raises TypeError where something else stands."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise TypeError("no list where one belongs")
    return value


def entries(value: object) -> Mapping[str, Any]:
    """A table, or nothing where something else stands: the version is listed all the same."""
    return value if isinstance(value, dict) else {}


def text(value: object) -> str:
    """Whatever it is as text, nothing for null."""
    return "" if value is None else str(value)


def signer(signature: object) -> bytes:
    """The public key that a signature claims; nothing where that is no key."""
    try:
        return bytes.fromhex(str(entries(signature).get("key") or ""))
    except ValueError:
        return b""


def direction(value: object) -> str | None:
    """Which values of a metric are better, where that is said."""
    return str(value) if value in ("max", "min") else None


def typed(value: object) -> tuple[float | None, str | None]:
    """A metric's or parameter's value as the two columns (number, text) that searches compare."""
    if isinstance(value, bool) or value is None or not isinstance(value, (int, float)):
        return None, value if isinstance(value, str) else str(value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf if value > 0 else -math.inf
    return (None, "nan") if math.isnan(number) else (number, None)
