"""From a folder or an address to its Repository: the only file that knows every engine.

A repository is found by walking up like git does, and made on first use: in the git root, else
beside the notebook; in the user's data folder where the project's folder belongs to somebody else
or cannot be written.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook import canonical, formats
from snapbook.errors import BadOption, Hint, NotFound
from snapbook.store import durable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snapbook.catalog.base import Catalog
    from snapbook.catalog.database import Database
    from snapbook.registry.known import Known
    from snapbook.repository import Repository
    from snapbook.store.bucket import Bucket
    from snapbook.store.objects import ObjectStore
    from snapbook.transfer import Side

NAME = ".snapbook"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a project's repository is or would be; ``why``, where that is not the project."""

    project: Path
    folder: Path
    why: str = ""

    @property
    def exists(self) -> bool:
        """Whether it was made."""
        return _is_there(self.folder / "format")


def place(start: Path) -> Place:
    """The place for ``start``: the nearest repository above it, else where one would be made."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if _is_there(folder / NAME / "format") and _mine(folder / NAME):
            return Place(folder, folder / NAME)
        if (outside := _outside(folder)) is not None and _is_there(outside / "format"):
            return Place(folder, outside, "kept outside the project")
    root = next((f for f in (start, *start.parents) if _is_there(f / ".git")), start)
    if os.environ.get("SNAPBOOK_HOME"):
        return Place(root, _home() / _slug(root), "SNAPBOOK_HOME is set")
    if not _mine(root) or (_is_there(root / NAME) and not _mine(root / NAME)):
        return Place(root, _home() / _slug(root), "the folder belongs to somebody else")
    if not os.access(root, os.W_OK):
        return Place(root, _home() / _slug(root), "the folder cannot be written")
    return Place(root, root / NAME)


def has_versions(start: Path) -> bool:
    """Whether something was ever kept for ``start``; asks the disk alone and opens nothing."""
    try:
        with os.scandir(place(start).folder / "events") as events:
            return any(True for _ in events)
    except OSError:
        return False


def find_repository(start: Path) -> Repository:
    """The repository for ``start``, for reading; an empty one in memory where there is none."""
    found = place(start)
    if not found.exists:
        from snapbook.catalog.index import Index
        from snapbook.catalog.memory import MemoryCatalog
        from snapbook.repository import Repository
        from snapbook.store.memory import MemoryStore

        store = MemoryStore()
        return Repository(store, MemoryCatalog(), Index(None, store.get))
    return open_folder(found.folder)


def make_repository(start: Path) -> Repository:
    """The repository for ``start``, made on first use. Raises ReadOnly, DiskFull."""
    found = place(start)
    if not found.exists:
        create(found.folder)
    return open_folder(found.folder)


def open_folder(folder: Path) -> Repository:
    """The repository in ``folder``. Raises NewerFormat or Damaged before anything else is read."""
    from snapbook.catalog.files import FileCatalog
    from snapbook.catalog.index import Index
    from snapbook.repository import Repository
    from snapbook.store.local import LocalStore

    _check_format(folder)
    cache = folder / "index.sqlite"
    store = LocalStore(folder / "packs", cache)
    chain = FileCatalog(folder / "events", partial(_raise_format, folder))
    return Repository(store, chain, Index(cache, store.get), folder)


@contextmanager
def open_registry(
    known: Known,
    token: str,
    model: str = "",
    *,
    make: bool = False,
    say: Callable[[str], None] = lambda _line: None,
    strict: bool = True,
) -> Iterator[Side]:
    """The registry as a side of a copy, until the end; ``model`` is what is pushed to it.

    A folder that others reach is opened as it is; with ``make`` it is made a repository where it is
    none yet. Raises NotFound where it is none. ``say`` gets what a server's state gives to say, and
    without ``strict`` one that went back is let through: for who looks at the chain himself.
    """
    if known.bucket:
        yield from _open_bucket(known, make)
        return
    folder = known.folder
    if folder is None:
        from snapbook import settings
        from snapbook.registry.heads import Heads
        from snapbook.registry.known import Book
        from snapbook.registry.pinned import Pinned
        from snapbook.registry.remote import Remote

        config = settings.folder()
        pinned = Pinned(known, Book(config), Heads(config), say, strict)
        with Remote(known.url, token, model, pinned) as remote:
            yield remote
        return
    from snapbook.transfer import Local

    if make:
        create(folder)
    elif not _is_there(folder / "format"):
        raise _nothing(known)
    with open_folder(folder) as repository:
        yield Local(repository)


def _open_bucket(known: Known, make: bool) -> Iterator[Side]:
    from snapbook.store.bucket import Bucket
    from snapbook.transfer import Local

    bucket = Bucket(known.url)
    if not make and not bucket.has("format"):
        raise _nothing(known)
    with open_bucket(bucket, _cache(known.url)) as repository:
        yield Local(repository)


def open_bucket(bucket: Bucket, cache: Path) -> Repository:
    """The repository in ``bucket``, made on first use; what is only remembered lies in ``cache``.

    Raises NewerFormat, Damaged, Unreachable or ReadOnly.
    """
    from snapbook.catalog.bucket import BucketCatalog
    from snapbook.catalog.index import Index
    from snapbook.repository import Repository

    store = open_objects(bucket, cache)
    chain = BucketCatalog(bucket, partial(_raise_bucket, bucket))
    return Repository(store, chain, Index(cache / "index.sqlite", store.get))


def open_objects(bucket: Bucket, cache: Path, *, apart: bool = False) -> ObjectStore:
    """The store in ``bucket``, made on first use; ``apart`` says that the chain is in a database.

    Raises as `open_bucket` does, and BadOption where the chain is not where it is said to be.
    """
    from snapbook.store.objects import ObjectStore, sweep_drafts

    data = bucket.get("format")
    if data is None and not bucket.create("format", formats.text()):
        data = bucket.get("format")  # somebody else was faster, with another snapbook
    if data is not None:
        formats.check(data, bucket.url)
    _check_chain(bucket, data, apart)
    with durable.told(cache, what="Not read"):
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        sweep_drafts(cache)
    return ObjectStore(bucket, cache, cache / "index.sqlite")


def served(folder: Path, database: str = "", store: str = "") -> Served:
    """What a registry serves whose own files lie in ``folder``: see `Served`.

    The blobs are in the bucket ``store`` ("": in the folder), the chain in ``database`` ("": with
    the blobs). Raises BadOption, NewerFormat, Damaged, ReadOnly, Unreachable.
    """
    if database and not store:
        # Else whoever opens the folder finds packs that no event in it knows, and sweeps them.
        raise BadOption("--database needs --store", act="Name a bucket: --store s3://bucket/prefix")
    create(folder)
    _check_format(folder)
    if not store:
        return Served(folder)
    from snapbook.catalog.database import Database
    from snapbook.store.bucket import Bucket

    objects = open_objects(Bucket(store), folder / "bucket", apart=bool(database))
    if not database:
        return Served(folder, objects)
    chain = Database(database)
    try:
        chain.migrate()
    except BaseException:
        chain.close()
        raise
    return Served(folder, objects, chain)


@dataclass(frozen=True, slots=True)
class Served:
    """Where the parts of a served repository lie: the folder, or a bucket, or that and a database.

    Close it in the end.
    """

    folder: Path
    objects: ObjectStore | None = None
    database: Database | None = None

    def open(self) -> Repository:
        """A Repository for one thread; connections and what is known of packs are shared."""
        if self.objects is None:
            return open_folder(self.folder)
        from snapbook.catalog.bucket import BucketCatalog
        from snapbook.catalog.index import Index
        from snapbook.catalog.postgres import PostgresCatalog
        from snapbook.repository import Repository

        store, bucket = self.objects, self.objects.bucket
        chain: Catalog
        if self.database is not None:
            chain = PostgresCatalog(self.database)
        else:
            chain = BucketCatalog(bucket, partial(_raise_bucket, bucket))
        index = Index(self.folder / "bucket" / "index.sqlite", store.get)
        return Repository(store, chain, index, self.folder)

    def close(self) -> None:
        """End the connections."""
        if self.database is not None:
            self.database.close()


def _nothing(known: Known) -> NotFound:
    return NotFound(
        f"There is nothing in {known.name} yet",
        act="Push a version",
        hint=Hint("push", ("--registry", known.name)),
        kind="no-model",
    )


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


def outside_folder(project: Path) -> Path:
    """Where `init --outside` puts the repository of ``project``."""
    return _home() / _slug(project.resolve())


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


def _check_format(folder: Path) -> None:
    """Raises NewerFormat, Damaged, or Unreachable where the file is there and cannot be read."""
    with durable.told(folder, what="Not read"):
        data = _format_bytes(folder)
    formats.check(data, str(folder))


def _raise_format(folder: Path) -> None:
    """Say in the folder of an earlier snapbook that its chain goes on in a newer form."""
    with durable.told(folder, what="Not read"):
        found = _format_bytes(folder)
    data = formats.raised(found, str(folder))
    if data is not None:
        _put(folder / "format", data, anew=True)
        durable.sync_folder(folder)


def _check_chain(bucket: Bucket, data: bytes | None, apart: bool) -> None:
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


def _raise_bucket(bucket: Bucket) -> None:
    """The same in a bucket."""
    data = formats.raised(bucket.get("format") or b"", bucket.url)
    if data is not None:
        bucket.put("format", data)


def _format_bytes(folder: Path) -> bytes:
    try:
        return (folder / "format").read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return b""


def _is_there(path: Path) -> bool:
    """Whether the path can be seen; what lies in somebody else's closed folder cannot."""
    return os.path.exists(path)  # Path.exists raises there


def _mine(folder: Path) -> bool:
    """Whether the folder is the user's own. Root owns what it can write; Windows has no owners."""
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        return True
    try:
        return folder.stat().st_uid == os.geteuid()
    except OSError:
        return False


def _home() -> Path:
    if chosen := os.environ.get("SNAPBOOK_HOME"):
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_data_path("snapbook", appauthor=False) / "repositories"


def _cache(url: str) -> Path:
    """Where what is remembered of the bucket at ``url`` lies: the user's cache folder."""
    import platformdirs

    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", url).strip("-.")
    name = f"{plain[:40]}-{canonical.digest(url.encode())[:12]}"
    return platformdirs.user_cache_path("snapbook", appauthor=False) / "registries" / name


def _outside(project: Path) -> Path | None:
    home = _home()
    return home / _slug(project) if home.is_dir() else None


def _slug(project: Path) -> str:
    """A folder name for a project: readable, and unique by the digest of its whole path."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", project.name).strip("-.") or "project"
    return f"{plain[:40]}-{canonical.digest(str(project).encode('utf-8', 'surrogateescape'))[:12]}"
