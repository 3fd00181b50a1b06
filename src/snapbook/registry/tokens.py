"""API tokens of a registry: made once, shown once, kept as digests, revocable at once.

Knows a small file in the registry's folder that is read again whenever it changed, so that a token
that was revoked by another process is refused with the next request. A token is 256 bits of chance,
so its plain BLAKE3 digest gives nothing away.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from snapbook import canonical, events
from snapbook.errors import BadName, BadOption, Damaged, NotFound
from snapbook.registry import expiry
from snapbook.registry.roles import (
    PERSON,
    READ,
    RIGHTS,
    SERVICE,
    WRITE,
    Grant,
    Principal,
    parse_grant,
)
from snapbook.store import durable

PREFIX = "snapbook"
GRANT = "grant"  # the kind of an entry that is no token, but for one who signs in elsewhere
_FILE = "tokens.json"


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token: ``kind`` is whom it was made for, a person or a service.

    It is "grant" for no token, but what one may do who signs in elsewhere. ``expires`` is a time as
    events write it, or "" for never.
    """

    id: str
    name: str
    grants: tuple[str, ...]
    made: str
    expires: str
    revoked: str
    kind: str = PERSON

    @property
    def is_over(self) -> bool:
        """Whether its time is up."""
        return expiry.is_over(self.expires, datetime.now(UTC))


class Tokens:
    """The tokens of the registry in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._book: Mapping[str, Any] = {}

    def make(
        self, name: str, grants: tuple[str, ...], expires: str = "", *, service: bool = False
    ) -> str:
        """A new token for ``name``; its text is shown now and never again. Raises BadOption."""
        if not name or not name.isprintable() or len(name) > 128:
            raise BadName("A token needs the name of a person or a service", act="Like: ci-churn")
        for grant in grants:
            role = parse_grant(grant).role
            if service and not RIGHTS[role] <= {READ, WRITE}:
                raise BadOption(
                    f"A service cannot be {role}",
                    "approving and administering is for people",
                    act="Make it reader or writer, or leave --service out",
                )
        with self._changing() as book:
            return _entered(book, name, grants, expires, SERVICE if service else PERSON)

    def first(self) -> str:
        """The administrator's token, where there is none at all yet; else "".

        Of several servers that start at once one makes it.
        """
        if self._read():
            return ""
        with self._changing() as book:
            return "" if book else _entered(book, "admin", ("admin",), "", PERSON)

    def grant(self, whom: str, grants: tuple[str, ...], expires: str = "") -> str:
        """Grant something to ``whom`` who signs in elsewhere; gives the id to take it back by."""
        for grant in grants:
            parse_grant(grant)
        id_ = secrets.token_hex(6)
        with self._changing() as book:
            book[id_] = {
                "name": whom,
                "digest": "",  # of no token
                "grants": list(grants),
                "kind": GRANT,
                "made": events.time_text(datetime.now(UTC)),
                "expires": expires,
                "revoked": "",
            }
        return id_

    def granted(self, known_as: Collection[str]) -> tuple[Grant, ...]:
        """What is granted to one who is known by these names."""
        return tuple(
            parse_grant(text)
            for entry in self._read().values()
            if entry.get("kind") == GRANT and entry["name"] in known_as and _counts(entry)
            for text in entry["grants"]
        )

    def principal(self, text: str) -> Principal | None:
        """Who the token ``text`` belongs to; None for one that is wrong, expired or revoked."""
        prefix, _, rest = text.partition("_")
        id_, _, secret = rest.partition("_")
        found = self._read().get(id_)
        given = canonical.digest(secret.encode("utf-8", "surrogatepass"))
        # Compared in any case, so that the time taken does not tell whether the id is known.
        same = hmac.compare_digest(given, str(found["digest"]) if found else "0" * 64)
        return self.holder(id_) if prefix == PREFIX and same else None

    def holder(self, id_: str) -> Principal | None:
        """Who the token of that id belongs to; None for one that is unknown, expired or revoked."""
        found = self._read().get(id_)
        if found is None or found.get("kind") == GRANT or not _counts(found):
            return None
        grants = tuple(parse_grant(grant) for grant in found["grants"])
        return Principal(found["name"], grants, id_, found.get("kind", PERSON))

    def revoke(self, id_: str) -> Token:
        """Refuse the token from now on. Raises NotFound."""
        with self._changing() as book:
            if id_ not in book:
                raise NotFound(f"There is no token {id_}", act="All: snapbook registry tokens")
            book[id_]["revoked"] = book[id_]["revoked"] or events.time_text(datetime.now(UTC))
        return next(token for token in self.all() if token.id == id_)

    def all(self) -> list[Token]:
        """All tokens ever made, newest first; never their text."""
        return [
            Token(
                id_,
                t["name"],
                tuple(t["grants"]),
                t["made"],
                t["expires"],
                t["revoked"],
                t.get("kind", PERSON),
            )
            for id_, t in sorted(self._read().items(), key=lambda item: item[1]["made"])[::-1]
        ]

    def _read(self) -> Mapping[str, Any]:
        with self._lock:
            try:
                now = os.stat(self._path)
            except FileNotFoundError:
                self._book, self._seen = {}, None
                return self._book
            seen = (now.st_ino, now.st_size, now.st_mtime_ns)
            if seen != self._seen:
                self._book = _decoded(self._path)
                self._seen = seen
            return self._book

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        """The book, to be changed and written whole; one process at a time."""
        folder = self._path.parent
        with durable.told(folder, what="Nothing was done"):
            fd = os.open(folder / f".{_FILE}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                durable.wait_alone(fd)
                book = dict(_decoded(self._path)) if self._path.exists() else {}
                yield book
                new, partial = durable.new_temporary(folder)
                try:
                    durable.write_all(new, json.dumps(book, indent=1).encode())
                    durable.sync(new)
                    os.replace(partial, self._path)
                    durable.sync_folder(folder)
                finally:
                    partial.unlink(missing_ok=True)
                    os.close(new)
            finally:
                durable.unlock(fd)
                os.close(fd)


def _entered(
    book: dict[str, Any], name: str, grants: tuple[str, ...], expires: str, kind: str
) -> str:
    """A new token in ``book``; gives its text."""
    id_, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    book[id_] = {
        "name": name,
        "digest": canonical.digest(secret.encode()),
        "grants": list(grants),
        "kind": kind,
        "made": events.time_text(datetime.now(UTC)),
        "expires": expires,
        "revoked": "",
    }
    return f"{PREFIX}_{id_}_{secret}"


def _counts(entry: Mapping[str, Any]) -> bool:
    return not entry["revoked"] and not expiry.is_over(entry["expires"], datetime.now(UTC))


def _decoded(path: Path) -> Mapping[str, Any]:
    return decoded(path.read_bytes(), path.name)


def decoded(data: bytes | str, where: str) -> Mapping[str, Any]:
    """The list of tokens as it is kept. Raises Damaged."""
    try:
        book = json.loads(data)
        for token in book.values():
            for grant in token["grants"]:
                parse_grant(grant)
            _ = token["digest"], token["name"], token["made"], token["expires"], token["revoked"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # Nobody is let in by a file that cannot be read, and nobody is told what is in it.
        raise Damaged("The list of tokens cannot be read", where) from error
    return dict(book)
