"""News for the page: an answer that waits until the chain is another than whoever asks knows.

All that wait in one process share one look at the chain, twice a second and only while somebody
waits. The answer holds the place of the newest event alone; what happened, routes tell who may
know of it.
"""

from __future__ import annotations

import asyncio
import time

from fastapi import Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from snapbook.registry import decided, wire
from snapbook.registry.asked import Asked
from snapbook.registry.service import Service

# Shorter than what whoever stops a process waits for it: nothing under way is cut.
PATIENCE_S = 8.0
_LOOK_S = 0.5


class Lookout:
    """Looks at the chain of ``service`` for all that wait."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._turn = asyncio.Lock()
        self._head = 0
        self._at = float("-inf")

    async def head(self) -> int:
        """The place of the newest event, half a second old at most."""
        async with self._turn:
            if time.monotonic() - self._at >= _LOOK_S:
                self._head = await run_in_threadpool(self._look)
                self._at = time.monotonic()
            return self._head

    def _look(self) -> int:
        return self._service.repository.catalog.head().n


async def news(
    asked: Asked, request: Request, after: int = Query(0, ge=0, le=wire.MOST)
) -> Response:
    """The place of the newest event, once that is not ``after``; or after a while the same."""
    state = request.app.state
    if not hasattr(state, "lookout"):
        state.lookout = Lookout(asked.service)
    lookout: Lookout = state.lookout
    until = time.monotonic() + PATIENCE_S
    head = await lookout.head()
    while head == after and time.monotonic() < until and not await request.is_disconnected():
        await asyncio.sleep(_LOOK_S)
        head = await lookout.head()
    return Response(decided.told({"head": head}), media_type="application/json")
