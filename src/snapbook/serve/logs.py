"""The log of a server of predictions: see `snapbook.lines`, which writes it."""

from __future__ import annotations

from snapbook import lines

LOGGER = "snapbook.serve"


def say(what: str, error: BaseException | None = None, **fields: object) -> None:
    """Write a line: an error's where ``error`` is given."""
    lines.say(LOGGER, what, error, fields)


def begin() -> None:
    """Write the lines of this process."""
    lines.begin(LOGGER)
