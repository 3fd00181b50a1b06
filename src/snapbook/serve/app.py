"""The served model as an ASGI application: routes, who may ask, answers, and how they are told of.

Plain ASGI, since a prediction may take less than a framework would. Each request gets an id, is
counted and told of in one line of the log, whatever becomes of it. Without a token there is nothing
but health and the page, which knows nothing of the model.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from snapbook import failure
from snapbook.errors import SnapbookError
from snapbook.serve import body, logs, meters, openapi, page, refusal, rows, tensors, v2
from snapbook.serve.refusal import Failed, Unfit
from snapbook.serve.reply import Reply
from snapbook.serve.schema import PREDICT, PROBA
from snapbook.serve.service import Service
from snapbook.serve.table import Table

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

T = TypeVar("T")
_GONE = 499  # the client went away before its answer
_LARGE = 256 << 10  # bytes of a body that is read beside the loop, not in it
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


Handler: TypeAlias = Callable[[Turn], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Route:
    """What answers at a path: a handler a method; ``open`` to who has no token as well."""

    label: str
    handlers: Mapping[str, Handler]
    open: bool = False


class App:
    """The application over ``service``."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.routes = self._routes()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever becomes of it."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        begun = time.perf_counter()
        route = self.routes.get(scope["path"])
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
            self._tell(turn, route, reply.status if reply else _GONE, time.perf_counter() - begun)

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
            who = self.service.tokens.who(turn.head.authorization)
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

    def _routes(self) -> dict[str, Route]:
        service, name = self.service, self.service.schema.model
        about = openapi.document(service)
        model = v2.metadata(service.schema, service.methods)
        server = {
            "name": "snapbook",
            "version": service.version,
            "extensions": ["binary_tensor_data"],
        }
        found = {
            "/v2/health/live": Route("live", {"GET": _fixed({"live": True})}, open=True),
            "/v2/health/ready": Route("ready", {"GET": self._ready}, open=True),
            "/v2": Route("server", {"GET": _fixed(server)}),
            "/v2/": Route("server", {"GET": _fixed(server)}),
            "/predict": Route("predict", {"POST": self._predict}),
            "/openapi.json": Route("openapi", {"GET": _fixed(about)}),
            "/metrics": Route("metrics", {"GET": self._metrics}),
        }
        for path in (f"/v2/models/{name}", f"/v2/models/{name}/versions/{service.schema.number}"):
            found[path] = Route("model", {"GET": _fixed(model)})
            found[f"{path}/ready"] = Route("ready", {"GET": self._ready})
            found[f"{path}/infer"] = Route("infer", {"POST": self._infer})
        for path, reply in page.replies().items():
            found[path] = Route("page", {"GET": _always(reply)}, open=True)
        return found

    async def _ready(self, _: Turn) -> Reply:
        if self.service.ready:
            return _json({"ready": True})
        return Reply(b'{"ready": false}', 503)

    async def _metrics(self, _: Turn) -> Reply:
        return Reply(self.service.meters.text(), type=meters.MEDIA_TYPE)

    async def _predict(self, turn: Turn) -> Reply:
        """Rows as JSON objects, a list of them or {"rows": [...], "probabilities": true}."""
        service = self.service
        with self._room() as room:
            data = await service.purse.read(room, turn.head, turn.receive)
            table, methods = await _read(data, self._rows)
            answers = await self._answers(turn, table, methods)
        said: dict[str, Any] = {
            "model": service.schema.model,
            "number": service.schema.number,
            "predictions": _nested(answers[0]),
        }
        if PROBA in methods:
            names = [str(one) for one in service.schema.classes]
            listed = _nested(answers[1])
            named = len(names) == (answers[1].shape[1] if answers[1].ndim == 2 else -1)
            said["probabilities"] = (
                [dict(zip(names, row, strict=True)) for row in listed] if named else listed
            )
        return _json(said)

    def _room(self) -> AbstractContextManager[body.Room]:
        """Room for a request that begins; what had begun before the end is answered."""
        if self.service.draining:
            raise refusal.busy("the server is about to stop")
        return self.service.purse.room()

    def _rows(self, data: bytes) -> tuple[Table, tuple[str, ...]]:
        told = rows.parsed(data)
        methods: tuple[str, ...] = (PREDICT,)
        if type(told) is dict:
            if "rows" not in told or told.keys() - {"rows", "probabilities"}:
                raise Unfit('an object takes "rows", a list, and "probabilities", true or false')
            if told.get("probabilities") not in (None, True, False):
                raise Unfit('"probabilities" is true or false')
            if told.get("probabilities"):
                methods = (PREDICT, PROBA)
            told = told["rows"]
        if PROBA in methods and PROBA not in self.service.methods:
            raise Unfit("the model tells no probabilities")
        return self.service.rows.table(told), methods

    async def _infer(self, turn: Turn) -> Reply:
        """The V2 protocol's own."""
        service = self.service
        with self._room() as room:
            data = await service.purse.read(room, turn.head, turn.receive)
            length = turn.head.json_bytes
            asked = await _read(data, lambda data: service.reader.infer(data, length))
            answers = await self._answers(turn, asked.table, asked.wanted)
        return v2.response(service.schema, asked, answers)

    async def _answers(self, turn: Turn, table: Table, methods: tuple[str, ...]) -> tuple[Any, ...]:
        service = self.service
        turn.rows = table.rows
        try:
            async with asyncio.timeout(service.limits.answer_s):
                return await service.together.ask(table, methods)
        except TimeoutError:
            raise refusal.late(service.limits.answer_s) from None
        except Failed as error:
            if (unseen := service.predictor.unseen(table)) is not None:
                raise unseen from error
            raise

    def _tell(self, turn: Turn, route: Route | None, status: int, seconds: float) -> None:
        label = route.label if route else ""
        self.service.meters.ended(label, status, seconds)
        client = turn.scope.get("client")
        logs.say(
            "request",
            route=label,
            status=status,
            ms=round(seconds * 1000, 2),
            rows=turn.rows,
            token=turn.who,
            address=client[0] if client else "",
            request=turn.id.decode(),
        )

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.service.together.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                self.service.together.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _read(data: bytes, read: Callable[[bytes], T]) -> T:
    return await asyncio.to_thread(read, data) if len(data) > _LARGE else read(data)


def _nested(array: Any) -> list[Any]:
    """An answer as lists, one entry a row."""
    flat = tensors.listed(array)
    if array.ndim == 1:
        return flat
    width = len(flat) // len(array) if len(array) else 0
    return [flat[row * width : (row + 1) * width] for row in range(len(array))]


def _json(value: Mapping[str, Any]) -> Reply:
    return Reply(json.dumps(value, allow_nan=False).encode())


def _fixed(value: Mapping[str, Any]) -> Handler:
    return _always(_json(value))


def _always(reply: Reply) -> Handler:
    async def answer(_: Turn) -> Reply:
        return reply

    return answer
