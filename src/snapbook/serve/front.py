"""What stands before the workers of a model: tokens, bounds, and one answer for all of them.

It loads no model. A prediction goes to the version whose turn it is; what is told of the model
comes from the stable one; counts are those of all, and so is what came of predictions, since each
worker knows the ids of its own.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

from snapbook.errors import SnapbookError
from snapbook.serve import meters, openapi, page, refusal, turns
from snapbook.serve.body import Purse
from snapbook.serve.frontmeters import FrontMeters, merged
from snapbook.serve.limits import Limits
from snapbook.serve.reply import Reply
from snapbook.serve.router import Router
from snapbook.serve.tokens import Tokens
from snapbook.serve.turns import Route, Turn, Turns, always, fixed, in_json
from snapbook.serve.upstream import Answer, Request
from snapbook.serve.v2 import JSON_LENGTH

VERSION, KEY = b"snapbook-version", b"snapbook-key"
_PASSED = (b"content-type", JSON_LENGTH)
_OURS = (b"content-type", b"cache-control", b"x-content-type-options", refusal.REFUSED[0])
_NUMBER = re.compile(rb"/versions/([^/?]+)")


class Front(Turns):
    """The application over ``router``."""

    def __init__(self, router: Router, tokens: Tokens, limits: Limits) -> None:
        super().__init__(tokens)
        self.limits = limits
        self.leaving = False  # requests should go elsewhere
        self.draining = False  # and are refused
        self._router = router
        self._purse = Purse(limits)
        self._meters = FrontMeters(router)
        self._asks = Route("model", {"GET": self._look})
        self._infers = Route("infer", {"POST": self._predict})
        self._routes = self._fixed()

    def route(self, path: str) -> Route | None:
        """See Turns: what is below a model's name is the worker's to know."""
        found = self._routes.get(path)
        if found is None and path.startswith("/v2/models/"):
            return self._infers if path.endswith("/infer") else self._asks
        return found

    def ended(self, turn: Turn, label: str, status: int, seconds: float) -> None:
        """Count a request, and tell of it."""
        self._meters.ended(turn.version, label, status, seconds)
        turns.told(turn, label, status, seconds, version=turn.version)

    def drain(self) -> None:
        """Refuse what is new, and do not wait for what stands still before it is whole."""
        self.draining = True
        self._purse.drain()

    def began(self) -> None:
        """Workers began before: there is nothing to be begun."""

    def ends(self) -> None:
        """The router is closed by who made it."""

    def _fixed(self) -> dict[str, Route]:
        found = {
            "/v2/health/live": Route("live", {"GET": fixed({"live": True})}, open=True),
            "/v2/health/ready": Route("ready", {"GET": self._ready}, open=True),
            "/v2": Route("server", {"GET": self._look}),
            "/v2/": Route("server", {"GET": self._look}),
            "/predict": Route("predict", {"POST": self._predict}),
            "/feedback": Route("feedback", {"POST": self._feedback}),
            "/openapi.json": Route("openapi", {"GET": self._openapi}),
            "/metrics": Route("metrics", {"GET": self._metrics}),
        }
        for path, reply in page.replies().items():
            found[path] = Route("page", {"GET": always(reply)}, open=True)
        return found

    async def _ready(self, _: Turn) -> Reply:
        traffic = self._router.traffic
        if not self.leaving and traffic is not None and self._router.ready(traffic.stable):
            return in_json({"ready": True})
        return Reply(b'{"ready": false}', 503)

    async def _predict(self, turn: Turn) -> Reply:
        if self.draining:
            raise refusal.stopping()
        self._router.check_room()
        with self._purse.room() as room:
            data = await self._purse.read(room, turn.head, turn.receive)
            answer = await self._router.predict(_request(turn, b"POST", data))
        return self._given(turn, answer)

    async def _look(self, turn: Turn) -> Reply:
        return self._given(turn, await self._router.predict(_request(turn, b"GET", b"")))

    async def _openapi(self, turn: Turn) -> Reply:
        answer = await self._router.predict(_request(turn, b"GET", b""))
        reply = self._given(turn, answer)
        if not self.tokens or answer.status != 200:
            return reply
        told = json.dumps(openapi.secured(json.loads(answer.body))).encode()
        return Reply(told, headers=reply.headers)

    async def _metrics(self, _: Turn) -> Reply:
        names = [name for name in self._router.workers if self._router.ready(name)]
        told = await self._all(names, "GET", "/metrics", b"")
        texts = [(self._ref(answer.by), answer.body.decode()) for answer in told]
        return Reply(self._meters.text() + merged(texts).encode(), type=meters.MEDIA_TYPE)

    async def _feedback(self, turn: Turn) -> Reply:
        """What came of predictions: told to all, since one of them, or its shadow too, knows."""
        with self._purse.room() as room:
            data = await self._purse.read(room, turn.head, turn.receive)
            names = [name for name in self._router.workers if self._router.ready(name)]
            answers = await self._all(names, "POST", "/feedback", data)
        if not answers:
            raise refusal.busy("no version answers")
        traffic = self._router.traffic
        shadow = traffic.shadow if traffic is not None else ""
        taken = [answer for answer in answers if answer.status == 200]
        if not taken:
            # Who had the request says more of it than who never heard of it: 400 and not 404.
            first = min(answers, key=lambda answer: answer.status)
            return self._given(turn, first, said=False)
        return in_json(_summed({answer.by: json.loads(answer.body) for answer in taken}, shadow))

    async def _all(self, names: list[str], method: str, path: str, data: bytes) -> list[Answer]:
        """What workers answer; those that do not are left out."""
        asked = (self._router.ask(name, method, path, data) for name in names)
        told = await asyncio.gather(*asked, return_exceptions=True)
        for one in told:
            if isinstance(one, BaseException) and not isinstance(one, SnapbookError):
                raise one
        return [one for one in told if isinstance(one, Answer)]

    def _given(self, turn: Turn, answer: Answer, *, said: bool = True) -> Reply:
        """A worker's answer, and whose it is."""
        type = b"application/json"
        headers = []
        for header in answer.headers:
            if header[0] == b"content-type":
                type = header[1]
            elif header[0] not in _OURS:
                headers.append(header)
        if said:
            turn.version = self._ref(answer.by)
            headers.append((VERSION, turn.version.encode()))
        return Reply(answer.body, answer.status, type, tuple(headers))

    def _ref(self, name: str) -> str:
        worker = self._router.workers.get(name)
        return worker.ref if worker is not None else name


def _request(turn: Turn, method: bytes, data: bytes) -> Request:
    """The request as a worker is sent it: what it has to know of the head, and no more."""
    headers = []
    key = b""
    for name, value in turn.scope["headers"]:
        if name in _PASSED:
            headers.append((name, value))
        elif name == KEY:
            key = value
    target: bytes = turn.scope["raw_path"]
    if query := turn.scope["query_string"]:
        target += b"?" + query
    named = _NUMBER.search(target) if b"/versions/" in target else None
    number = named[1] if named is not None else b""
    return Request(method, target, data, turn.id, key, number, tuple(headers))


def _summed(told: Mapping[str, Any], shadow: str) -> dict[str, int]:
    """What several workers took of the same feedback: a shadow took what another took as well."""
    whole = max(one["taken"] + one["unknown"] for one in told.values())
    taken = sum(one["taken"] for name, one in told.items() if name != shadow or len(told) == 1)
    return {"taken": min(taken, whole), "unknown": max(0, whole - taken)}
