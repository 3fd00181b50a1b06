"""What a server says of itself, where others can hear it: the newest, one at a time."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

from snapbook.canonical import Json
from snapbook.deploy.beside import PATIENCE_S, apart


class Announcement(Protocol):
    """Where a server says what it does."""

    id: str

    def say(self, told: Mapping[str, Json]) -> None:
        """Say what is so now; it may take its time."""

    def close(self) -> None:
        """Say that it is gone."""


class Telling:
    """Says through ``announcement`` what is so, beside the loop."""

    def __init__(self, announcement: Announcement) -> None:
        self._announcement = announcement
        self._next: dict[str, Json] | None = None
        self._task: asyncio.Task[None] | None = None
        self._last = 0.0

    @property
    def id(self) -> str:
        """The server's name."""
        return self._announcement.id

    @property
    def silent_s(self) -> float:
        """How long nothing was said."""
        return time.monotonic() - self._last

    def tell(self, told: Mapping[str, Json]) -> None:
        """Say ``told``; what was not said by then is out of date and never is."""
        self._last = time.monotonic()
        self._next = {**told, "host": socket.gethostname(), "pid": os.getpid()}
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._say())

    async def close(self) -> None:
        """Say that the server is gone, if that is heard soon: it is believed after a while too."""
        self._next = None
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                if self._task is not None:
                    await asyncio.gather(self._task, return_exceptions=True)
                await apart(self._announcement.close)

    async def _say(self) -> None:
        while self._next is not None:
            told, self._next = self._next, None
            await apart(self._announcement.say, told)
