"""Where sessions lie: a small file each in the registry's folder, or rows of a shared database.

Knows the form of one and no secret: names are digests of what browsers hold. What cannot be read
is no session.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook.registry.roles import parse_grant
from snapbook.registry.sessions import Session
from snapbook.store import durable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from snapbook.catalog.database import Database

_READ = "SELECT session FROM snapbook_sessions WHERE key = :key"
_ALL = "SELECT key, session FROM snapbook_sessions"
_WRITE = "INSERT INTO snapbook_sessions VALUES (:key, :session)"
_DROP = "DELETE FROM snapbook_sessions WHERE key = :key"


class FolderShelf:
    """Sessions as files in ``folder``, which is made when there is one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, session: Session) -> None:
        """See `Shelf.put`."""
        with durable.told(self._folder.parent, what="Not signed in"):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            fd, partial = durable.new_temporary(self._folder)
            try:
                with open(fd, "w", encoding="utf-8") as file:
                    file.write(_encoded(session))
                partial.replace(self._folder / key)
            finally:
                partial.unlink(missing_ok=True)

    def get(self, key: str) -> Session | None:
        """See `Shelf.get`."""
        try:
            return _decoded((self._folder / key).read_text("utf-8"))
        except OSError:
            return None

    def drop(self, key: str) -> None:
        """See `Shelf.drop`."""
        with durable.told(self._folder.parent, what="Not signed out"):
            (self._folder / key).unlink(missing_ok=True)

    def all(self) -> Mapping[str, Session]:
        """See `Shelf.all`."""
        names = [path.name for path in self._folder.glob("[0-9a-f]*")]
        return {name: session for name in names if (session := self.get(name)) is not None}


class DatabaseShelf:
    """Sessions in ``database``: begun at one server, they hold at all that share it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, key: str, session: Session) -> None:
        """See `Shelf.put`."""
        self._ask(_WRITE, key=key, session=_encoded(session))

    def get(self, key: str) -> Session | None:
        """See `Shelf.get`."""
        return next((_decoded(text) for (text,) in self._ask(_READ, key=key)), None)

    def drop(self, key: str) -> None:
        """See `Shelf.drop`."""
        self._ask(_DROP, key=key)

    def all(self) -> Mapping[str, Session]:
        """See `Shelf.all`."""
        found = {key: _decoded(text) for key, text in self._ask(_ALL)}
        return {key: session for key, session in found.items() if session is not None}

    def _ask(self, sql: str, **values: str) -> list[tuple[str, ...]]:
        from sqlalchemy import text

        def act(connection: Connection) -> list[tuple[str, ...]]:
            result = connection.execute(text(sql), values)
            return [tuple(row) for row in result] if result.returns_rows else []

        return self._database.again(act)


def _encoded(session: Session) -> str:
    return json.dumps(dataclasses.asdict(session))


def _decoded(text: str) -> Session | None:
    with suppress(ValueError, TypeError, KeyError):
        value = json.loads(text)
        grants = tuple(map(str, value["grants"]))
        for grant in grants:
            parse_grant(grant)
        known_as = tuple(map(str, value.get("known_as", ())))
        name, token, expires = (str(value[name]) for name in ("name", "token", "expires"))
        return Session(name, token, grants, expires, known_as)
    return None
