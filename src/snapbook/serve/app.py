"""The served model as an ASGI application: what answers at each path, and what an answer says.

Plain ASGI, since a prediction may take less than a framework would. Without a token there is
nothing but health and the page, which knows nothing of the model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from snapbook.serve import (
    body,
    feedback,
    logs,
    meters,
    openapi,
    page,
    refusal,
    rows,
    tensors,
    turns,
    v2,
)
from snapbook.serve.columns import Seen
from snapbook.serve.refusal import Failed, Unfit
from snapbook.serve.reply import Reply
from snapbook.serve.schema import PREDICT, PROBA
from snapbook.serve.service import Service
from snapbook.serve.table import Table
from snapbook.serve.turns import Route, Turn, Turns, always, fixed, in_json

T = TypeVar("T")
_PREDICTS = frozenset({"predict", "infer"})
_LARGE = 256 << 10  # bytes of a body that is read beside the loop, not in it


class App(Turns):
    """The application over ``service``."""

    def __init__(self, service: Service) -> None:
        super().__init__(service.tokens)
        self.service = service
        self.routes = self._routes()

    def route(self, path: str) -> Route | None:
        """See Turns."""
        return self.routes.get(path)

    def began(self) -> None:
        """Predict from now on."""
        self.service.together.start()
        self.service.logged.begin()

    def ends(self) -> None:
        """Predict what is queued, and no more."""
        self.service.together.stop()
        self.service.logged.end()

    def ended(self, turn: Turn, label: str, status: int, seconds: float) -> None:
        """Count a request, and tell of it."""
        self.service.meters.ended(label, status, seconds)
        if label in _PREDICTS:
            self.service.logged.answered(turn.id, status, seconds, turn.met)
        if not self.service.quiet:
            turns.told(turn, label, status, seconds, rows=turn.rows)

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
            "/v2/health/live": Route("live", {"GET": fixed({"live": True})}, open=True),
            "/v2/health/ready": Route("ready", {"GET": self._ready}, open=True),
            "/v2": Route("server", {"GET": fixed(server)}),
            "/v2/": Route("server", {"GET": fixed(server)}),
            "/predict": Route("predict", {"POST": self._predict}),
            "/openapi.json": Route("openapi", {"GET": fixed(about)}),
            "/metrics": Route("metrics", {"GET": self._metrics}),
            "/window": Route("window", {"GET": self._window}),
            "/feedback": Route("feedback", {"POST": self._feedback}),
        }
        for path in (f"/v2/models/{name}", f"/v2/models/{name}/versions/{service.schema.number}"):
            found[path] = Route("model", {"GET": fixed(model)})
            found[f"{path}/ready"] = Route("ready", {"GET": self._ready})
            found[f"{path}/infer"] = Route("infer", {"POST": self._infer})
        for path, reply in page.replies().items():
            found[path] = Route("page", {"GET": always(reply)}, open=True)
        return found

    async def _ready(self, _: Turn) -> Reply:
        if self.service.ready:
            return in_json({"ready": True})
        return Reply(b'{"ready": false}', 503)

    async def _metrics(self, _: Turn) -> Reply:
        return Reply(self.service.meters.text(), type=meters.MEDIA_TYPE)

    async def _predict(self, turn: Turn) -> Reply:
        """Rows as JSON objects, a list of them or {"rows": [...], "probabilities": true}."""
        service = self.service
        with self._room() as room:
            data = await service.purse.read(room, turn.head, turn.receive)
            table, methods = await _read(data, self._rows)
            answers = await self._answers(turn, table, methods, len(data))
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
        return in_json(said)

    def _room(self) -> AbstractContextManager[body.Room]:
        """Room for a request that begins; what had begun before the end is answered."""
        if self.service.draining:
            raise refusal.stopping()
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
            answers = await self._answers(turn, asked.table, asked.wanted, len(data))
        return v2.response(service.schema, asked, answers)

    async def _window(self, turn: Turn) -> Reply:
        """What was met within the last seconds."""
        seconds, least = feedback.stretch(turn.scope["query_string"])
        return in_json(await asyncio.to_thread(self.service.logged.window, seconds, least))

    async def _feedback(self, turn: Turn) -> Reply:
        """What was true of rows that were predicted."""
        with self._room() as room:
            data = await self.service.purse.read(room, turn.head, turn.receive)
            items = await _read(data, lambda data: feedback.items(rows.parsed(data)))
            taken, unknown = await asyncio.to_thread(self.service.logged.told, items)
        if not taken:
            raise refusal.nobody_asked()
        return in_json({"taken": taken, "unknown": unknown})

    async def _routed(self, turn: Turn, route: Route | None) -> Reply:
        try:
            return await super()._routed(turn, route)
        except Unfit as error:
            turn.met = error
            raise

    async def _answers(
        self, turn: Turn, table: Table, methods: tuple[str, ...], size: int
    ) -> tuple[Any, ...]:
        service = self.service
        turn.rows = table.rows
        try:
            async with asyncio.timeout(service.limits.answer_s):
                found = await service.together.ask(table, methods)
            predicted = found[methods.index(PREDICT)] if PREDICT in methods else None
            # Whoever is no front cannot take outcomes away from a version.
            turn.met = Seen(table, predicted, size, turn.head.instead and service.quiet)
            return found
        except TimeoutError:
            raise refusal.late(service.limits.answer_s) from None
        except Unfit as error:
            if isinstance(failed := error.__cause__, Failed):
                logs.say("the model refused what was sent", failed.cause, request=turn.id.decode())
            raise


async def _read(data: bytes, read: Callable[[bytes], T]) -> T:
    return await asyncio.to_thread(read, data) if len(data) > _LARGE else read(data)


def _nested(array: Any) -> list[Any]:
    """An answer as lists, one entry a row."""
    flat = tensors.listed(array)
    if array.ndim == 1:
        return flat
    width = len(flat) // len(array) if len(array) else 0
    return [flat[row * width : (row + 1) * width] for row in range(len(array))]
