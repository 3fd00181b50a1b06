"""What a registry writes down while it runs: one JSON object a line, on standard error.

Knows which fields a line has. Paths, queries, headers and bodies have no field, and of an error
there is its type and where it happened but not its text, which may quote what was sent: so no token
and no secret can get into a log.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

from snapbook import events

LOGGER = "snapbook.registry"


def say(what: str, error: BaseException | None = None, **fields: object) -> None:
    """Write a line: an error's where ``error`` is given."""
    level = logging.INFO if error is None else logging.ERROR
    logging.getLogger(LOGGER).log(level, what, exc_info=error, extra={"fields": fields})


def begin() -> None:
    """Write the lines of this process, those of the libraries that it uses among them."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger(LOGGER).setLevel(logging.INFO)


class Lines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "time": events.time_text(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "what": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and (error := record.exc_info[1]) is not None:
            line["error"] = type(error).__name__
            line["at"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(error.__traceback__)
            ]
        return json.dumps(line, default=str)
