"""A SQLite file that is only a cache: whatever befalls it, it comes back empty and usable.

Knows how such a file is opened, noticed to be gone or broken, and replaced; does not know what is
cached. A file that cannot be used (a read-only folder, a network disk, where SQLite's locks and
shared memory cannot be relied on) is replaced by one in memory, for this process alone.
"""

from __future__ import annotations

import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Raised by one whenever any room's tables change: an older or newer file is thrown away.
LAYOUT = 9
_BUSY_S = 10.0
_NAMED = re.compile(r"IF NOT EXISTS (\w+)")
_NETWORK = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs", "fuse.", "davfs")


class CacheFile:
    """One SQLite file with the tables that ``schema`` makes; ``path`` None keeps all in memory.

    Several processes, and several rooms with their own tables, share one file. Use it only inside
    `use`, which any thread may enter. Its owner closes it: a finaliser of ours would swallow an
    interrupt that arrives in it, since Python drops what a finaliser raises.
    """

    def __init__(self, path: Path | None, schema: str) -> None:
        self._path = path
        self._schema = schema
        self._lock = threading.RLock()
        self._db: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None
        self._pid = 0
        self._alone = False
        # Connections of a parent process: closing them here would touch its file.
        self._inherited: list[sqlite3.Connection] = []

    @contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """The connection, in autocommit mode, opened anew if the file was deleted or replaced.

        sqlite3.DatabaseError passes through; the caller then calls `discard` and fills it again.
        """
        with self._lock:
            yield self._connection()

    def discard(self) -> None:
        """Throw a broken file away. The next `use` begins with empty tables."""
        with self._lock:
            path, inode = self._path, self._inode
            self.close()
            if path is not None and inode is not None:
                with _folder_lock(path.parent), suppress(OSError):
                    if _inode(path) == inode:
                        _remove(path)

    def go_alone(self) -> None:
        """Give the file up for this process (it is locked, full, not writable): go on in memory."""
        with self._lock:
            self.close()
            self._alone = True

    def give_room(self) -> None:
        """Remove the file from a full disk, where events need its room, and go on in memory."""
        with self._lock:
            self.close()
            self._alone = True
            if self._path is not None:
                _replace(self._path)

    def close(self) -> None:
        """Let go of the file. The next `use` opens it again."""
        with self._lock:
            if self._db is not None:
                with suppress(sqlite3.Error):
                    self._db.close()
            self._db = self._inode = None

    def _connection(self) -> sqlite3.Connection:
        if self._db is not None and self._pid != os.getpid():
            self._inherited.append(self._db)
            self._db = self._inode = None
        if self._path is not None and self._inode not in (None, _inode(self._path)):
            self.close()
        if self._db is None:
            self._pid = os.getpid()
            self._db = self._open()
        return self._db

    def _open(self) -> sqlite3.Connection:
        if self._path is not None and not self._alone and _usable(self._path):
            for _ in range(2):
                try:
                    db = _open_file(self._path, self._schema)
                    self._inode = _inode(self._path)
                    return db
                except sqlite3.OperationalError as error:
                    if not _is_broken(error):
                        break
                    _replace(self._path)
                except sqlite3.DatabaseError:
                    _replace(self._path)
                except OSError:
                    break
        self._inode = None
        return _in_memory(self._path, self._schema)


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All of the block or nothing; other processes write before or after it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.rollback()
        raise
    db.execute("COMMIT")


def _open_file(path: Path, schema: str) -> sqlite3.Connection:
    if not _size(path):
        # A new file beside the -wal and -shm of a deleted one would read them as its own.
        with _folder_lock(path.parent):
            if not _size(path):
                _remove(path)
                _prepared(path, schema).close()
    db = _connect(str(path))
    try:
        if db.execute("PRAGMA user_version").fetchone()[0] != LAYOUT:
            raise sqlite3.DatabaseError("another layout")
        _make(db, schema)
    except BaseException:
        db.close()
        raise
    return db


def _prepared(path: Path, schema: str) -> sqlite3.Connection:
    db = _connect(str(path))
    try:
        # WAL with NORMAL never syncs at a commit and yet is whole after a power cut: at worst it is
        # older than what it caches, which every reader of a cache must bear anyway.
        db.execute("PRAGMA journal_mode = WAL")
        _make(db, f"PRAGMA user_version = {LAYOUT};{schema}")
    except BaseException:
        db.close()
        raise
    return db


def _connect(name: str, uri: bool = False) -> sqlite3.Connection:
    db = sqlite3.connect(
        name, timeout=_BUSY_S, isolation_level=None, check_same_thread=False, uri=uri
    )
    try:
        db.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        db.close()
        raise
    return db


def _in_memory(path: Path | None, schema: str) -> sqlite3.Connection:
    """A database in memory, begun with what the file holds where that can be read whole."""
    db = _connect(":memory:")
    if path is not None and _size(path) and not _size(_beside(path, "-wal")):
        with suppress(sqlite3.Error):
            # Without -wal the file is complete, and immutable asks for no lock and no folder.
            source = _connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)
            try:
                if source.execute("PRAGMA user_version").fetchone()[0] == LAYOUT:
                    source.backup(db)
                    if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                        raise sqlite3.DatabaseError("malformed")
            except sqlite3.Error:
                db.close()
                db = _connect(":memory:")
            finally:
                source.close()
    _make(db, schema)
    return db


def _make(db: sqlite3.Connection, schema: str) -> None:
    """Make the tables that are missing, in one transaction.

    Each of them in its own would write the same pages again and again. Where all are there nobody
    who writes is waited for.
    """
    there = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    if not there.issuperset(_NAMED.findall(schema)):
        try:
            db.executescript(f"BEGIN IMMEDIATE;{schema};COMMIT")
        except BaseException:
            db.rollback()
            raise


def _replace(path: Path) -> None:
    with suppress(OSError), _folder_lock(path.parent):
        _remove(path)


def _remove(path: Path) -> None:
    for end in ("-wal", "-shm", "-journal", ""):
        with suppress(FileNotFoundError):
            os.unlink(_beside(path, end))


def _is_broken(error: sqlite3.OperationalError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


@contextmanager
def _folder_lock(folder: Path) -> Iterator[None]:
    """One process at a time begins or removes the file."""
    import fcntl

    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _usable(path: Path) -> bool:
    """Whether SQLite can keep a shared file at ``path``."""
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        return False
    return not on_network(path.parent)


def on_network(folder: Path) -> bool:
    """Whether ``folder`` lies on a network disk, as far as /proc/self/mounts tells (Linux)."""
    try:
        with open("/proc/self/mounts", encoding="utf-8", errors="replace") as mounts:
            rows = [line.split() for line in mounts]
    except OSError:
        return False
    here = os.path.realpath(folder) + "/"
    best, kind = "", ""
    for row in rows:
        mount = row[1].replace("\\040", " ").rstrip("/") + "/"
        if here.startswith(mount) and len(mount) >= len(best):
            best, kind = mount, row[2]
    return kind.startswith(_NETWORK)
