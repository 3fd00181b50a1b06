"""Who makes the events of a registry: a Catalog that writes down the request with each of them.

Knows the request that is being answered by a context variable, which goes along into the thread
that works for it. So no act has to pass it on, and none can forget it. In the same way it notes
which head an answer was made by, for whoever signs that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from snapbook.canonical import Json
from snapbook.catalog.base import Broken, Catalog, Head, Progress
from snapbook.catalog.chain import link
from snapbook.events import Event
from snapbook.registry.roles import PERSON

VIA = "via"


@dataclass(frozen=True, slots=True)
class Via:
    """The request that made an event: its id, where it came from, whose token, and which one.

    ``kind`` says whether that was a person or a service.
    """

    request: str
    address: str
    who: str
    token: str
    kind: str = PERSON

    def as_json(self) -> dict[str, Json]:
        """As it stands in an event (docs/format.md): a person is not called so."""
        said: dict[str, Json] = {
            "request": self.request,
            "address": self.address,
            "who": self.who,
            "token": self.token,
        }
        return said if self.kind == PERSON else {**said, "kind": self.kind}


@dataclass(slots=True)
class Looked:
    """What one request saw of the chain: its head, and the digest that event ``wanted`` has there.

    ``found`` is "" where there is no such event.
    """

    wanted: int
    head: Head | None = None
    found: str | None = None

    def note(self, head: Head, catalog: Catalog) -> None:
        """The chain stands at ``head``."""
        self.head = head
        if self.wanted == head.n:
            self.found = head.digest
        elif self.found is None:
            stored = catalog.stored(self.wanted, self.wanted) if 0 < self.wanted < head.n else ()
            self.found = next((link(n, sealed).digest for n, sealed in stored), "")


_now: ContextVar[Via | None] = ContextVar("snapbook_via", default=None)
_looked: ContextVar[Looked | None] = ContextVar("snapbook_looked", default=None)


@contextmanager
def looking(looked: Looked) -> Iterator[None]:
    """Whatever is asked of the chain inside is noted in ``looked``."""
    before = _looked.set(looked)
    try:
        yield
    finally:
        _looked.reset(before)


@contextmanager
def asking(via: Via) -> Iterator[None]:
    """Whatever is appended inside is made by ``via``."""
    before = _now.set(via)
    try:
        yield
    finally:
        _now.reset(before)


@dataclass(frozen=True, slots=True)
class Witnessed:
    """``catalog``, whose events say which request made them.

    ``admit`` is asked before each, by its type and body, and raises where it may not be.
    """

    catalog: Catalog
    admit: Callable[[str, Mapping[str, Json]], None] = lambda _type, _body: None

    def head(self) -> Head:
        """See `Catalog.head`."""
        head = self.catalog.head()
        self._note(head)
        return head

    def read(self, start: int = 1) -> Iterator[Event]:
        """See `Catalog.read`."""
        return self.catalog.read(start)

    def event(self, n: int) -> Event | None:
        """See `Catalog.event`."""
        return self.catalog.event(n)

    def stored(self, start: int, last: int) -> Iterator[tuple[int, bytes]]:
        """See `Catalog.stored`."""
        return self.catalog.stored(start, last)

    def stamps(self, places: Iterable[int]) -> list[str]:
        """See `Catalog.stamps`."""
        return self.catalog.stamps(places)

    def append(
        self,
        type: str,
        body: Mapping[str, Json],
        author: str,
        time: str,
        expected: Head,
        rest: Mapping[str, Json] | None = None,
    ) -> Event:
        """See `Catalog.append`; what ``rest`` says of a request counts for nothing."""
        self.admit(type, body)
        said = {name: value for name, value in (rest or {}).items() if name != VIA}
        if (via := _now.get()) is not None:
            said[VIA] = via.as_json()
        event = self.catalog.append(type, body, author, time, expected, said)
        self._note(Head(event.n, event.digest))
        return event

    def turn(self) -> AbstractContextManager[None]:
        """See `Catalog.turn`."""
        return self.catalog.turn()

    def verify(self, progress: Progress | None = None) -> Iterator[Broken]:
        """See `Catalog.verify`."""
        return self.catalog.verify(progress)

    def _note(self, head: Head) -> None:
        if (looked := _looked.get()) is not None:
            looked.note(head, self.catalog)
