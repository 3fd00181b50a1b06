"""The outermost layer of a registry: who asks is known before anything of a request is looked at.

Knows ASGI, and no route but those that are open. Each request gets an id, is counted, held to the
pace of its address and its token, and told of in one line of the log. Whether a path exists is said
to those alone who were recognised.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request

from snapbook import failure
from snapbook.errors import Refused, SnapbookError
from snapbook.registry import arrivals, basic, logs, visits, wire
from snapbook.registry.pace import Pace
from snapbook.registry.refusal import later, refusal
from snapbook.registry.roles import Principal
from snapbook.registry.service import Service
from snapbook.registry.sessions import COOKIE
from snapbook.registry.witness import Via, asking

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN = ("/healthz", "/readyz")
_NOBODY = Principal("", ())
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BURST_S = 10  # the requests of as many seconds may come at once
_STRANGER = 10  # what a request of nobody costs its address beside itself: guessing is slow
_FOREIGN = Refused(
    "Not done: the request did not come from the registry's own page",
    act="Open the page itself, and try there",
    kind="foreign",
)
_BROWSERS = Refused(
    "Not done: a browser sent it, with a name and a password",
    act="Those are for MLflow's client. Sign in at the registry's page",
    kind="foreign",
)
_GONE = 499  # the client went away before its answer


@dataclass(slots=True)
class _Turn:
    """One request on its way: what is told of it in the end."""

    method: str
    address: str
    request: str
    who: Principal = _NOBODY
    status: int = 0
    up_bytes: int = 0
    down_bytes: int = 0
    began: float = field(default_factory=time.monotonic)

    def via(self) -> Via:
        """What stands in the events that it makes."""
        return Via(self.request, self.address, self.who.name, self.who.token, self.who.kind)


class Guard:
    """``app`` for those alone who may ask ``service``.

    Below the paths ``named`` a token may come as the password of a name, too.
    """

    def __init__(
        self,
        app: ASGIApp,
        service: Service,
        open_: Collection[str] = OPEN,
        named: tuple[str, ...] = (),
    ) -> None:
        self._app = app
        self._open = frozenset(open_)
        self._named = named
        self._service = service
        rate = service.limits.requests_per_s
        self._by_address = Pace(rate, rate * _BURST_S)
        self._by_token = Pace(rate, rate * _BURST_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever becomes of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        turn = _turn(scope)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                turn.status = message["status"]
                said = {name for name, _ in message["headers"]}
                more = [(name, value) for name, value in _headers(turn) if name not in said]
                message = {**message, "headers": [*message["headers"], *more]}
            turn.down_bytes += len(message.get("body", b""))
            await send(message)

        async def receiving() -> Message:
            message = await receive()
            turn.up_bytes += len(message.get("body", b""))
            return message

        scope.setdefault("state", {})["id"] = turn.request
        self._service.meters.begun()
        try:
            await self._answer(turn, scope, receiving, sending)
        finally:
            self._tell(turn, scope)

    async def _answer(self, turn: _Turn, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._refused(turn, scope)
        if refused is not None:
            await refused(scope, receive, send)
            return
        try:
            with asking(turn.via()):
                await self._app(scope, receive, send)
        except ClientDisconnect:
            turn.status = turn.status or _GONE
        except Exception as error:  # noqa: BLE001 - a bug of ours: told here, and no word of it there
            logs.say("a request failed inside", error, request=turn.request)
            if not turn.status:
                await refusal(failure.internal())(scope, receive, send)
            # An answer that has begun is left without an end, which is what the client sees.

    def _refused(self, turn: _Turn, scope: Scope) -> Response | None:
        """Why the request goes no further; None where it does, with who asks."""
        now = time.monotonic()
        if wait_s := self._by_address.wait_s(turn.address, now):
            return later(wait_s)
        if scope["path"] in self._open:
            return None
        request = Request(scope)
        if self._is_arrival(scope):
            self._by_address.spend(turn.address, now, _STRANGER)
            return None if visits.is_own(request) else refusal(_FOREIGN)
        header = request.headers.get("authorization", "")
        by_name = basic.is_basic(header) and scope["path"].startswith(self._named)
        if by_name:
            header = basic.as_bearer(header)
        try:
            turn.who = self._service.principal(header, request.cookies.get(COOKIE, ""))
        except SnapbookError as error:
            self._by_address.spend(turn.address, now, _STRANGER)
            return refusal(error)
        if not header and not visits.is_own(request):
            return refusal(_FOREIGN)
        if by_name and basic.is_browsers(request):
            return refusal(_BROWSERS)
        if wait_s := self._by_token.wait_s(turn.who.token, now):
            return later(wait_s)
        scope["state"]["who"] = turn.who
        return None

    def _is_arrival(self, scope: Scope) -> bool:
        """Whether somebody is about to sign in elsewhere, where people do."""
        known = scope["path"] in arrivals.PATHS and scope["method"] == "POST"
        return known and self._service.people is not None

    def _tell(self, turn: _Turn, scope: Scope) -> None:
        route = _template(scope)
        seconds = time.monotonic() - turn.began
        self._service.meters.ended(
            turn.method, route, turn.status, seconds, turn.up_bytes, turn.down_bytes
        )
        logs.say(
            "request",
            method=turn.method,
            route=route,
            status=turn.status,
            ms=round(seconds * 1000, 1),
            who=turn.who.name,
            token=turn.who.token,
            address=turn.address,
            request=turn.request,
            up_bytes=turn.up_bytes,
            down_bytes=turn.down_bytes,
        )


def id_of(request: Request) -> str:
    """The id that ``request`` is answered under."""
    return str(request.state.id)


def _turn(scope: Scope) -> _Turn:
    asked = Request(scope)
    given = asked.headers.get("x-request-id", "")
    address = asked.client.host if asked.client else ""
    # Labels and lines have no room for what a client thinks of.
    method = asked.method if asked.method in _METHODS else "other"
    return _Turn(method, address, given if _SANE_ID.fullmatch(given) else secrets.token_hex(8))


def _headers(turn: _Turn) -> list[tuple[bytes, bytes]]:
    return [
        (b"x-request-id", turn.request.encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]


def _template(scope: Scope) -> str:
    """The path of the route that answered, without what stood in it; "" where there was none."""
    path = str(getattr(scope.get("route"), "path", ""))
    outside = not path or path.startswith(wire.PATH) or not scope["path"].startswith(wire.PATH)
    return path if outside else wire.PATH + path
