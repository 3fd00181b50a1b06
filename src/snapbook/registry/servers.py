"""Servers that follow an alias of this registry, as they told of themselves last.

A file each in the registry's folder, so that all its processes on a machine know them, or a row
each of the database that several machines share; who was not heard of for a while is gone. It is
what others say of themselves: nothing is decided by it.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from snapbook.canonical import Json
from snapbook.deploy import fronts
from snapbook.errors import BadOption
from snapbook.store import durable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from snapbook.catalog.database import Database

GONE_S = 15.0
_MOST = 200
_MOST_BYTES = 64 << 10
_ID = re.compile(r"[0-9a-f]{8,32}")

# By the database's clock alone: hosts may have others.
_LIVING = "heard >= now() - make_interval(secs => :age)"
# What another host sweeps now is left to it.
_SWEEP = f"""
DELETE FROM snapbook_fronts WHERE id IN (
    SELECT id FROM snapbook_fronts WHERE NOT ({_LIVING}) FOR UPDATE SKIP LOCKED
)
"""
_FORGET = "DELETE FROM snapbook_fronts WHERE id = :id"
_HEAR = """
INSERT INTO snapbook_fronts (id, model, alias, told)
SELECT :id, :model, :alias, :told
WHERE EXISTS (SELECT FROM snapbook_fronts WHERE id = :id)
   OR (SELECT count(*) FROM snapbook_fronts) < :most
ON CONFLICT (id) DO UPDATE
SET model = excluded.model, alias = excluded.alias, told = excluded.told, heard = now()
"""
_ALIVE = f"""
SELECT told FROM snapbook_fronts
WHERE lower(model) = lower(:model) AND alias = :alias AND {_LIVING} ORDER BY id
"""


class Servers(Protocol):
    """The servers that are told of."""

    def hear(self, model: str, alias: str, told: Mapping[str, Json]) -> None:
        """Keep what a server of ``alias`` of ``model`` tells now. Raises BadOption."""

    def alive(self, model: str, alias: str) -> list[Mapping[str, Any]]:
        """What the servers told that were heard of lately."""


class FolderServers:
    """The servers that are told of in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def hear(self, model: str, alias: str, told: Mapping[str, Json]) -> None:
        """See `Servers.hear`."""
        name, text = _named(model, alias, told)
        path = self._folder / f"{name}.json"
        if told.get("gone") is True:
            path.unlink(missing_ok=True)
            return
        with durable.told(self._folder.parent, what="Not kept"):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            if not path.exists() and len(self._living()) >= _MOST:
                raise _too_many()
            partial = path.with_suffix(f".{os.getpid()}.tmp")
            fronts.write(partial, text)
            os.replace(partial, path)

    def alive(self, model: str, alias: str) -> list[Mapping[str, Any]]:
        """See `Servers.alive`."""
        texts = []
        for path in self._living():
            with suppress(OSError, UnicodeDecodeError):
                texts.append(path.read_text("utf-8"))
        found = _sound(texts)
        return [one for one in found if _about(one) == (model.lower(), alias)]

    def _living(self) -> list[Path]:
        """Their files; those of who is gone are swept."""
        latest, found = time.time() - GONE_S, []
        for path in sorted(self._folder.glob("*.json")):
            with suppress(OSError):
                if path.stat().st_mtime >= latest:
                    found.append(path)
                else:
                    path.unlink(missing_ok=True)
        return found


class DatabaseServers:
    """The servers that are told of in ``database``: at whichever host, they are known at all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hear(self, model: str, alias: str, told: Mapping[str, Json]) -> None:
        """See `Servers.hear`."""
        from sqlalchemy import text

        name, said = _named(model, alias, told)
        row = {"id": name, "model": model, "alias": alias, "told": said, "most": _MOST}

        def act(connection: Connection) -> bool:
            if told.get("gone") is True:
                connection.execute(text(_FORGET), {"id": name})
                return True
            connection.execute(text(_SWEEP), {"age": GONE_S})
            return connection.execute(text(_HEAR), row).rowcount > 0

        if not self._database.again(act):
            raise _too_many()

    def alive(self, model: str, alias: str) -> list[Mapping[str, Any]]:
        """See `Servers.alive`."""
        from sqlalchemy import text

        asked = {"model": model, "alias": alias, "age": GONE_S}

        def act(connection: Connection) -> list[str]:
            return [str(said) for (said,) in connection.execute(text(_ALIVE), asked)]

        return _sound(self._database.ask(act))


def _named(model: str, alias: str, told: Mapping[str, Json]) -> tuple[str, str]:
    """The name of a server, and what it tells as it is kept. Raises BadOption."""
    name, text = str(told.get("id")), json.dumps({**told, "model": model, "alias": alias})
    if _ID.fullmatch(name) is None or len(text) > _MOST_BYTES:
        raise BadOption("That is nothing a server tells", kind="argument")
    return name, text


def _sound(texts: Iterable[str]) -> list[Mapping[str, Any]]:
    """What was told, where it can be read."""
    found = []
    for text in texts:
        with suppress(ValueError):
            found.append(fronts.sound(json.loads(text)))
    return found


def _about(told: Mapping[str, Any]) -> tuple[str, str]:
    return str(told["model"]).lower(), str(told["alias"])


def _too_many() -> BadOption:
    return BadOption(f"More than {_MOST} servers tell of themselves", kind="argument")
