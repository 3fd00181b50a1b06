"""What a client holds a registry to: the key it was added with, and the newest state it ever saw.

Every answer is checked (statement.py): signed by the pinned key, for this request and no other, and
if it tells of the chain, by a head that is not before the one that was seen, nor beside it. That an
administrator brought a backup back is said under the key, told once, and taken. Clocks decide
nothing; where they differ it is said which one seems wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from snapbook import canonical, events
from snapbook.catalog.base import Head
from snapbook.errors import Hint, Refused, Unreachable
from snapbook.registry import statement, wire
from snapbook.registry.heads import Heads, Remembered
from snapbook.registry.known import Book, Known
from snapbook.registry.statement import Asking, Said, Signed

if TYPE_CHECKING:
    import httpx

_APART = timedelta(minutes=5)  # from which on two clocks are said to differ
# The answers that tell of the chain; what else there is are bytes under digests.
_TELLS = frozenset(
    {
        "/about", "/aliases", "/events", "/head", "/missing", "/news", "/opinions", "/policies",
        "/promotions", "/review", "/rollbacks", "/rollouts", "/rollouts/acts", "/trials",
        "/verdicts", "/version", "/versions",
    }
)  # fmt: skip


@dataclass(slots=True)
class Pinned:
    """The registry ``known`` as the user's ``book`` and ``heads`` have it.

    ``say`` gets what people are to know of it; without ``strict`` a state that was gone back to is
    left for the caller to find (an audit, which says more).
    """

    known: Known
    book: Book
    heads: Heads
    say: Callable[[str], None]
    strict: bool = True
    _told: set[str] = field(default_factory=set)

    def asking(self) -> Asking:
        """What goes along with the next request."""
        seen = self.heads.remembered(self.known.url)
        return statement.asking(seen.head if seen is not None else Head())

    def check(self, asking: Asking, answer: httpx.Response, begun: datetime) -> None:
        """Raise Refused where ``answer`` is not what the pinned registry says now."""
        text = answer.headers.get(statement.SAID)
        if text is None:
            if self.known.key and answer.is_success:
                raise self._refused("it does not sign what it says, and it did before")
            return
        try:
            told = statement.signed_of(text)
        except ValueError:
            raise self._refused("what it signs cannot be read") from None
        self._check_key(told)
        said = told.said
        fits = said.nonce == asking.nonce and said.request == _line(answer.request)
        if not fits or said.body not in ("", canonical.digest(answer.content)):
            raise self._refused("the answer is an old one, or was changed on its way")
        if said.digest:
            self._check_head(asking, told)
        elif answer.is_success and _path(answer.request) in _TELLS:
            raise self._refused("its answer does not say by which state of it")
        self._check_clock(said, begun)

    def _check_key(self, told: Signed) -> None:
        if self.known.key and told.key != self.known.key:
            raise other_key(self.known, told.key)
        if not told.is_sound:
            raise self._refused("a signature in its answer is not by its key")
        if not self.known.key:
            self.known = self.book.pin(self.known, told.key)

    def _check_head(self, asking: Asking, told: Signed) -> None:
        said, now = told.said, datetime.now(UTC)
        # Read again: other processes of this user look there, too.
        seen = self.heads.remembered(self.known.url) or Remembered(Head(), "")
        follows = not asking.seen.n or said.seen == asking.seen.digest
        newer = said.n > seen.head.n and follows
        same = said.n == seen.head.n and said.digest == seen.head.digest
        if not newer and not same and not _is_overtaken(asking, said, seen, follows):
            if not self._restored(told, seen):
                if self.strict:
                    raise self._gone_back(said, seen)
                return
            newer = True
        if newer:
            head = Head(said.n, said.digest)
            fresh = Remembered(head, events.time_text(now), said.time)
            self.heads.remember(self.known.url, fresh)

    def _restored(self, told: Signed, seen: Remembered) -> bool:
        """Whether the administrator said that it was brought back, after what was seen there."""
        word = told.restored
        if word is None or not word.is_by(told.key) or word.time <= seen.signed:
            return False
        self.say(
            f"{self.known.name} was restored from a backup on {word.time[:10]}"
            f" ({word.reason}): of the {seen.head.n} events seen there, those after event {word.n}"
            " are gone. Push again what is missing"
        )
        return True

    def _check_clock(self, said: Said, begun: datetime) -> None:
        there, now = events.parse_time(said.time), datetime.now(UTC)
        if begun - _APART <= there <= now + _APART or "clock" in self._told:
            return
        self._told.add("clock")
        apart = f"{_span(abs(there - now))} {'ahead of' if there > now else 'behind'}"
        seen = self.heads.remembered(self.known.url)
        if seen is not None and now < events.parse_time(seen.time) - _APART:
            hint = "; this machine's went back since the last time, so it seems to be that one"
        elif seen is not None and said.time < seen.signed:
            hint = "; the registry's went back since the last time, so it seems to be that one"
        else:
            hint = ""
        self.say(f"the clock of {self.known.name} is {apart} this machine's{hint}")

    def _gone_back(self, said: Said, seen: Remembered) -> Refused:
        was = f"on {seen.time[:10]} it had {seen.head.n} events"
        now = f"{said.n} now" if said.n < seen.head.n else "others in their place now"
        return Refused(
            f"{self.known.name} is not where it was",
            f"{was}, and {now}",
            act="Ask its administrator. If he brought it back from a backup, he says so there",
            hint=Hint("registry", ("restored", "--reason", "TEXT")),
            kind="registry-state",
        )

    def _refused(self, why: str) -> Refused:
        return Refused(
            f"{self.known.name} is not believed",
            why,
            act="Nothing was changed here. Ask its administrator",
            kind="registry-key",
        )


def _is_overtaken(asking: Asking, said: Said, seen: Remembered, follows: bool) -> bool:
    """Whether another process saw more than this answer tells, since it was asked for."""
    return follows and asking.seen.n <= said.n < seen.head.n


def other_key(known: Known, key: str) -> Refused:
    """The error where another key answers than the one that is pinned."""
    mark = statement.fingerprint
    return Refused(
        f"{known.name} answers with the key {mark(key)}, and is known by {mark(known.key)}",
        act="Ask its administrator. Only if he names the new one",
        hint=Hint("registry", ("add", known.name, known.url, "--key", mark(key))),
        kind="registry-key",
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """What a registry shows to who comes for the first time: its key, and where people sign in."""

    key: str
    sign_in: str


def shown(url: str) -> Shown:
    """What the registry at ``url`` shows before anybody logs in. Raises Unreachable."""
    import httpx

    try:
        answer = httpx.get(f"{url}/healthz", timeout=5)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unreachable(f"{url} cannot be reached", act="Try again later") from error
    key = answer.headers.get(statement.KEY, "")
    return Shown(key if statement.is_key(key) else "", answer.headers.get(statement.SIGN_IN, ""))


def _path(request: httpx.Request) -> str:
    return request.url.path.rpartition(wire.PATH)[2]


def _line(request: httpx.Request) -> str:
    target = request.url.raw_path.decode("ascii")
    return f"{request.method} {target[target.find(wire.PATH) :]}"


def _span(apart: timedelta) -> str:
    for unit, seconds in (("days", 86400), ("hours", 3600)):
        if apart.total_seconds() >= 2 * seconds:
            return f"{apart.total_seconds() / seconds:.0f} {unit}"
    return f"{apart.total_seconds() / 60:.0f} minutes"
