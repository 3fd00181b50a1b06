"""What every engine of the chain does alike: head, conflict and verification over sealed events."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.catalog.base import Broken, Head, Progress
from snapbook.errors import Conflict, Damaged
from snapbook.events import FIRST_PREV, Event, new_salt, read_link, unseal

_STEP = 256


class Read(NamedTuple):
    """What can be read of a stored event: the ``digest`` that the next one must hold; the event, or
    ``why`` it cannot be read; and the digest that it holds itself, where that can be told.

    ``closed`` is the digest of what happened, "" for an event in one piece and for a broken link.
    """

    digest: str
    event: Event | None
    why: str
    prev: str | None = None
    closed: str = ""


def following(
    head: Head,
    type: str,
    body: Mapping[str, Json],
    author: str,
    time: str,
    rest: Mapping[str, Json] | None = None,
) -> Event:
    """The event that comes after ``head``. Raises ValueError or TypeError for a body that is no
    JSON.
    """
    return Event(head.n + 1, head.digest, type, time, author, body, rest or {}, new_salt())


def head_of(n: int, sealed: bytes) -> Head:
    """The head that the ``n``-th stored event makes.

    One whose link cannot be read has no digest of its own; the chain goes on from the digest of its
    bytes as they stand, so that damage to the newest event does not stop the next one.
    """
    return Head(n, link(n, sealed).digest)


@lru_cache(maxsize=8)
def link(n: int, sealed: bytes) -> Read:
    """What can be read of the ``n``-th event.

    The newest events are asked for again and again, by the head, by the index, by who appends.
    """
    try:
        event = unseal(sealed)
        why = "" if event.n == n else f"it says that it is event {event.n}"
        if not why and not event.salt:
            return Read(event.digest, event, "", event.prev)
    except Damaged as error:
        event, why = None, error.why
    try:
        found = read_link(sealed)
    except Damaged:
        found = None
    if found is None or found.n != n:
        return Read(canonical.digest(sealed), None, why)
    return Read(found.digest, event, why, found.prev, found.closed)


def readable(stored: Iterable[tuple[int, bytes]]) -> Iterator[Event]:
    """The events of ``stored``, sealed bytes with their places, that can be read."""
    for n, sealed in stored:
        event = link(n, sealed).event
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
    last: int,
    sealed: Callable[[int], bytes | None],
    progress: Progress | None = None,
    *,
    told: bool = True,
    untold: Container[int] = (),
) -> Iterator[Broken]:
    """Every place in 1..``last`` where the chain is broken; ``sealed`` gives None for absent.

    Without ``told`` events may be closed, and those of ``untold`` may be absent: up to the first
    one that has a salt, since none after it needs to be.
    """
    expected: str | None = FIRST_PREV
    salted = False
    for n in range(1, last + 1):
        data = sealed(n)
        if data is None:
            if salted or n not in untold:
                yield Broken(n, "it is missing")
            expected = None
        else:
            found = link(n, data)
            if found.event is None and (told or not found.closed):
                yield Broken(n, found.why)
            elif expected is not None and found.prev != expected:
                yield Broken(n, f"it does not follow event {n - 1}")
            elif salted and not found.closed:
                yield Broken(n, "it is in one piece, after events that are not")
            expected, salted = found.digest, salted or bool(found.closed)
        if progress is not None and (n % _STEP == 0 or n == last):
            progress(n, last)
