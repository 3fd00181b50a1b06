"""Where the parts of a served registry lie, and the Repository that each of its threads has."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook.errors import BadOption
from snapbook.places import form
from snapbook.places.opening import CACHE, folder_parts, open_objects

if TYPE_CHECKING:
    from snapbook.catalog.base import Catalog
    from snapbook.catalog.database import Database
    from snapbook.catalog.files import FileCatalog
    from snapbook.repository import Repository
    from snapbook.store.local import LocalStore
    from snapbook.store.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class Served:
    """Where the parts of a served repository lie: the folder, or a bucket, or that and a database.

    Close it in the end.
    """

    folder: Path
    objects: ObjectStore | None = None
    database: Database | None = None
    files: tuple[LocalStore, FileCatalog] | None = None

    def open(self) -> Repository:
        """A Repository for one thread; connections and what is known of packs are shared."""
        from snapbook.catalog.index import Index
        from snapbook.repository import Repository

        if self.objects is None:
            kept, events = self.files or folder_parts(self.folder)
            table = Index(self.folder / CACHE, kept.get)
            return Repository(kept, events, table, self.folder)
        from snapbook.catalog.bucket import BucketCatalog
        from snapbook.catalog.postgres import PostgresCatalog

        store, bucket = self.objects, self.objects.bucket
        chain: Catalog
        if self.database is not None:
            chain = PostgresCatalog(self.database)
        else:
            chain = BucketCatalog(bucket, partial(form.raise_bucket, bucket))
        index = Index(self.folder / "bucket" / CACHE, store.get)
        return Repository(store, chain, index, self.folder)

    def close(self) -> None:
        """End the connections."""
        if self.database is not None:
            self.database.close()


def served(folder: Path, database: str = "", store: str = "") -> Served:
    """What a registry serves whose own files lie in ``folder``: see `Served`.

    The blobs are in the bucket ``store`` ("": in the folder), the chain in ``database`` ("": with
    the blobs). Raises BadOption, NewerFormat, Damaged, ReadOnly, Unreachable.
    """
    if database and not store:
        # Else whoever opens the folder finds packs that no event in it knows, and sweeps them.
        raise BadOption("--database needs --store", act="Name a bucket: --store s3://bucket/prefix")
    form.create(folder)
    form.check(folder)
    if not store:
        return Served(folder, files=folder_parts(folder))
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
