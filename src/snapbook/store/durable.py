"""Files that are whole or absent, also after a power cut; and what a refusing disk means.

Knows fsync, folders, locks and errno; knows nothing of packs or events. Every file of a repository
is written under a temporary name, synced, and only then given its own name; whoever writes holds a
lock on the temporary file, so that what a killed process left can be told from what is still being
written by the lock and never by its age.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from snapbook.errors import DiskFull, Hint, ReadOnly, Unreachable
from snapbook.store.base import Buffer

TEMPORARY = "tmp-"
_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}
_READING = ("Not read", "Not verified")
# A folder on some network and FUSE disks cannot be synced; there its own promises must do.
_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EBADF}


def sync(fd: int) -> None:
    """Bring what was written to ``fd`` onto the disk. A failed sync is never tried again."""
    if sys.platform == "darwin":
        # fsync on macOS stops at the drive's cache (man 2 fsync).
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
    else:
        os.fsync(fd)


def write_all(fd: int, data: Buffer, start: int = 0) -> None:
    """Write ``data`` at ``start``: a disk that fills up may take less than it is given."""
    view = memoryview(data).cast("B")
    while view.nbytes:
        written = os.pwrite(fd, view, start)
        view, start = view[written:], start + written


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sync(fd)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(fd)


class Shards:
    """Makes names in the folders below one durable, and the names of those folders once.

    Whoever made such a folder may have been killed before its own name was durable. A process that
    saw to it once need not do it with each file: four waits for the disk are two.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._firm: set[tuple[tuple[int, int], ...]] = set()

    def sync(self, shard: Path) -> None:
        """Make the names in ``shard`` durable, and its own, and that of the folder."""
        # By what they are: a folder that was replaced is another one.
        which = tuple(_identity(folder) for folder in (shard, self._folder, self._folder.parent))
        sync_folder(shard)
        if which not in self._firm:
            sync_folder(self._folder)
            sync_folder(self._folder.parent)
            self._firm.add(which)


def _identity(folder: Path) -> tuple[int, int]:
    found = os.stat(folder)
    return found.st_dev, found.st_ino


def try_lock(fd: int, shared: bool = False) -> bool:
    """Take the lock on ``fd`` if nobody holds it. Where a disk has no locks, nobody gets one."""
    try:
        fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def wait_shared(fd: int) -> None:
    """Share the lock on ``fd`` with others like us, after whoever holds it alone."""
    with suppress(OSError):
        fcntl.flock(fd, fcntl.LOCK_SH)


def wait_alone(fd: int) -> None:
    """Take the lock on ``fd`` when all others have given it back. OSError where there are none."""
    fcntl.flock(fd, fcntl.LOCK_EX)


def unlock(fd: int) -> None:
    """Give the lock back now, even if a forked child still has the file open."""
    with suppress(OSError):
        fcntl.flock(fd, fcntl.LOCK_UN)


def new_temporary(folder: Path) -> tuple[int, Path]:
    """A new locked file in ``folder``: (descriptor for reading and writing, path)."""
    while True:
        path = folder / f"{TEMPORARY}{secrets.token_hex(8)}"
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with suppress(OSError):
            wait_alone(fd)
        # A sweep may have come between creation and lock and have taken it for debris.
        if os.fstat(fd).st_nlink:
            return fd, path
        os.close(fd)


def debris(folder: Path) -> Iterator[tuple[Path, int]]:
    """The temporary files in ``folder`` that no living process writes, with their sizes."""
    try:
        entries = [entry for entry in os.scandir(folder) if entry.name.startswith(TEMPORARY)]
    except FileNotFoundError:
        return
    for entry in entries:
        with suppress(FileNotFoundError), unused(Path(entry.path)) as free:
            if free:
                yield Path(entry.path), entry.stat().st_size


def idle(folder: Path, age_s: float) -> Iterator[tuple[Path, int]]:
    """The files in ``folder`` that nobody holds and nobody wrote for so long, with their sizes."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        with suppress(FileNotFoundError), unused(Path(entry.path)) as free:
            found = entry.stat()
            if free and time.time() - found.st_mtime > age_s:
                yield Path(entry.path), found.st_size


@contextmanager
def unused(path: Path) -> Iterator[bool]:
    """Whether nobody holds the lock on the file; inside, nobody else can take it."""
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        yield try_lock(fd)
    finally:
        unlock(fd)
        os.close(fd)


@contextmanager
def told(folder: Path, need_bytes: int = 0, what: str = "Not versioned") -> Iterator[None]:
    """Turn what the disk under ``folder`` refuses into our errors, in the user's words.

    ``what`` did not happen; ``need_bytes`` were to be written.
    """
    try:
        yield
    except OSError as error:
        if isinstance(error, Unreachable):
            raise
        raise disk_error(error, folder, need_bytes, what) from error


def disk_error(
    error: OSError, folder: Path, need_bytes: int = 0, what: str = "Not versioned"
) -> Unreachable:
    """The error of ours for ``error``: see `told`."""
    if error.errno in _FULL:
        return DiskFull(
            what,
            _room(error, folder, need_bytes),
            act="See what can go",
            hint=Hint("gc", ("--dry-run",)),
        )
    if error.errno in _FORBIDDEN and what not in _READING:
        return ReadOnly(
            what,
            f"{folder} may not be written",
            act="See where versions go",
            hint=Hint("status"),
        )
    return Unreachable(what, f"{folder}: {error.strerror or error}")


def bytes_text(count: int) -> str:
    """``count`` bytes as people read it: 210 MB."""
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.0f} {unit}" if size >= 10 or unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _room(error: OSError, folder: Path, need_bytes: int) -> str:
    needed = f"{bytes_text(need_bytes)} needed, " if need_bytes else ""
    if error.errno == errno.EDQUOT:
        return f"{needed}the disk quota in {_mount(folder)} is used up"
    try:
        stat = os.statvfs(folder)
    except OSError:
        return f"{needed}the disk is full"
    return f"{needed}{bytes_text(stat.f_bavail * stat.f_frsize)} free in {_mount(folder)}"


def _mount(folder: Path) -> Path:
    """The mount point that ``folder`` lies under: the disk as its owner names it."""
    here = Path(os.path.abspath(folder))
    while not os.path.ismount(here) and here != here.parent:
        here = here.parent
    return here
