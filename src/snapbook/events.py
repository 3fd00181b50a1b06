"""Events: one link each of the append-only chain that says what happened in a repository.

Knows the bytes of an event, its digest and what makes two events neighbours; pure, no disk and no
clock. It does not know what a type means: unknown types and unknown fields are kept as they are, so
that an older reader carries the events of a newer writer. A chain is a sequence of events in which
each one holds the digest of the one before; texts of people stand in it as digests of salted blobs,
so that they can be purged while the chain still verifies.

Bodies by type (all values JSON; digests 64 hex digits; ``texts`` is the digest of a blob
{"salt", "message", "reason", "tags", "text"} of which each event has what it needs):

    version    model, number "1.4.0", manifest, key, bump, texts, parents [manifest], auto,
               signature, made {author, time} for a copy, withheld [part]
    model      model, way "create", "change" or "delete", texts (text, tags), removed [tag name]
    tag        model, manifest, texts (tags: name -> text), removed [tag name], made for a copy
    note       model, manifest, texts (text), made for a copy
    alias      model, name, old, new        manifest digests; "" where there was or will be none;
               perhaps way "promote" or "rollback", texts (text), evidence, signature, version
    request    model, manifest, alias, texts (text), signature
    approval   model, manifest, alias, word "approve" or "reject", texts (text), signature
    verdict    model, manifest, alias, gate, evidence, signature; role, where a registry made it
    policy     model, policy, old           digests of blobs; old "" for the first
    delete     model, number, manifest
    rename     model, to
    shared     model, manifest, registry, there (model), number, way "push" or "pull"
    queue      model, manifest, registry, waits, rows, strict: a push that waits, or no more
    hold       model, manifest, holds, texts (text): it may not be deleted, or may again
    rows       model, manifest, parts: rows that a version came without are here now
    condemned  packs [pack id]
    purged     blobs [digest]
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.errors import Damaged

FIRST_PREV = "0" * canonical.DIGEST_LENGTH
_FIELDS = ("n", "prev", "type", "time", "author", "body")
_DIGEST = re.compile(r"[0-9a-f]{64}")
# Fixed width and always UTC, so that the order of the texts is the order of the times.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: the ``n``-th event (from 1) of a chain.

    ``prev`` is the digest of event n-1, 64 zeros for the first. ``time`` is UTC as `time_text`
    writes it: what the writer's clock said; the order of events is ``n`` alone. ``rest`` holds
    fields that this reader does not know. ``digest`` is what the next event holds as ``prev``.
    Raises ValueError or TypeError for a body that is no JSON.
    """

    n: int
    prev: str
    type: str
    time: str
    author: str
    body: Mapping[str, Json]
    rest: Mapping[str, Json] = field(default_factory=dict)
    digest: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", canonical.digest(self.encode()))

    def encode(self) -> bytes:
        """The canonical bytes, whose digest is the event's."""
        return canonical.encode({**self.rest, **{name: getattr(self, name) for name in _FIELDS}})

    @classmethod
    def decode(cls, data: bytes) -> Event:
        """The event that `encode` wrote. Raises Damaged for anything else."""
        try:
            value: Any = canonical.decode(data)
            event = cls(**{name: value.pop(name) for name in _FIELDS}, rest=value)
            _check_fields(event)
            if event.digest != canonical.digest(data):
                raise ValueError("the bytes are not canonical")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Damaged("An event cannot be read", _reason(error)) from error
        return event


def seal(event: Event) -> bytes:
    """``event`` as it is stored: its canonical bytes, and on a second line their digest.

    The chain shows a changed event only by its successor; with the second line the newest event
    shows damage as well.
    """
    data = event.encode()
    return b"%s\n%s\n" % (data, event.digest.encode())


def unseal(data: bytes) -> Event:
    """The event that `seal` wrote. Raises Damaged."""
    line, newline, rest = data.partition(b"\n")
    if not newline or len(rest) != canonical.DIGEST_LENGTH + 1 or not rest.endswith(b"\n"):
        raise Damaged("An event cannot be read", "it is cut")
    if canonical.digest(line) != rest[:-1].decode("ascii", "replace"):
        raise Damaged("An event cannot be read", "its bytes were changed")
    return Event.decode(line)


def check_chain(chain: Iterable[Event], old: Event | None = None) -> Iterator[tuple[int, str]]:
    """The places where ``chain``, continuing ``old``, is no chain: (n, why)."""
    before, digest = (old.n, old.digest) if old else (0, FIRST_PREV)
    for event in chain:
        if event.n != before + 1:
            yield event.n, f"event {before + 1} is missing before it"
        elif event.prev != digest:
            yield event.n, f"it does not follow event {before}"
        before, digest = event.n, event.digest


def time_text(when: datetime) -> str:
    """``when`` (aware) as events write time: 2026-11-21T14:02:00.000000Z."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str) -> datetime:
    """The moment that `time_text` wrote. Raises ValueError."""
    if not _TIME.fullmatch(text):
        raise ValueError(f"{text!r} is no time of an event")
    return datetime.fromisoformat(text)


def _check_fields(event: Event) -> None:
    if type(event.n) is not int or event.n < 1:
        raise ValueError("its place is no number from 1")
    if not isinstance(event.prev, str) or not _DIGEST.fullmatch(event.prev):
        raise ValueError("prev is no digest")
    if not isinstance(event.type, str) or not isinstance(event.author, str):
        raise TypeError("type or author is no text")
    if not isinstance(event.time, str):
        raise TypeError("its time is no text")
    parse_time(event.time)
    if not isinstance(event.body, dict):
        raise TypeError("its body is no object")


def _reason(error: Exception) -> str:
    return f"{error} is absent" if isinstance(error, KeyError) else str(error)
