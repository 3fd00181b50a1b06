"""A frame in a few words, for cards and lists: "X_train 426x30". Reads no blob."""

from __future__ import annotations

from typing import Any

from snapbook.parts.base import Part


def summary(part: Part) -> str:
    """Name and shape: "X_train 426x30", "y_train 426"."""
    shape: Any = part.facts.get("shape", [])
    return f"{part.name} {'x'.join(str(length) for length in shape)}".rstrip()
