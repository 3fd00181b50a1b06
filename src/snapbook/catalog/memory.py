"""A chain in memory: for tests, and for whoever needs a catalog that nobody keeps."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.catalog.base import Broken, Head, Progress
from snapbook.catalog.chain import broken_links, conflict, following, head_of, link
from snapbook.events import Event, seal


class MemoryCatalog:
    """Sealed events in a dict, as another engine would have them in files."""

    def __init__(self) -> None:
        self.sealed: dict[int, bytes] = {}
        self._lock = threading.Lock()

    def head(self) -> Head:
        """The newest event there is."""
        n = max(self.sealed, default=0)
        return head_of(n, self.sealed[n]) if n else Head()

    def read(self, start: int = 1) -> Iterator[Event]:
        """The readable events from ``start`` on, in order."""
        for n in range(start, max(self.sealed, default=0) + 1):
            event = self.event(n)
            if event is not None:
                yield event

    def event(self, n: int) -> Event | None:
        """Event ``n``; None where it is absent or cannot be read."""
        sealed = self.sealed.get(n)
        return link(n, sealed).event if sealed is not None else None

    def stored(self, start: int, last: int) -> Iterator[tuple[int, bytes]]:
        """The events from ``start`` to ``last`` as they are stored; absent ones are left out."""
        for n in range(start, last + 1):
            if (sealed := self.sealed.get(n)) is not None:
                yield n, sealed

    def stamps(self, places: Iterable[int]) -> list[str]:
        """The digest of each event as it is stored, of nothing where there is none."""
        return [canonical.digest(self.sealed.get(n, b"")) for n in places]

    def append(
        self,
        type: str,
        body: Mapping[str, Json],
        author: str,
        time: str,
        expected: Head,
        rest: Mapping[str, Json] | None = None,
    ) -> Event:
        """Make event ``expected.n + 1``. Raises Conflict."""
        event = following(expected, type, body, author, time, rest)
        with self._lock:
            if self.head() != expected:
                raise conflict(event.n)
            self.sealed[event.n] = seal(event)
        return event

    def turn(self) -> AbstractContextManager[None]:
        """Nobody waits: an append takes no time."""
        return nullcontext()

    def verify(self, progress: Progress | None = None) -> Iterator[Broken]:
        """Every event that is missing, changed, cut or out of the chain."""
        return broken_links(max(self.sealed, default=0), self.sealed.get, progress)
