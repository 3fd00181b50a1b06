"""Sessions of people at the registry's page: begun for one who was recognised, short, revocable.

What the browser holds is 256 bits of chance in a cookie that no script can read; here its digest is
kept, with who it is. One that was begun with a token lasts no longer than the token and has the
rights that the token has now; that of one who signed in elsewhere has what is granted to him now.
Knows no route and no password.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from snapbook import canonical, events
from snapbook.registry.roles import Principal, parse_grant
from snapbook.registry.tokens import Tokens

COOKIE = "snapbook"
LASTS = timedelta(hours=8)
_MOST = 20  # sessions of one person; the oldest gives way


@dataclass(frozen=True, slots=True)
class Session:
    """Who somebody is until ``expires``, a time as events write it.

    With names that he is ``known_as`` elsewhere, his rights are what is granted to these. Else with
    ``token``, the id of one, they are that token's; else they are ``grants``.
    """

    name: str
    token: str
    grants: tuple[str, ...]
    expires: str
    known_as: tuple[str, ...] = ()


class Shelf(Protocol):
    """Where sessions are kept, by the digests of what browsers hold."""

    def put(self, key: str, session: Session) -> None:
        """Keep it."""

    def get(self, key: str) -> Session | None:
        """The session of ``key``; None where there is none."""

    def drop(self, key: str) -> None:
        """Forget it; one that is not there is none to forget."""

    def all(self) -> Mapping[str, Session]:
        """Every one that is kept, expired ones too."""


class Sessions:
    """The sessions on ``shelf``, of which some hang on ``tokens``."""

    def __init__(self, shelf: Shelf, tokens: Tokens) -> None:
        self._shelf = shelf
        self._tokens = tokens

    def begin(self, who: Principal, known_as: tuple[str, ...] = ()) -> str:
        """A session for ``who``; its text is for a cookie and is given out this once.

        One who signed in elsewhere is ``known_as`` somebody there.
        """
        now = datetime.now(UTC)
        self._tidy(who, events.time_text(now))
        text = secrets.token_urlsafe(32)
        grants = () if who.token else tuple(map(str, who.grants))
        until = events.time_text(now + LASTS)
        session = Session(who.name, who.token, grants, until, known_as)
        self._shelf.put(_key(text), session)
        return text

    def principal(self, text: str) -> Principal | None:
        """Whose session ``text`` is; None for one that is wrong, over or ended."""
        session = self._shelf.get(_key(text))
        if session is None or session.expires <= events.time_text(datetime.now(UTC)):
            return None
        if session.known_as:
            granted = self._tokens.granted(session.known_as)
            return Principal(session.name, granted, session.token) if granted else None
        if session.token:
            return self._tokens.holder(session.token)
        return Principal(session.name, tuple(map(parse_grant, session.grants)))

    def end(self, text: str) -> None:
        """Refuse it from now on."""
        self._shelf.drop(_key(text))

    def _tidy(self, who: Principal, now: str) -> None:
        kept = self._shelf.all()
        over = {key for key, session in kept.items() if session.expires <= now}
        same = [key for key, one in kept.items() if (one.token, one.name) == (who.token, who.name)]
        same.sort(key=lambda key: kept[key].expires, reverse=True)
        for key in over.union(same[_MOST - 1 :]):
            self._shelf.drop(key)


def cookie(text: str, *, secure: bool) -> str:
    """The header "Set-Cookie" that gives ``text`` to a browser; "" takes it back.

    It names no path, so it holds where the route that sets it lies, whatever a proxy puts before
    that: such a route stands directly below the API's path.
    """
    words = [f"{COOKIE}={text}", "HttpOnly", "SameSite=Strict"]
    return "; ".join([*words, *["Secure"] * secure, *["Max-Age=0"] * (not text)])


def _key(text: str) -> str:
    return canonical.digest(text.encode("utf-8", "surrogatepass"))
