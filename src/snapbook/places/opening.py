"""From a folder or an address to its Repository: which engine, made of which parts.

With serving.py the only files that know every engine; each is imported when it is the one.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook import formats
from snapbook.errors import Hint, NotFound
from snapbook.places import form
from snapbook.places.where import cache_folder, is_there, place
from snapbook.store import durable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snapbook.catalog.files import FileCatalog
    from snapbook.registry.known import Known
    from snapbook.repository import Repository
    from snapbook.store.bucket import Bucket
    from snapbook.store.local import LocalStore
    from snapbook.store.objects import ObjectStore
    from snapbook.transfer import Side

CACHE = "index.sqlite"


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
        form.create(found.folder)
    return open_folder(found.folder)


def open_folder(folder: Path) -> Repository:
    """The repository in ``folder``. Raises NewerFormat or Damaged before anything else is read."""
    from snapbook.catalog.index import Index
    from snapbook.repository import Repository

    form.check(folder)
    store, chain = folder_parts(folder)
    return Repository(store, chain, Index(folder / CACHE, store.get), folder)


def folder_parts(folder: Path) -> tuple[LocalStore, FileCatalog]:
    """What holds the bytes and the events of ``folder``; threads may share both."""
    from snapbook.catalog.files import FileCatalog
    from snapbook.store.local import LocalStore

    store = LocalStore(folder / "packs", folder / CACHE)
    return store, FileCatalog(folder / "events", partial(form.raise_folder, folder))


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
        form.create(folder)
    elif not is_there(folder / "format"):
        raise _nothing(known)
    with open_folder(folder) as repository:
        yield Local(repository)


def _open_bucket(known: Known, make: bool) -> Iterator[Side]:
    from snapbook.store.bucket import Bucket
    from snapbook.transfer import Local

    bucket = Bucket(known.url)
    if not make and not bucket.has("format"):
        raise _nothing(known)
    with open_bucket(bucket, cache_folder(known.url)) as repository:
        yield Local(repository)


def open_bucket(bucket: Bucket, cache: Path) -> Repository:
    """The repository in ``bucket``, made on first use; what is only remembered lies in ``cache``.

    Raises NewerFormat, Damaged, Unreachable or ReadOnly.
    """
    from snapbook.catalog.bucket import BucketCatalog
    from snapbook.catalog.index import Index
    from snapbook.repository import Repository

    store = open_objects(bucket, cache)
    chain = BucketCatalog(bucket, partial(form.raise_bucket, bucket))
    return Repository(store, chain, Index(cache / CACHE, store.get))


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
    form.check_chain(bucket, data, apart)
    with durable.told(cache, what="Not read"):
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        sweep_drafts(cache)
    return ObjectStore(bucket, cache, cache / CACHE)


def _nothing(known: Known) -> NotFound:
    return NotFound(
        f"There is nothing in {known.name} yet",
        act="Push a version",
        hint=Hint("push", ("--registry", known.name)),
        kind="no-model",
    )
