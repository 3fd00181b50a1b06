"""registry token, grant, tokens, revoke: who may do what in a registry that one keeps himself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from snapbook.registry import expiry
from snapbook.registry.people import checked_who
from snapbook.registry.roles import PERSON, SERVICE
from snapbook.registry.tokens import GRANT
from snapbook.verbs.here import Here
from snapbook.verbs.serving import existing, words
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.registry.tokens import Token, Tokens
    from snapbook.verbs.table import Asked


@contextmanager
def _book(here: Here, asked: Asked) -> Iterator[Tokens]:
    """The tokens that the user means: those in the folder, or in the database that he names."""
    from snapbook.registry.tokens import Tokens

    if not asked.database:
        yield Tokens(existing(here, asked))
        return
    from snapbook.catalog.database import Database
    from snapbook.registry.shared import SharedTokens

    with closing(Database(asked.database)) as database:
        database.migrate()
        yield SharedTokens(database)


def token(here: Here, asked: Asked) -> Done:
    """Give out a token: for a person, or for a service, which cannot approve."""
    name, *grants = words(asked, "a name and what it may do", 2, more=True)
    expires = expiry.until(asked.expires or expiry.DEFAULT, datetime.now(UTC))
    with _book(here, asked) as book:
        text = book.make(name, tuple(grants), expires, service=asked.service)
    whom = f"the service {name}" if asked.service else name
    lines = [f"token for {whom} ({', '.join(grants)}), {_ending(expires)}, shown this once: {text}"]
    if not expires:
        lines.append("whoever finds it can use it for good: revoke it when it is no longer needed")
    kind = SERVICE if asked.service else PERSON
    data = {"name": name, "kind": kind, "grants": grants, "expires": expires, "token": text}
    return Done(tuple(lines), data)


def grant(here: Here, asked: Asked) -> Done:
    """Let one do something who signs in elsewhere, by his address, group or subject."""
    whom, *grants = words(asked, "an address or group:NAME, and what it may do", 2, more=True)
    whom = checked_who(whom)
    expires = expiry.until(asked.expires or expiry.NEVER, datetime.now(UTC))
    with _book(here, asked) as book:
        id_ = book.grant(whom, tuple(grants), expires)
    line = f"{whom} may be {', '.join(grants)}; taken back with: snapbook registry revoke {id_}"
    return Done((line,), {"id": id_, "name": whom, "grants": grants, "expires": expires})


def tokens(here: Here, asked: Asked) -> Done:
    """All tokens ever given out, never their text."""
    with _book(here, asked) as book:
        found = book.all()
    return Done(
        tuple(_line(token) for token in found) or ("no tokens yet",),
        {"tokens": [
            {"id": t.id, "name": t.name, "kind": t.kind, "grants": list(t.grants),
             "expires": t.expires, "revoked": t.revoked}
            for t in found
        ]},
    )  # fmt: skip


def revoke(here: Here, asked: Asked) -> Done:
    """Refuse a token from now on."""
    (id_,) = words(asked, "a token's id", 1)
    with _book(here, asked) as book:
        gone = book.revoke(id_)
    what = "grant" if gone.kind == GRANT else "token"
    return Done((f"the {what} {gone.id} of {gone.name} is refused from now on",), {"id": gone.id})


def _line(token: Token) -> str:
    name = token.name if token.kind == PERSON else f"{token.name} ({token.kind})"
    return f"{token.id}  {name:<24}{', '.join(token.grants):<24}{_state(token)}"


def _state(token: Token) -> str:
    if token.revoked:
        return f"revoked {token.revoked[:10]}"
    if token.is_over:
        return f"expired {token.expires[:10]}"
    return f"since {token.made[:10]}, {_ending(token.expires)}"


def _ending(expires: str) -> str:
    return f"until {expires[:16].replace('T', ' ')} UTC" if expires else "never expires"
