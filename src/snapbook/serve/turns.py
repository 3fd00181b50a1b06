"""A request's turn, the same for a served model and for the front of several: id, token, route.

Plain ASGI. Each request gets an id, is counted and told of in one line of the log, whatever becomes
of it. Without a token there is nothing but what a route opens to all. Knows no models.
"""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from snapbook import failure
from snapbook.errors import SnapbookError
from snapbook.serve import body, logs, refusal
from snapbook.serve.refusal import Failed
from snapbook.serve.reply import Reply
from snapbook.serve.tokens import Tokens

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_ENCODER = json.JSONEncoder(allow_nan=False)  # `json.dumps` would make one a reply
_GONE = 499  # the client went away before its answer
_ALWAYS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


@dataclass(slots=True)
class Turn:
    """One request on its way."""

    scope: Scope
    receive: Receive
    id: bytes
    head: body.Head = field(default_factory=body.Head)
    who: str = ""
    rows: int = 0
    version: str = ""
    met: object = None  # what it was about, for who keeps that


Handler: TypeAlias = Callable[[Turn], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Route:
    """What answers at a path: a handler a method; ``open`` to who has no token as well."""

    label: str
    handlers: Mapping[str, Handler]
    open: bool = False


class Turns(ABC):
    """An application whose requests bring one of ``tokens``; what answers is for who inherits."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens

    @abstractmethod
    def route(self, path: str) -> Route | None:
        """What answers at ``path``."""

    @abstractmethod
    def ended(self, turn: Turn, label: str, status: int, seconds: float) -> None:
        """A request was answered, at the route ``label``."""

    @abstractmethod
    def began(self) -> None:
        """The event loop runs."""

    @abstractmethod
    def ends(self) -> None:
        """The event loop will end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever becomes of it."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        begun = time.perf_counter()
        route = self.route(scope["path"])
        turn = Turn(scope, receive, body.new_id())
        reply: Reply | None = None
        try:
            reply = await self._reply(turn, route)
            headers = [
                (b"content-type", reply.type),
                (b"content-length", str(len(reply.body)).encode()),
                (b"x-request-id", turn.id),
                *_ALWAYS,
                *reply.headers,
            ]
            start = {"type": "http.response.start", "status": reply.status, "headers": headers}
            await send(start)
            await send({"type": "http.response.body", "body": reply.body})
        except body.Gone:
            pass
        finally:
            label, status = route.label if route else "", reply.status if reply else _GONE
            self.ended(turn, label, status, time.perf_counter() - begun)

    async def _reply(self, turn: Turn, route: Route | None) -> Reply:
        try:
            turn.head = body.head(turn.scope)
            if turn.head.id:
                turn.id = body.request_id(turn.head.id)
            return await self._routed(turn, route)
        except Failed as error:
            logs.say("the model failed", error.cause, request=turn.id.decode())
            return refusal.refusal(error)
        except SnapbookError as error:
            return refusal.refusal(error)
        except body.Gone:
            raise
        except Exception as error:  # noqa: BLE001 - a bug of ours: told here, and no word of it there
            logs.say("a request failed inside", error, request=turn.id.decode())
            return refusal.refusal(failure.internal())

    async def _routed(self, turn: Turn, route: Route | None) -> Reply:
        if route is None or not route.open:
            who = self.tokens.who(turn.head.authorization)
            if who is None:
                raise refusal.stranger()
            turn.who = who
        if route is None:
            raise refusal.nothing_here()
        method = turn.scope["method"]
        handler = route.handlers.get("GET" if method == "HEAD" else method)
        if handler is None:
            raise refusal.wrong_method(route.handlers)
        return await handler(turn)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.began()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                self.ends()
                await send({"type": "lifespan.shutdown.complete"})
                return


def told(turn: Turn, label: str, status: int, seconds: float, **more: object) -> None:
    """Write the line of a request that was answered."""
    client = turn.scope.get("client")
    logs.say(
        "request",
        None,
        route=label,
        status=status,
        ms=round(seconds * 1000, 2),
        **more,
        token=turn.who,
        address=client[0] if client else "",
        request=turn.id.decode(),
    )


def in_json(value: Mapping[str, Any]) -> Reply:
    """``value`` as an answer."""
    return Reply(_ENCODER.encode(value).encode())


def fixed(value: Mapping[str, Any]) -> Handler:
    """What always answers ``value``."""
    return always(in_json(value))


def always(reply: Reply) -> Handler:
    """What always gives ``reply``."""

    async def answer(_: Turn) -> Reply:
        return reply

    return answer
