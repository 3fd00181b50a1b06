"""A registry's own key, and its word for having been restored: kept where its tokens are.

Made on first use and then the same for all servers that share a folder or a database. Whoever has
the key can speak for the registry; it opens nothing else.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from snapbook import signing
from snapbook.errors import Damaged
from snapbook.registry.statement import Restored, restored_of
from snapbook.signing import Key
from snapbook.store import durable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from snapbook.catalog.database import Database

_KEY, _RESTORED = "registry.pem", "restored.json"
_READ = "SELECT value FROM snapbook_kept WHERE name = :name"
_MAKE = "INSERT INTO snapbook_kept VALUES (:name, :value) ON CONFLICT (name) DO NOTHING"
_PUT = (
    "INSERT INTO snapbook_kept VALUES (:name, :value)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


class Drawer(Protocol):
    """A few small texts by name, that servers of one registry share and nobody else reads."""

    def get(self, name: str) -> str | None:
        """The text; None where there is none."""

    def make(self, name: str, text: str) -> str:
        """Keep it if there is none; gives the one that is kept, for all who do so at once."""

    def put(self, name: str, text: str) -> None:
        """Keep it in place of the one there."""


class FolderDrawer:
    """Files (0600) in the registry's ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> str | None:
        """See `Drawer.get`."""
        try:
            return (self._folder / name).read_text("utf-8")
        except FileNotFoundError:
            return None

    def make(self, name: str, text: str) -> str:
        """See `Drawer.make`."""
        with durable.told(self._folder):
            partial = self._written(text)
            try:
                os.link(partial, self._folder / name)
                durable.sync_folder(self._folder)
            except FileExistsError:
                pass
            finally:
                partial.unlink(missing_ok=True)
        return self.get(name) or text

    def put(self, name: str, text: str) -> None:
        """See `Drawer.put`."""
        with durable.told(self._folder):
            self._written(text).replace(self._folder / name)
            durable.sync_folder(self._folder)

    def _written(self, text: str) -> Path:
        fd, partial = durable.new_temporary(self._folder)
        try:
            durable.write_all(fd, text.encode())
            durable.sync(fd)
        finally:
            os.close(fd)
        return partial


class DatabaseDrawer:
    """Rows of the ``database`` that servers share."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> str | None:
        """See `Drawer.get`."""
        from sqlalchemy import text

        def ask(connection: Connection) -> str | None:
            found = connection.execute(text(_READ), {"name": name}).scalar_one_or_none()
            return None if found is None else str(found)

        return self._database.ask(ask)

    def make(self, name: str, text: str) -> str:
        """See `Drawer.make`."""
        self._write(_MAKE, name, text)
        return self.get(name) or text

    def put(self, name: str, text: str) -> None:
        """See `Drawer.put`."""
        self._write(_PUT, name, text)

    def _write(self, sql: str, name: str, value: str) -> None:
        from sqlalchemy import text

        def act(connection: Connection) -> None:
            connection.execute(text(sql), {"name": name, "value": value})

        self._database.again(act)


class Identity:
    """The key in ``drawer``, made when it is first wanted, and what was said with it."""

    def __init__(self, drawer: Drawer) -> None:
        self._drawer = drawer
        self._lock = threading.Lock()
        self._key: Key | None = None

    @property
    def key(self) -> Key:
        """The registry's key. Raises Damaged, ReadOnly, Unreachable."""
        with self._lock:
            if self._key is None:
                text = self._drawer.get(_KEY)
                if text is None:
                    text = self._drawer.make(_KEY, signing.new().pem().decode())
                self._key = signing.from_pem(text.encode(), _KEY, "Bring it back from a backup")
            return self._key

    def restored(self) -> Restored | None:
        """The last restoration that was declared; None for a registry that never was."""
        text = self._drawer.get(_RESTORED)
        try:
            return restored_of(json.loads(text)) if text is not None else None
        except ValueError as error:
            raise Damaged("What is kept of a restoration cannot be read", _RESTORED) from error

    def declare(self, restored: Restored) -> None:
        """Let clients know from now on that the registry was restored."""
        self._drawer.put(_RESTORED, json.dumps(asdict(restored)))
