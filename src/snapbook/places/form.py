"""The file "format", by which a folder or a bucket is a repository: made, checked, raised.

It comes last when a repository is made, and says which snapbook can read what lies beside it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook import formats
from snapbook.errors import BadOption
from snapbook.store import durable

if TYPE_CHECKING:
    from snapbook.store.bucket import Bucket


def create(folder: Path) -> None:
    """Make an empty repository; doing it twice, or by two at once, does it once."""
    with durable.told(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _put(folder / ".gitignore", b"*\n")
        for room in ("packs", "events", "sessions"):
            (folder / room).mkdir(exist_ok=True, mode=0o700)
        durable.sync_folder(folder.parent)
        # The format file comes last: with it the folder is a repository, and durable as such.
        _put(folder / "format", formats.text())
        durable.sync_folder(folder)


def check(folder: Path) -> None:
    """Raises NewerFormat, Damaged, or Unreachable where the file is there and cannot be read."""
    with durable.told(folder, what="Not read"):
        data = _format_bytes(folder)
    formats.check(data, str(folder))


def raise_folder(folder: Path) -> None:
    """Say in the folder of an earlier snapbook that its chain goes on in a newer form."""
    with durable.told(folder, what="Not read"):
        found = _format_bytes(folder)
    data = formats.raised(found, str(folder))
    if data is not None:
        _put(folder / "format", data, anew=True)
        durable.sync_folder(folder)


def check_chain(bucket: Bucket, data: bytes | None, apart: bool) -> None:
    """Of two chains over the packs of one bucket each would sweep away what the other needs."""
    marked = data is not None and formats.is_apart(data, bucket.url)
    if marked and not apart:
        raise BadOption(
            f"The chain of {bucket.url} is in a database",
            act="Name it: --database postgresql://HOST/NAME. Others reach it through its server",
        )
    if apart and not marked:
        if next(bucket.entries("events"), None) is not None:
            raise BadOption(
                f"{bucket.url} has a chain of its own", act="Name another prefix, or no --database"
            )
        bucket.put("format", formats.apart(data, bucket.url))


def raise_bucket(bucket: Bucket) -> None:
    """The same in a bucket."""
    data = formats.raised(bucket.get("format") or b"", bucket.url)
    if data is not None:
        bucket.put("format", data)


def _put(path: Path, data: bytes, *, anew: bool = False) -> None:
    """A small file, whole or absent; what is there stays unless ``anew``."""
    if path.exists() and not anew:
        return
    fd, partial = durable.new_temporary(path.parent)
    try:
        durable.write_all(fd, data)
        durable.sync(fd)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
        os.close(fd)


def _format_bytes(folder: Path) -> bytes:
    try:
        return (folder / "format").read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return b""
