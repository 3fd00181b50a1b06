"""A request's head in one look, and its body within bounds of size and of time."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapbook.serve.limits import Limits
from snapbook.serve.refusal import Unfit, busy, packed, slow, stopping, too_large
from snapbook.serve.v2 import JSON_LENGTH

if TYPE_CHECKING:
    from starlette.types import Receive, Scope

INSTEAD = b"snapbook-instead"  # of a front's: it was another version's turn
_MANY_IDS = 512  # are drawn at once: asking the system costs more than all the rest of a head
_STILL_S, _MOVED_BYTES = 1.0, 1024  # at the end, of what is not whole: how long without so much
_IDS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


class Gone(Exception):
    """The client went away."""


@dataclass(slots=True)
class Head:
    """What counts of a request's headers; None where a length is not said."""

    authorization: bytes = b""
    encoding: bytes = b""
    id: bytes = b""
    length: int | None = None
    json_bytes: int | None = None
    instead: bool = False


def head(scope: Scope) -> Head:
    """The head of a request. Raises Unfit for a length that is none."""
    found = Head()
    for name, value in scope["headers"]:
        if name == b"content-length":
            found.length = _number(value)
        elif name == b"authorization":
            found.authorization = value
        elif name == b"x-request-id":
            found.id = value
        elif name == b"content-encoding":
            found.encoding = value
        elif name == JSON_LENGTH:
            found.json_bytes = _number(value)
        elif name == INSTEAD:
            found.instead = True
    return found


def request_id(given: bytes) -> bytes:
    """The id that a request is answered under: its own if it is a sane one."""
    return given if 8 <= len(given) <= 64 and _IDS.issuperset(given) else new_id()


def new_id() -> bytes:
    """An id that no other request has, and that nobody can guess."""
    return _drawn.one()


class _Drawn:
    """Random ids, some in store. Any thread may take one."""

    def __init__(self) -> None:
        self._left: Iterator[bytes] = iter(())

    def one(self) -> bytes:
        """One that was not given before."""
        for found in self._left:
            return found
        digits = secrets.token_hex(8 * _MANY_IDS).encode()
        left = iter([digits[at : at + 16] for at in range(0, len(digits), 16)])
        self._left = left
        return next(left)


_drawn = _Drawn()


class Purse:
    """The bytes of bodies that the process holds, of all requests together."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held = 0
        self._reading: set[asyncio.Timeout] = set()
        self._draining = False

    @contextmanager
    def room(self) -> Iterator[Room]:
        """Room for one request's body, given back at the end."""
        room = Room(self)
        try:
            yield room
        finally:
            self._held -= room.taken

    def take(self, count: int) -> None:
        """Hold ``count`` bytes more. Raises Unreachable where there is no room."""
        if self._held + count > self._limits.held_bytes:
            raise busy("too much is being sent at once")
        self._held += count

    def drain(self) -> None:
        """The end has come: what is not whole yet is waited for while it goes on coming, for it may
        have been sent before, and not when it stands still.
        """
        self._draining = True
        for patience in self._reading:
            self._shorten(patience, patience.when())

    async def read(self, room: Room, head: Head, receive: Receive) -> bytes:
        """The whole body. Raises Usage for one that is too large or too slow, Unreachable for one
        that is not waited for at the end, Gone.
        """
        limits = self._limits
        if head.encoding not in (b"", b"identity"):
            raise packed()
        if head.length is not None:
            if head.length > limits.body_bytes:
                raise too_large(limits.body_bytes)
            room.take(head.length)
        patience = asyncio.timeout(limits.body_s)
        try:
            async with patience:
                self._reading.add(patience)
                return await self._pieces(room, receive, patience)
        except TimeoutError:
            raise stopping() if self._draining else slow(limits.body_s) from None
        finally:
            self._reading.discard(patience)

    async def _pieces(self, room: Room, receive: Receive, patience: asyncio.Timeout) -> bytes:
        until = patience.when()
        message = await receive()
        body: bytes = message.get("body", b"")
        if message["type"] == "http.request" and not message.get("more_body", False):
            room.hold(len(body))
            return body
        pieces, size, moved = [body], len(body), 0
        while message["type"] == "http.request" and message.get("more_body", False):
            message = await receive()
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            if size > self._limits.body_bytes:
                raise too_large(self._limits.body_bytes)
            room.hold(size)
            if self._draining and size >= moved + _MOVED_BYTES:
                moved = size
                self._shorten(patience, until)
        if message["type"] != "http.request":
            raise Gone
        return b"".join(pieces)

    def _shorten(self, patience: asyncio.Timeout, until: float | None) -> None:
        """Wait so long as may pass without a move, and not longer than ``until``."""
        if until is not None and not patience.expired():
            soon = asyncio.get_running_loop().time() + _STILL_S
            patience.reschedule(min(soon, until))


class Room:
    """What one request takes of a `Purse`."""

    def __init__(self, purse: Purse) -> None:
        self._purse = purse
        self.taken = 0

    def take(self, count: int) -> None:
        """Hold ``count`` bytes more. Raises Unreachable."""
        self._purse.take(count)
        self.taken += count

    def hold(self, size: int) -> None:
        """Hold ``size`` bytes in all. Raises Unreachable."""
        if size > self.taken:
            self.take(size - self.taken)


def _number(value: bytes) -> int:
    if not value.isdigit() or len(value) > 18:
        raise Unfit("a length in the head is no number")
    return int(value)
