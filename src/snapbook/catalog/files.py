"""The chain as files: events/<thousands>/<n>, one sealed event each, never changed.

Knows how one process among many makes event n and no other: the whole, synced file gets its name by
link(), which fails where the name exists. There is no moment at which an event is half there, and a
kill leaves the old chain or the new one.
"""

from __future__ import annotations

import errno
import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from snapbook.canonical import Json
from snapbook.catalog.base import Broken, Head, Progress
from snapbook.catalog.chain import broken_links, conflict, following, head_of, link
from snapbook.events import Event, seal
from snapbook.store import durable

_IN_SHARD = 1000
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_LOCK = "lock"
_TURN_S = 2.0
_WAIT_S, _LONGEST_WAIT_S = 0.0003, 0.005  # between two looks whether it is one's turn


@dataclass(frozen=True, slots=True)
class _Listed:
    """The newest event's number, as it was listed when its folder had this time."""

    n: int
    time_ns: int


class FileCatalog:
    """A chain of event files in ``folder``, which is made with the first event.

    ``ready`` is called once before an event is appended: what is older is told so then.
    """

    def __init__(self, folder: Path, ready: Callable[[], None] | None = None) -> None:
        self.folder = folder
        self._ready = ready
        self._mine = threading.local()
        self._text = os.fspath(folder)
        self._listed: _Listed | None = None
        self._shards = durable.Shards(folder)
        self._queue = threading.Lock()

    def path(self, n: int) -> Path:
        """Where event ``n`` lies."""
        return self.folder / _place(n)

    def head(self) -> Head:
        """The newest event there is, by its name: no other event is read."""
        with durable.told(self.folder, what="Not read"):
            n = self._last()
            sealed = self.sealed(n) if n else None
        return Head() if sealed is None else head_of(n, sealed)

    def read(self, start: int = 1) -> Iterator[Event]:
        """The readable events from ``start`` on, in order, up to the newest at the first call."""
        with durable.told(self.folder, what="Not read"):
            last = self._last()
        for n in range(max(start, 1), last + 1):
            event = self.event(n)
            if event is not None:
                yield event

    def event(self, n: int) -> Event | None:
        """Event ``n``; None where it is absent or cannot be read."""
        with durable.told(self.folder, what="Not read"):
            sealed = self.sealed(n)
        return link(n, sealed).event if sealed is not None else None

    def stamps(self, places: Iterable[int]) -> list[str]:
        """Size, times and place of each event's file, or that there is none."""
        with durable.told(self.folder, what="Not read"):
            return [_stamp(f"{self._text}/{_place(n)}") for n in places]

    def append(
        self,
        type: str,
        body: Mapping[str, Json],
        author: str,
        time: str,
        expected: Head,
        rest: Mapping[str, Json] | None = None,
    ) -> Event:
        """Make event ``expected.n + 1``. Raises Conflict; DiskFull, ReadOnly or Unreachable."""
        event = following(expected, type, body, author, time, rest)
        sealed = seal(event)
        with durable.told(self.folder, len(sealed)):
            if self.head() != expected:
                raise conflict(event.n)
            if self._ready is not None:
                self._ready()
                self._ready = None
            path = self.path(event.n)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            before = self.path(expected.n).parent
            if before != path.parent and before.is_dir():
                # Syncing a shard makes all earlier events in it durable, not those of the last one.
                durable.sync_folder(before)
            with self._temporary(sealed) as temporary:
                if not _name(temporary, path, self.folder):
                    raise conflict(event.n)
                # Nobody can have made a later one before this, and whoever did since is found.
                self._listed = _Listed(event.n, self._time_ns(event.n))
                if getattr(self._mine, "turn", False):
                    self._mine.named.append(path.parent)  # others need not wait for the disk
                else:
                    self._make_firm(path.parent)
        return event

    def _make_firm(self, shard: Path) -> None:
        # The event is there: others may follow it already, so it cannot be taken back.
        with durable.told(self.folder, what="Written, but a power cut may take it"):
            self._shards.sync(shard)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait a little for others who are about to append: without it many savers retry a lot.

        What was appended in it is durable when it ends: the last wait for the disk, of its name,
        comes after the next one's turn has begun. Who makes a later name durable makes this one so.
        """
        if getattr(self._mine, "turn", False):
            yield
            return
        try:
            fd = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            yield  # what is wrong with the folder is for `append` to say
            return
        latest = time.monotonic() + _TURN_S
        queue, first, self._mine.turn, self._mine.named = self._queue, False, True, []
        try:
            # Of the threads that share this catalog one asks for the lock; the others wait for him.
            first = queue.acquire(timeout=_TURN_S)
            if not first:
                self._queue = threading.Lock()  # he may have gone with a fork
            # A holder may be stopped or be writing much: after a while it is a race again.
            wait = _WAIT_S
            while not durable.try_lock(fd) and time.monotonic() < latest:
                time.sleep(wait * random.uniform(0.5, 1))
                wait = min(wait * 1.5, _LONGEST_WAIT_S)
            yield
        finally:
            self._mine.turn = False
            durable.unlock(fd)
            os.close(fd)
            if first:
                queue.release()
            for shard in self._mine.named:
                self._make_firm(shard)

    def verify(self, progress: Progress | None = None) -> Iterator[Broken]:
        """Every event that is missing, changed, cut or out of the chain."""
        with durable.told(self.folder, what="Not verified"):
            last = self._last()
        return broken_links(last, self.sealed, progress)

    def sweep(self) -> int:
        """Remove what killed processes left; gives the bytes freed."""
        freed = 0
        with durable.told(self.folder, what="Not freed"):
            for path, size in durable.debris(self.folder):
                path.unlink(missing_ok=True)
                freed += size
        return freed

    def _last(self) -> int:
        """The newest event's number. Names are listed only where something may have changed.

        Folders' times are coarse, so the next event and the newest one itself are looked for by
        their names as well: nothing that was appended is ever missed for a clock.
        """
        was = self._listed
        if was is not None and self._stands(was):
            return was.n
        n = self._list()
        self._listed = _Listed(n, self._time_ns(n)) if n else None
        return n

    def _stands(self, was: _Listed) -> bool:
        same = self._time_ns(was.n) == was.time_ns
        return same and self._is_there(was.n) and not self._is_there(was.n + 1)

    def _time_ns(self, n: int) -> int:
        """When names last came or went in the folder of event ``n``; 0 where there is none."""
        try:
            return os.stat(f"{self._text}/{_place(n)[:7]}").st_mtime_ns
        except (FileNotFoundError, NotADirectoryError):
            return 0

    def _is_there(self, n: int) -> bool:
        return os.path.lexists(f"{self._text}/{_place(n)}")

    def _list(self) -> int:
        for shard in sorted(_numbered(self.folder, 7), reverse=True):
            if names := _numbered(self.folder / shard, 10):
                return int(max(names))
        return 0

    def sealed(self, n: int) -> bytes | None:
        """The bytes of event ``n`` as they are stored, damaged or not; None if there are none."""
        try:
            return Path(f"{self._text}/{_place(n)}").read_bytes()
        except FileNotFoundError:
            return None

    def stored(self, start: int, last: int) -> Iterator[tuple[int, bytes]]:
        """The events from ``start`` to ``last`` as they are stored; absent ones are left out."""
        for n in range(max(start, 1), last + 1):
            with durable.told(self.folder, what="Not read"):
                sealed = self.sealed(n)
            if sealed is not None:
                yield n, sealed

    @contextmanager
    def _temporary(self, data: bytes) -> Iterator[Path]:
        fd, path = durable.new_temporary(self.folder)
        try:
            durable.write_all(fd, data)
            durable.sync(fd)
            yield path
        finally:
            with suppress(OSError):  # a sweep takes what stays
                os.unlink(path)
            durable.unlock(fd)
            os.close(fd)


def _place(n: int) -> str:
    """Where event ``n`` lies in the folder."""
    return f"{n // _IN_SHARD:07d}/{n:010d}"


def _stamp(path: str) -> str:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return "absent"
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"


def _name(temporary: Path, path: Path, folder: Path) -> bool:
    """Give the file its name if nobody has it; whether that was so."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        # A network disk may have done it and lost the answer: then the file has two names.
        return os.stat(temporary).st_nlink == 2 and os.path.samefile(temporary, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _name_by_rename(temporary, path, folder)
    return True


def _name_by_rename(temporary: Path, path: Path, folder: Path) -> bool:
    """Where a disk has no hard links (exFAT, some network disks): look and rename under a lock."""
    fd = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        durable.wait_alone(fd)
        if path.exists():
            return False
        os.rename(temporary, path)
        return True
    finally:
        durable.unlock(fd)
        os.close(fd)


def _numbered(folder: Path, digits: int) -> list[str]:
    """The names in ``folder`` that are numbers of so many digits: as texts in the same order."""
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [name for name in names if len(name) == digits and name.isascii() and name.isdecimal()]
