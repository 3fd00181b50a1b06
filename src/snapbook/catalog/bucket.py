"""The chain as objects: events/<thousands>/<n> in a bucket, one sealed event each, never changed.

Knows how one process among many makes event n and no other: the engine creates an object only where
none is (If-None-Match), whole or not at all. That is the commit point.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from snapbook.canonical import Json
from snapbook.catalog.base import Broken, Head, Progress
from snapbook.catalog.chain import (
    broken_links,
    conflict,
    following,
    head_of,
    in_order,
    link,
    readable,
)
from snapbook.events import Event, seal
from snapbook.store.bucket import Bucket, Entry

_FOLDER = "events"
_IN_SHARD = 1000
_AT_ONCE = 16
_NAME = re.compile(rf"{_FOLDER}/([0-9]{{7}})/([0-9]{{10}})")
_TURN_S = 2.0


class BucketCatalog:
    """A chain of event objects in ``bucket``.

    ``ready`` is called once before an event is appended: what is older is told so then.
    """

    def __init__(self, bucket: Bucket, ready: Callable[[], None] | None = None) -> None:
        self.bucket = bucket
        self._ready = ready
        self._newest: tuple[Entry, Head] | None = None  # as it was seen last
        self._mine = threading.local()

    def head(self) -> Head:
        """The newest event there is, by its name: one list, and one event where it is another."""
        newest = self._last()
        if newest is None:
            self._newest = None
            return Head()
        if self._newest is None or self._newest[0] != newest:
            n = _number(newest.name)
            sealed = self.bucket.get(newest.name)
            if sealed is None:  # taken away between the two questions
                return self.head()
            self._newest = newest, head_of(n, sealed)
        return self._newest[1]

    def read(self, start: int = 1) -> Iterator[Event]:
        """The readable events from ``start`` on, in order, up to the newest at the first call."""
        return readable(self.stored(start, self.head().n))

    def event(self, n: int) -> Event | None:
        """Event ``n``; None where it is absent or cannot be read."""
        sealed = self.sealed(n)
        return link(n, sealed).event if sealed is not None else None

    def sealed(self, n: int) -> bytes | None:
        """The bytes of event ``n`` as they are stored, damaged or not; None if there are none."""
        return self.bucket.get(place(n)) if n > 0 else None

    def stored(self, start: int, last: int) -> Iterator[tuple[int, bytes]]:
        """The events from ``start`` to ``last`` as they are stored; absent ones are left out."""
        start = max(start, 1)
        if last - start < 2:
            for n in range(start, last + 1):
                if (sealed := self.sealed(n)) is not None:
                    yield n, sealed
            return
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for first in range(start, last + 1, _AT_ONCE * 4):
                numbers = range(first, min(first + _AT_ONCE * 4, last + 1))
                found = pool.map(self.bucket.get, map(place, numbers))
                for n, sealed in zip(numbers, found, strict=True):
                    if sealed is not None:
                        yield n, sealed

    def stamps(self, places: Iterable[int]) -> list[str]:
        """What the lists say of each event's object, or that there is none."""
        wanted = list(places)
        listed: dict[str, str] = {}
        for shard in sorted({n // _IN_SHARD for n in wanted}):
            found = self.bucket.entries(f"{_FOLDER}/{shard:07d}")
            listed.update((entry.name, entry.stamp) for entry in found)
        return [listed.get(place(n), "absent") for n in wanted]

    def append(
        self,
        type: str,
        body: Mapping[str, Json],
        author: str,
        time: str,
        expected: Head,
        rest: Mapping[str, Json] | None = None,
    ) -> Event:
        """Make event ``expected.n + 1``. Raises Conflict, ReadOnly or Unreachable."""
        event = following(expected, type, body, author, time, rest)
        sealed = seal(event)
        if self._ready is not None:
            self._ready()
            self._ready = None
        if self.head() != expected or not self.bucket.create(place(event.n), sealed):
            raise conflict(event.n)
        return event

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait a little for other threads of this process; other processes are raced."""
        if getattr(self._mine, "turn", False):
            yield
            return
        alone = self.bucket.turn.acquire(timeout=_TURN_S)
        self._mine.turn = True
        try:
            yield
        finally:
            self._mine.turn = False
            if alone:
                self.bucket.turn.release()

    def verify(self, progress: Progress | None = None) -> Iterator[Broken]:
        """Every event that is missing, changed, cut or out of the chain."""
        last = self.head().n
        return broken_links(last, in_order(self.stored(1, last)), progress)

    def _last(self) -> Entry | None:
        """The newest event by its name; from where it was last, as long as that stands."""
        if self._newest is not None:
            n = self._newest[1].n
            found = list(_events(self.bucket.entries(_FOLDER, after=place(n - 1))))
            if found:
                return max(found)
        for shard in sorted(self.bucket.folders(_FOLDER), reverse=True):
            if found := list(_events(self.bucket.entries(shard))):
                return max(found)
        return None


def place(n: int) -> str:
    """The name of event ``n``."""
    return f"{_FOLDER}/{n // _IN_SHARD:07d}/{n:010d}"


def _events(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Those that are events: other objects in the folder do not matter."""
    for entry in entries:
        if _NAME.fullmatch(entry.name) and entry.name == place(_number(entry.name)):
            yield entry


def _number(name: str) -> int:
    return int(name.rpartition("/")[2])
