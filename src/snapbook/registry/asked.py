"""One request to a registry: who asks, and what stands in its body.

Knows how a body is read within limits: nothing is parsed before its size is known, and what is no
JSON object is said in a sentence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from snapbook.errors import NotFound, Refused, Usage
from snapbook.registry import wire
from snapbook.registry.roles import Principal
from snapbook.registry.service import Service

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks, of which registry, and the JSON object in the body (empty for none)."""

    service: Service
    who: Principal
    body: Mapping[str, Any]

    def need(self, right: str, model: str = "") -> None:
        """Raise unless ``who`` has ``right`` for ``model`` ("": for all models).

        What one may not even read does not exist: NotFound there, Refused elsewhere.
        """
        may = self.who.may(right, model) if model else self.who.may_all(right)
        if may:
            return
        if model and right != "read" and self.who.may("read", model):
            raise Refused(f"Not allowed: {self.who.name} may not {right} {model} here", kind="role")
        if not model:
            raise Refused(f"Not allowed: {self.who.name} may not {right} all models", kind="role")
        raise NotFound(f"There is no model {model} here", kind="not-found")

    def text(self, name: str) -> str:
        """The text ``name`` of the body, "" where it is absent. Raises Usage."""
        value = self.body.get(name, "")
        if not isinstance(value, str):
            raise Usage(f"{name} is no text", kind="argument")
        return value

    def digests(self) -> list[str]:
        """The list of digests in the body. Raises Usage."""
        value = self.body.get("digests")
        if not isinstance(value, list) or len(value) > wire.MOST_DIGESTS:
            raise Usage("digests is no list, or too long a one", kind="argument")
        if not all(isinstance(digest, str) and _DIGEST.fullmatch(digest) for digest in value):
            raise Usage("digests holds what is none", kind="argument")
        return value


def service_of(request: Request) -> Service:
    """The registry that ``request`` asks."""
    service: Service = request.app.state.service
    return service


async def asked_of(request: Request) -> _Asked:
    """What ``request`` asks. Raises Usage for a body that is none."""
    body: Mapping[str, Any] = {}
    if request.method == "POST":
        body = json_object(await limited(request))
    return _Asked(service_of(request), request.state.who, body)


async def limited(request: Request, most: int = wire.MOST_JSON) -> bytes:
    """The body of ``request``. Raises Usage (kind "too-large") beyond ``most`` bytes."""
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > most:
            raise Usage("The request is too large", kind="too-large")
    return bytes(data)


def json_object(data: bytes) -> Mapping[str, Any]:
    """The JSON object that ``data`` is, an empty one for nothing. Raises Usage."""
    try:
        value = json.loads(data or b"{}")
    except (ValueError, RecursionError) as error:
        raise Usage("The request is no JSON", kind="argument") from error
    if not isinstance(value, dict):
        raise Usage("The request is no JSON object", kind="argument")
    return value


Asked = Annotated[_Asked, Depends(asked_of)]
