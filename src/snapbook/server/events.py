"""What the server tells browsers by itself: that a repository grew, and how far a task is.

Events carry ids and counts, never content: whoever hears one asks the routes, which know who may
read. Any thread may announce; jupyter_events itself is only touched on the loop.
"""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_events import EventLogger

CHANGED = "urn:snapbook:changed"
PROGRESS = "urn:snapbook:progress"

SCHEMAS: tuple[dict[str, Any], ...] = (
    {
        "$id": CHANGED,
        "version": "1",
        "title": "Versions changed",
        "description": "The chain of events of a repository grew, whoever wrote to it.",
        "type": "object",
        "properties": {
            "place": {"type": "string", "description": "the id that the route place gave"},
            "head": {"type": "integer", "description": "the place of the newest event"},
        },
        "required": ["place", "head"],
        "additionalProperties": False,
    },
    {
        "$id": PROGRESS,
        "version": "1",
        "title": "Progress of a verb",
        "description": "How far a verb is that the server runs.",
        "type": "object",
        "properties": {
            "task": {"type": "string", "description": "the id that the request gave"},
            "what": {"type": "string", "description": "what is counted, such as packs"},
            "done": {"type": "integer"},
            "of": {"type": "integer", "description": "0 where nobody knows"},
        },
        "required": ["task", "what", "done", "of"],
        "additionalProperties": False,
    },
)


class Announcer:
    """Emits our events from any thread, once it knows the loop."""

    def __init__(self, logger: EventLogger) -> None:
        self._logger = logger
        self._loop: asyncio.AbstractEventLoop | None = None
        for schema in SCHEMAS:
            logger.register_event_schema(schema)

    def begin(self) -> None:
        """Remember the running loop."""
        self._loop = asyncio.get_running_loop()

    def changed(self, place: str, head: int) -> None:
        """Tell that the repository ``place`` has another head."""
        self._emit(CHANGED, {"place": place, "head": head})

    def progress(self, task: str, what: str, done: int, of: int) -> None:
        """Tell how far a task is."""
        self._emit(PROGRESS, {"task": task, "what": what, "done": done, "of": of})

    def _emit(self, schema: str, data: dict[str, Any]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: self._logger.emit(schema_id=schema, data=data))
