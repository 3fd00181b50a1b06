"""The log of a registry: see `snapbook.lines`, which writes it."""

from __future__ import annotations

from snapbook import lines
from snapbook.lines import Lines as Lines

LOGGER = "snapbook.registry"


def say(what: str, error: BaseException | None = None, **fields: object) -> None:
    """Write a line: an error's where ``error`` is given."""
    lines.say(LOGGER, what, error, fields)


def begin() -> None:
    """Write the lines of this process, those of the libraries that it uses among them."""
    lines.begin(LOGGER)
