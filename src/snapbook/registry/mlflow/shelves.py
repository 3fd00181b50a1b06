"""Where drafts lie: in a folder of one server, or where all servers of a registry reach them.

A draft is a log of lines and files with names of chance, under a name of its own: "room/id". What
the lines say is no matter of this file.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from snapbook.errors import NotFound, Usage
from snapbook.store import durable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from snapbook.catalog.database import Database
    from snapbook.store.bucket import Bucket

_LOG, _FILES = "log", "files"
_MOST_LOG = 16 << 20  # bytes that a draft may say
_PIECE_BYTES = 8 << 20
_HOLDING = 4  # of a process's connections, those that only hold a lock

_BEGIN = "SELECT coalesce(sum(length(line)), 0) FROM snapbook_drafts WHERE draft = :draft"
_SAY = (
    "INSERT INTO snapbook_drafts (draft, mark, line) VALUES (:draft, :mark, :line) "
    "ON CONFLICT DO NOTHING"
)
_LINES = "SELECT line FROM snapbook_drafts WHERE draft = :draft ORDER BY n"
_ROOM = "SELECT DISTINCT draft FROM snapbook_drafts WHERE starts_with(draft, :room)"
_SILENT = (
    "SELECT draft FROM snapbook_drafts GROUP BY draft "
    "HAVING max(said) < now() - make_interval(secs => :age)"
)
_FORGET = "DELETE FROM snapbook_drafts WHERE draft = :draft"
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended(:draft, 0))"


class Shelf(Protocol):
    """Drafts by their names."""

    def say(self, draft: str, line: str) -> None:
        """Append a line to the log of ``draft``, its first one too. Raises Usage beyond limits."""

    def lines(self, draft: str) -> list[str]:
        """What its log says, perhaps with lines that were cut; none where there is no such one."""

    def names(self, room: str) -> list[str]:
        """The drafts in ``room``."""

    def put(self, draft: str, file: str, path: Path) -> None:
        """Keep what lies at ``path`` as ``file`` of the draft; ``path`` is no longer needed."""

    def read(self, draft: str, file: str, size: int) -> Iterator[bytes]:
        """The bytes of a file that has so many, piece by piece. Raises NotFound."""

    def drop(self, draft: str, files: Collection[str]) -> None:
        """Throw files of the draft away."""

    def alone(self, draft: str) -> AbstractContextManager[None]:
        """Until the end nobody else is in here for this draft, at whatever server."""

    def sweep(self, age_s: float) -> None:
        """Remove the drafts that said nothing for so long."""


class FolderShelf:
    """Drafts as folders below ``folder``: of one server, or of several on one machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def say(self, draft: str, line: str) -> None:
        """See `Shelf.say`."""
        # Newlines on both sides: where a line was cut, the next one is whole all the same.
        data = b"\n%s\n" % line.encode()
        with durable.told(self._folder.parent, what="Not logged"):
            (self._folder / draft / _FILES).mkdir(parents=True, mode=0o700, exist_ok=True)
            path = self._folder / draft / _LOG
            fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                _bounded(os.fstat(fd).st_size + len(data))
                # One write: lines of two calls at once do not mix.
                os.write(fd, data)
            finally:
                os.close(fd)

    def lines(self, draft: str) -> list[str]:
        """See `Shelf.lines`."""
        try:
            data = (self._folder / draft / _LOG).read_bytes()
        except FileNotFoundError:
            return []
        return data.decode("utf-8", "replace").splitlines()

    def names(self, room: str) -> list[str]:
        """See `Shelf.names`."""
        found = (self._folder / room).glob(f"*/{_LOG}")
        return sorted(f"{room}/{log.parent.name}" for log in found)

    def put(self, draft: str, file: str, path: Path) -> None:
        """See `Shelf.put`."""
        with durable.told(self._folder.parent, what="Not logged"):
            path.replace(self._folder / draft / _FILES / file)

    def read(self, draft: str, file: str, size: int) -> Iterator[bytes]:
        """See `Shelf.read`."""
        del size
        try:
            kept = (self._folder / draft / _FILES / file).open("rb")
        except FileNotFoundError as error:
            raise _gone() from error
        with kept:
            while piece := kept.read(_PIECE_BYTES):
                yield piece

    def drop(self, draft: str, files: Collection[str]) -> None:
        """See `Shelf.drop`."""
        for file in files:
            (self._folder / draft / _FILES / file).unlink(missing_ok=True)

    @contextmanager
    def alone(self, draft: str) -> Iterator[None]:
        """See `Shelf.alone`."""
        fd = os.open(self._folder / draft / _LOG, os.O_RDWR | os.O_CLOEXEC)
        try:
            with suppress(OSError):  # a disk without locks: the last word is the chain's
                durable.wait_alone(fd)
            yield
        finally:
            durable.unlock(fd)
            os.close(fd)

    def sweep(self, age_s: float) -> None:
        """See `Shelf.sweep`."""
        for log in self._folder.glob(f"*/*/{_LOG}"):
            with suppress(OSError):
                if time.time() - log.stat().st_mtime > age_s:
                    shutil.rmtree(log.parent, ignore_errors=True)


