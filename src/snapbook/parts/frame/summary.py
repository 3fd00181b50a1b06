"""Frames in a few words, for cards: "X_train 426x30", "rows +1,204, -1 column (age)"."""

from __future__ import annotations

from typing import Any

from snapbook.parts.base import Part


def summary(part: Part) -> str:
    """Name and shape: "X_train 426x30", "y_train 426"."""
    shape: Any = part.facts.get("shape", [])
    return f"{part.name} {'x'.join(str(length) for length in shape)}".rstrip()
