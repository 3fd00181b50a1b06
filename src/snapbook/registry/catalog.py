"""The Catalog of a registry over HTTP: its events as they are stored there, and a plain append.

Everything that is said about the chain is found out here, from the stored bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from snapbook.canonical import Json
from snapbook.catalog.base import Broken, Head, Progress
from snapbook.catalog.chain import broken_links, conflict, link, readable
from snapbook.errors import Damaged
from snapbook.events import Event, unseal
from snapbook.registry import wire
from snapbook.registry.http import Http
from snapbook.registry.witness import VIA


class HttpCatalog:
    """The chain of the registry behind ``http``."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def head(self) -> Head:
        """The newest event there is."""
        told = self._http.get("/head")
        try:
            return Head(int(told["n"]), str(told["digest"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged("The registry's answer is no head") from error

    def read(self, start: int = 1) -> Iterator[Event]:
        """The readable events from ``start`` on, in order."""
        return readable(self._stored(max(start, 1)))

    def event(self, n: int) -> Event | None:
        """Event ``n``; None where it is absent or cannot be read."""
        data = self._http.bytes("/events", start=n, limit=1) if n > 0 else b""
        return next((link(at, sealed)[1] for at, sealed in wire.unpacked_events(data)), None)

    def append(
        self,
        type: str,
        body: Mapping[str, Json],
        author: str,
        time: str,
        expected: Head,
        rest: Mapping[str, Json] | None = None,
    ) -> Event:
        """Make event ``expected.n + 1``. Raises Conflict, Refused, Unreachable."""
        # What the registry knows of this request it says itself.
        said = {name: value for name, value in (rest or {}).items() if name != VIA}
        event = Event(expected.n + 1, expected.digest, type, time, author, body, said)
        answer = self._http.once(
            "POST",
            "/events",
            json={
                "type": type,
                "body": dict(body),
                "author": author,
                "time": time,
                "expected": {"n": expected.n, "digest": expected.digest},
                "rest": said,
            },
        )
        made = unseal(answer.content)
        if replace(made, rest={n: v for n, v in made.rest.items() if n != VIA}) != event:
            raise conflict(event.n)
        return made

    def turn(self) -> AbstractContextManager[None]:
        """Nothing to wait for: the registry puts its own writers in order."""
        return nullcontext()

    def stamps(self, places: Iterable[int]) -> list[str]:
        """For each event what is other once its stored bytes are."""
        told = self._http.post("/stamps", {"places": list(places)}, repeat=True)
        return [str(stamp) for stamp in told["stamps"]]

    def verify(self, progress: Progress | None = None) -> Iterator[Broken]:
        """Every event that is missing, changed, cut or out of the chain."""
        last = self.head().n
        stored = dict(self._stored(1))
        return broken_links(last, stored.get, progress)

    def _stored(self, start: int) -> Iterator[tuple[int, bytes]]:
        last = self.head().n
        while start <= last:
            data = self._http.bytes("/events", start=start)
            yield from wire.unpacked_events(data)
            start += wire.MOST_EVENTS