class SharedShelf:
    """Drafts that all servers over ``database`` and ``bucket`` have: lines as rows, and objects."""

    def __init__(self, database: Database, bucket: Bucket) -> None:
        self._database = database
        self._bucket = bucket
        self._holding = threading.BoundedSemaphore(_HOLDING)

    def say(self, draft: str, line: str) -> None:
        """See `Shelf.say`."""
        # Where the answer to a write is lost, it is sent again: its mark says that it is the same.
        told = {"draft": draft, "mark": os.urandom(8).hex(), "line": line}

        def act(connection: Connection) -> None:
            (said,) = _ask(connection, _BEGIN, draft=draft)[0]
            _bounded(int(said) + len(line))
            _ask(connection, _SAY, **told)

        self._database.again(act)

    def lines(self, draft: str) -> list[str]:
        """See `Shelf.lines`."""
        rows = self._database.ask(lambda db: _ask(db, _LINES, draft=draft))
        return [str(line) for (line,) in rows]

    def names(self, room: str) -> list[str]:
        """See `Shelf.names`."""
        rows = self._database.ask(lambda db: _ask(db, _ROOM, room=f"{room}/"))
        return sorted(str(draft) for (draft,) in rows)

    def put(self, draft: str, file: str, path: Path) -> None:
        """See `Shelf.put`."""
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._bucket.upload(_object(draft, file), fd)
        finally:
            os.close(fd)

    def read(self, draft: str, file: str, size: int) -> Iterator[bytes]:
        """See `Shelf.read`."""
        for start in range(0, size, _PIECE_BYTES):
            wanted = min(_PIECE_BYTES, size - start)
            piece = self._bucket.range(_object(draft, file), start, wanted)
            if piece is None:
                raise _gone()
            yield piece

    def drop(self, draft: str, files: Collection[str]) -> None:
        """See `Shelf.drop`."""
        self._bucket.remove([_object(draft, file) for file in files])

    @contextmanager
    def alone(self, draft: str) -> Iterator[None]:
        """See `Shelf.alone`."""
        # Whoever is in here needs other connections, too: not all of them may only hold a lock.
        with self._holding, self._database.changing() as connection:
            _ask(connection, _ALONE, draft=draft)
            yield

    def sweep(self, age_s: float) -> None:
        """See `Shelf.sweep`."""
        for (draft,) in self._database.ask(lambda db: _ask(db, _SILENT, age=age_s)):
            # The files first: without its lines nobody would find them again.
            found = [entry.name for entry in self._bucket.entries(_object(draft, ""))]
            self._bucket.remove(found)
            self._database.again(lambda db: _ask(db, _FORGET, draft=draft))  # noqa: B023 - done now


def _ask(connection: Connection, sql: str, **values: object) -> list[tuple[Any, ...]]:
    from sqlalchemy import text

    result = connection.execute(text(sql), values)
    return [tuple(row) for row in result] if result.returns_rows else []


def _object(draft: str, file: str) -> str:
    return f"drafts/{draft}/{file}".rstrip("/")


def _bounded(size: int) -> None:
    if size > _MOST_LOG:
        raise Usage("This run said more than a draft may hold", kind="too-large")


def _gone() -> NotFound:
    return NotFound("There is no such artifact here", kind="no-artifact")
