"""Events: one link each of the append-only chain that says what happened in a repository.

Knows the bytes of an event, its digest and what makes two events neighbours; pure, no disk and no
clock. It does not know what a type means: unknown types and unknown fields are kept as they are, so
that an older reader carries the events of a newer writer. A chain is a sequence of events in which
each one holds the digest of the one before; texts of people stand in it as digests of salted blobs,
so that they can be purged while the chain still verifies.

An event is a link, which says its place, what it follows and the digest of what happened; and what
happened, which has a salt. Whoever may not know what happened is given the link alone, and checks
the chain all the same; without the salt nothing can be guessed from it. Events that an earlier
snapbook made have no salt and are one piece.

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
    rollout    model, manifest, alias, way, texts (text), signature; by way old, plan, step, share,
               why, itself, evidence, seconds
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
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.errors import Damaged

FIRST_PREV = "0" * canonical.DIGEST_LENGTH
_WHOLE = ("n", "prev", "type", "time", "author", "body")
_HAPPENED = ("type", "time", "author", "body", "salt")
_DIGEST = re.compile(r"[0-9a-f]{64}")
# Its canonical form has nothing in it that could be written otherwise.
_LINK = re.compile(rb'\{"closed":"([0-9a-f]{64})","n":([1-9][0-9]{0,14}),"prev":"([0-9a-f]{64})"\}')
# Fixed width and always UTC, so that the order of the texts is the order of the times.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: the ``n``-th event (from 1) of a chain.

    ``prev`` is the digest of event n-1, 64 zeros for the first. ``time`` is UTC as `time_text`
    writes it: what the writer's clock said; the order of events is ``n`` alone. ``rest`` holds
    fields that this reader does not know. ``salt`` is `new_salt`, "" for an event in one piece.
    ``digest`` is what the next event holds as ``prev``. Raises ValueError or TypeError for a body
    that is no JSON.
    """

    n: int
    prev: str
    type: str
    time: str
    author: str
    body: Mapping[str, Json]
    rest: Mapping[str, Json] = field(default_factory=dict)
    salt: str = ""
    digest: str = field(init=False, compare=False, repr=False)
    _sealed: bytes = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if "n" in self.rest or "prev" in self.rest:
            raise ValueError("what is beside its members has their names")
        members = _HAPPENED if self.salt else _WHOLE
        told = canonical.encode({**self.rest, **{name: getattr(self, name) for name in members}})
        line = _line(self.n, self.prev, canonical.digest(told)) if self.salt else told
        digest = canonical.digest(line)
        sealed = b"%s\n%s\n" % (line, digest.encode())
        object.__setattr__(self, "digest", digest)
        object.__setattr__(self, "_sealed", b"%s%s\n" % (sealed, told) if self.salt else sealed)


class Link(NamedTuple):
    """What everybody may know of an event that has a salt: its place, what it follows, its digest.

    ``closed`` is the digest of what happened.
    """

    n: int
    prev: str
    closed: str
    digest: str


def new_salt() -> str:
    """A salt for one event: 128 random bits."""
    return secrets.token_hex(16)


def seal(event: Event) -> bytes:
    """``event`` as it is stored: its link, the digest of that line, and what happened.

    In one piece without a salt. The chain shows a changed event only by its successor; with the
    second line the newest event shows damage as well.
    """
    return event._sealed


def closed(data: bytes) -> bytes:
    """What is stored of an event without what happened. Raises Damaged for one in one piece."""
    read_link(data)
    return b"".join(data.splitlines(keepends=True)[:2])


def unseal(data: bytes) -> Event:
    """The event that `seal` wrote. Raises Damaged, for what `closed` left of one too."""
    line, told = _lines(data)
    try:
        event = _in_one_piece(line) if told is None else _of_link(line, told)
        _check_fields(event)
        if event._sealed != data:
            raise ValueError("the bytes are not canonical")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Damaged("An event cannot be read", _reason(error)) from error
    return event


def read_link(data: bytes) -> Link:
    """The link of an event, whatever became of the rest of it. Raises Damaged."""
    line, _ = _lines(data)
    closed, n, prev = _link(line)
    return Link(n, prev, closed, canonical.digest(line))


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


def _lines(data: bytes) -> tuple[bytes, bytes | None]:
    """The first line, which the second one is the digest of, and the third, if there is one."""
    line, *more = data.split(b"\n")
    if len(more) not in (2, 3) or more[-1]:
        raise Damaged("An event cannot be read", "it is cut")
    if canonical.digest(line) != more[0].decode("ascii", "replace"):
        raise Damaged("An event cannot be read", "its bytes were changed")
    return line, more[1] if len(more) == 3 else None


def _in_one_piece(line: bytes) -> Event:
    if _LINK.fullmatch(line):
        raise ValueError("it does not say what happened")
    value: Any = canonical.decode(line)
    return Event(**{name: value.pop(name) for name in _WHOLE}, rest=value)


def _of_link(line: bytes, told: bytes) -> Event:
    closed, n, prev = _link(line)
    if closed != canonical.digest(told):
        raise Damaged("An event cannot be read", "its bytes were changed")
    value: Any = canonical.decode(told)
    happened = {name: value.pop(name) for name in _HAPPENED}
    return Event(n, prev, **happened, rest=value)


def _link(line: bytes) -> tuple[str, int, str]:
    found = _LINK.fullmatch(line)
    if found is None:
        raise Damaged("An event cannot be read", "it does not say what it follows")
    return found[1].decode(), int(found[2]), found[3].decode()


def _line(n: int, prev: str, closed: str) -> bytes:
    return b'{"closed":"%s","n":%d,"prev":"%s"}' % (closed.encode(), n, prev.encode())


def _check_fields(event: Event) -> None:
    if type(event.n) is not int or event.n < 1:
        raise ValueError("its place is no number from 1")
    if not isinstance(event.prev, str) or not _DIGEST.fullmatch(event.prev):
        raise ValueError("prev is no digest")
    if not isinstance(event.type, str) or not isinstance(event.author, str):
        raise TypeError("type or author is no text")
    if not isinstance(event.time, str):
        raise TypeError("its time is no text")
    if not isinstance(event.salt, str):
        raise TypeError("its salt is no text")
    parse_time(event.time)
    if not isinstance(event.body, dict):
        raise TypeError("its body is no object")


def _reason(error: Exception) -> str:
    return f"{error} is absent" if isinstance(error, KeyError) else str(error)
