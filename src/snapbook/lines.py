"""What a server of ours writes down while it runs: one JSON object a line, on standard error.

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

_ENCODER = json.JSONEncoder(default=str)  # `json.dumps` would make one a line


def begin(logger: str) -> None:
    """Write the lines of ``logger`` in this process, and warnings of all libraries that it uses."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger(logger).setLevel(logging.INFO)


def say(logger: str, what: str, error: BaseException | None, fields: dict[str, object]) -> None:
    """Write a line: an error's where ``error`` is given."""
    level = logging.INFO if error is None else logging.ERROR
    told = logging.getLogger(logger)
    if not told.isEnabledFor(level):
        return
    info = None if error is None else (type(error), error, error.__traceback__)
    # `log` would look for its caller, which costs as much as the line.
    record = logging.LogRecord(logger, level, "", 0, what, None, info)
    record.fields = fields
    told.handle(record)


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
        return _ENCODER.encode(line)
