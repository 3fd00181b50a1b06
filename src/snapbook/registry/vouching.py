"""The layer that signs: each answer, and by which head of the chain it was made.

Knows ASGI and the registry's key. Asks the chain nothing by itself: what routes looked at was noted
on the way (witness.py). Whoever sends no number to be signed gets none of it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from snapbook import canonical, events
from snapbook.registry import wire
from snapbook.registry.service import Service
from snapbook.registry.statement import (
    ASKED,
    KEY,
    NO_HEAD,
    SAID,
    SIGN_IN,
    Asking,
    Restored,
    Said,
    asking_of,
    signed,
)
from snapbook.registry.witness import Looked, looking

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SHOWN_TO_ALL = "/healthz"


class Vouching:
    """``app``, whose answers are signed with the key of ``service``.

    Who comes for the first time is shown the key, and where people sign in, if that is elsewhere.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and say by which head."""
        if scope["type"] == "http" and scope["path"] == _SHOWN_TO_ALL:
            await self._app(scope, receive, _with(self._shown(), send))
            return
        asked = asking_of(Headers(scope=scope).get(ASKED, "")) if scope["type"] == "http" else None
        if asked is None:
            await self._app(scope, receive, send)
            return
        looked = Looked(asked.seen.n)
        start: Message | None = None

        async def sending(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message  # until it is known whether all of the answer comes at once
                return
            if start is not None:
                first, start = start, None
                whole = not message.get("more_body", False)
                body = canonical.digest(message.get("body", b"")) if whole else ""
                await send(self._signed(first, scope, asked, looked, body))
            await send(message)

        with looking(looked):
            await self._app(scope, receive, sending)

    def _shown(self) -> list[tuple[bytes, bytes]]:
        shown = [(KEY.lower().encode(), self._service.identity.key.public.encode())]
        if (people := self._service.people) is not None:
            shown.append((SIGN_IN.lower().encode(), people.issuer.shown.encode()))
        return shown

    def _signed(
        self, start: Message, scope: Scope, asked: Asking, looked: Looked, body: str
    ) -> Message:
        head = looked.head or NO_HEAD
        said = Said(
            head.n,
            head.digest,
            events.time_text(datetime.now(UTC)),
            asked.nonce,
            _request(scope),
            body,
            looked.found or "",
        )
        told = signed(said, self._service.identity.key, self._restored(asked, looked))
        header = (SAID.lower().encode(), str(told).encode())
        return {**start, "headers": [*start["headers"], header]}

    def _restored(self, asked: Asking, looked: Looked) -> Restored | None:
        """Word of a restoration, for who saw what is not in the chain any more."""
        lost = looked.head and asked.seen.n and looked.found != asked.seen.digest
        return self._service.identity.restored() if lost else None


def _request(scope: Scope) -> str:
    """What was asked, from the API's path on: what a proxy puts before that is its own."""
    path = scope.get("raw_path", b"").decode("latin-1").partition("?")[0]
    query = scope["query_string"].decode("latin-1")
    tail = path[path.find(wire.PATH) :] if wire.PATH in path else path
    return f"{scope['method']} {tail}{'?' if query else ''}{query}"


def _with(headers: list[tuple[bytes, bytes]], send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *headers]}
        await send(message)

    return sending
