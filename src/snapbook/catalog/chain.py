"""What every engine of the chain does alike: head, conflict and verification over sealed events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from snapbook import canonical
from snapbook.catalog.base import Broken, Head, Progress
from snapbook.errors import Conflict, Damaged
from snapbook.events import FIRST_PREV, Event, unseal

_STEP = 256


def head_of(n: int, sealed: bytes) -> Head:
    """The head that the ``n``-th stored event makes.

    An event that cannot be read has no digest of its own; the chain goes on from the digest of its
    bytes as they stand, so that damage to the newest event does not stop the next one.
    """
    return Head(n, link(n, sealed)[0])


@lru_cache(maxsize=8)
def link(n: int, sealed: bytes) -> tuple[str, Event | None, str]:
    """(digest that the next event must hold, the event if it can be read, why not).

    The newest events are asked for again and again, by the head, by the index, by who appends.
    """
    try:
        event = unseal(sealed)
        if event.n != n:
            raise Damaged("An event cannot be read", f"it says that it is event {event.n}")
    except Damaged as error:
        return canonical.digest(sealed), None, error.why
    return event.digest, event, ""


def readable(stored: Iterable[tuple[int, bytes]]) -> Iterator[Event]:
    """The events of ``stored``, sealed bytes with their places, that can be read."""
    for n, sealed in stored:
        event = link(n, sealed)[1]
        if event is not None:
            yield event


def conflict(n: int) -> Conflict:
    """Somebody else made event ``n``."""
    return Conflict(f"Event {n} was written by somebody else meanwhile")


def in_order(stored: Iterator[tuple[int, bytes]]) -> Callable[[int], bytes | None]:
    """Sealed events that come in order, for who asks for one after another by their places."""
    ahead = next(stored, None)

    def sealed(n: int) -> bytes | None:
        nonlocal ahead
        if ahead is None or ahead[0] != n:
            return None
        found = ahead[1]
        ahead = next(stored, None)
        return found

    return sealed


def broken_links(
    last: int, sealed: Callable[[int], bytes | None], progress: Progress | None = None
) -> Iterator[Broken]:
    """Every place in 1..``last`` where the chain is broken; ``sealed`` gives None for absent."""
    expected: str | None = FIRST_PREV
    for n in range(1, last + 1):
        data = sealed(n)
        if data is None:
            yield Broken(n, "it is missing")
            expected = None
        else:
            digest, event, why = link(n, data)
            if event is None:
                yield Broken(n, why)
            elif expected is not None and event.prev != expected:
                yield Broken(n, f"it does not follow event {n - 1}")
            expected = digest
        if progress is not None and (n % _STEP == 0 or n == last):
            progress(n, last)
