"""The Catalog of a registry over HTTP: its events as they are stored there, and a plain append.

Everything that is said about the chain is found out here, from the stored bytes. Who may read some
models is given the other events closed, and checks that each of them is in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

from snapbook.canonical import Json
from snapbook.catalog.base import Broken, Head, Progress
from snapbook.catalog.chain import broken_links, conflict, link, readable
from snapbook.errors import Damaged
from snapbook.events import Event, unseal
from snapbook.registry import wire
from snapbook.registry.http import Http
from snapbook.registry.witness import VIA


@dataclass(frozen=True, slots=True)
class _Answer:
    """Events from one place on: None for one that is not told; whether all that happened is."""

    events: Mapping[int, bytes | None]
    told: bool


class HttpCatalog:
    """The chain of the registry behind ``http``.

    ``closed`` is how many events the last `verify` could not look into.
    """

    def __init__(self, http: Http) -> None:
        self._http = http
        self.closed = 0

    def head(self) -> Head:
        """The newest event there is."""
        told = self._http.get("/head")
        try:
            return Head(int(told["n"]), str(told["digest"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged("The registry's answer is no head") from error

    def read(self, start: int = 1) -> Iterator[Event]:
        """The readable events from ``start`` on, in order; those that are closed are left out."""
        return readable(self.stored(max(start, 1), self.head().n))

    def event(self, n: int) -> Event | None:
        """Event ``n``; None where it is absent, closed or cannot be read."""
        sealed = self._asked(n, 1).events.get(n) if n > 0 else None
        return link(n, sealed).event if sealed is not None else None

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
        beside = {name: value for name, value in made.rest.items() if name != VIA}
        if replace(made, rest=beside, salt="") != event:
            raise conflict(event.n)
        return made

    def turn(self) -> AbstractContextManager[None]:
        """Nothing to wait for: the registry puts its own writers in order."""
        return nullcontext()

    def stored(self, start: int, last: int) -> Iterator[tuple[int, bytes]]:
        """The events from ``start`` to ``last`` as they are stored, some of them closed."""
        for answer in self._all(start, last):
            for n, sealed in answer.events.items():
                if sealed is not None and n <= last:
                    yield n, sealed

    def stamps(self, places: Iterable[int]) -> list[str]:
        """For each event what is other once its stored bytes are."""
        told = self._http.post("/stamps", {"places": list(places)}, repeat=True)
        return [str(stamp) for stamp in told["stamps"]]

    def verify(self, progress: Progress | None = None) -> Iterator[Broken]:
        """Every event that is missing, changed, cut or out of the chain."""
        last = self.head().n
        answers = list(self._all(1, last))
        stored = {n: sealed for answer in answers for n, sealed in answer.events.items()}
        told = all(answer.told for answer in answers)
        untold = () if told else {n for n, sealed in stored.items() if sealed is None}
        self.closed = 0 if told else sum(_is_closed(n, sealed) for n, sealed in stored.items())
        return broken_links(last, stored.get, progress, told=told, untold=untold)

    def _all(self, start: int, last: int) -> Iterator[_Answer]:
        while start <= last:
            yield self._asked(start, min(last - start + 1, wire.MOST_EVENTS))
            start += wire.MOST_EVENTS

    def _asked(self, start: int, most: int) -> _Answer:
        answer = self._http.again(
            lambda: self._http.once("GET", "/events", params={"start": start, "limit": most})
        )
        events = dict(wire.unpacked_events(answer.content))
        return _Answer(events, answer.headers.get(wire.TOLD) != wire.SOME)


def _is_closed(n: int, sealed: bytes | None) -> bool:
    return sealed is None or link(n, sealed).event is None
