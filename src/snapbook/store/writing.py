"""One save's blobs on their way into the local store: a pack that others see whole or not at all.

Knows the order of write, sync, rename and sync that survives a power cut, and the two locks that
keep a sweep away: one on each new pack from its creation until `close`, and a shared one that says
"somebody relies on what is here", without which no condemned pack is unlinked.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from snapbook import canonical
from snapbook.errors import NotFound
from snapbook.store import durable
from snapbook.store.base import Buffer
from snapbook.store.near import Near
from snapbook.store.packer import Mark, Packer

if TYPE_CHECKING:
    from snapbook.store.local import LocalStore

LOCK = "lock"


class _WriterMark(NamedTuple):
    commits: int
    draft: Mark | None
    new: int
    relied: int


class LocalWriter:
    """See `store.base.Writer`. No file is made before the first new blob."""

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self._folder = store.folder
        self._draft: _Draft | None = None
        self._kept: list[int] = []  # locked descriptors of committed packs
        self._reliance: int | None = None
        self._near = Near(store)  # asked only while the lock on `_reliance` keeps packs there
        self._relied: dict[str, None] = {}
        self._new: dict[str, int] = {}
        self._new_bytes = 0  # counted along: the sum of thousands of sizes, asked with each blob
        self._committed: set[str] = set()
        self._committed_bytes = 0
        self._commits = 0

    @property
    def new_bytes(self) -> int:
        """Uncompressed bytes added so far that the store did not have."""
        return self._committed_bytes + self._new_bytes

    def add(self, data: Buffer) -> str:
        """Keep ``data``; gives its digest. Raises DiskFull, ReadOnly or Unreachable."""
        digest = canonical.digest(data)
        if digest in self._new or digest in self._committed or digest in self._relied:
            return digest
        with durable.told(self._folder, self.new_bytes + memoryview(data).nbytes):
            self._rely()
            if self._near.holds(bytes.fromhex(digest)):
                self._relied[digest] = None
            else:
                self._write(digest, data)
        return digest

    def renew(self, digests: Iterable[str]) -> None:
        """Write these blobs of the store again: the packs that hold them are condemned.

        None of them can have been unlinked if this writer relied on them. Raises NotFound.
        """
        for digest in digests:
            if digest in self._new or digest in self._committed:
                continue
            data = self._store.get(digest)
            with durable.told(self._folder, self.new_bytes + len(data)):
                self._rely()
                self._write(digest, data)
            self._relied.pop(digest, None)

    def has(self, digest: str) -> bool:
        """Whether the store or this writer holds the blob."""
        return digest in self._new or self._store.has(digest)

    def get(self, digest: str) -> bytes:
        """A blob of the store or of this writer, verified."""
        if digest not in self._new or self._draft is None:
            return self._store.get(digest)
        data = self._draft.packer.get(bytes.fromhex(digest))
        if canonical.digest(data) != digest:
            raise NotFound(f"{digest[:12]} cannot be read back from what was just written")
        return data

    def mark(self) -> object:
        """A point to which `rewind` can return."""
        draft = self._draft.packer.mark() if self._draft else None
        return _WriterMark(self._commits, draft, len(self._new), len(self._relied))

    def rewind(self, mark: object) -> None:
        """Forget all blobs added since ``mark``. Raises ValueError past a commit."""
        if not isinstance(mark, _WriterMark) or mark.commits != self._commits:
            raise ValueError("what was committed cannot be taken back")
        if self._draft is not None:
            if mark.draft is None:
                self._draft.drop()
                self._draft = None
            else:
                self._draft.packer.rewind(mark.draft)
        for kept, count in ((self._new, mark.new), (self._relied, mark.relied)):
            while len(kept) > count:
                kept.popitem()
        self._new_bytes = sum(self._new.values())

    def rely(self, digests: Iterable[str]) -> bool:
        """Build on blobs that are kept already; False unless all of them are here."""
        mine = self._new.keys() | self._committed | self._relied.keys()
        named = [digest for digest in dict.fromkeys(digests) if digest not in mine]
        with durable.told(self._folder):
            # The lock first: what is found after this cannot be unlinked before `close`.
            self._rely()
        if self._store.missing(named):
            return False
        self._relied.update(dict.fromkeys(named))
        return True

    def relied(self) -> frozenset[str]:
        """Digests that were added but were in the store already: a commit checks them again."""
        return frozenset(self._relied)

    def commit(self) -> None:
        """Make what is new durable and visible. Raises DiskFull, ReadOnly or Unreachable."""
        if self._draft is None:
            return
        draft, self._draft = self._draft, None
        with durable.told(self._folder, draft.packer.size_bytes):
            try:
                name = draft.publish()
            except BaseException:
                draft.drop()
                raise
        self._kept.append(draft.fd)
        self._store.lookup.add(name, draft.packer.digests())
        self._committed_bytes = self.new_bytes
        self._committed.update(self._new)
        self._new.clear()
        self._new_bytes = 0
        self._commits += 1

    def close(self) -> None:
        """End the protection; drop what was not committed. Safe to call twice."""
        if self._draft is not None:
            self._draft.drop()
            self._draft = None
        self._new.clear()
        held = self._kept if self._reliance is None else [*self._kept, self._reliance]
        self._kept, self._reliance = [], None
        for fd in held:
            durable.unlock(fd)
            os.close(fd)

    def _rely(self) -> None:
        """Hold the shared lock from now on, so that what is seen here cannot be unlinked."""
        if self._store.lookup.doubt is not None:
            raise self._store.lookup.doubt
        if self._reliance is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._reliance = os.open(self._folder / LOCK, flags, 0o600)
            durable.wait_shared(self._reliance)

    def _write(self, digest: str, data: Buffer) -> None:
        if self._draft is None:
            self._draft = _Draft(self._folder)
        self._draft.packer.add(bytes.fromhex(digest), data)
        self._new[digest] = memoryview(data).nbytes
        self._new_bytes += memoryview(data).nbytes


class _Draft:
    """A pack that is being written, under its temporary name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path: Path | None
        self.fd, self._path = durable.new_temporary(folder)
        self.packer = Packer(self.fd)

    def publish(self) -> str:
        """Give the finished pack its own name, durably. The descriptor stays open and locked."""
        assert self._path is not None
        name = self.packer.finish()
        durable.sync(self.fd)
        shard = self._folder / name[:2]
        shard.mkdir(mode=0o700, exist_ok=True)
        os.rename(self._path, shard / name)
        # From here on others may rely on it: it is not taken back, whatever fails.
        self._path = None
        durable.sync_folder(shard)
        # Whoever made these folders may have been killed before they were durable.
        durable.sync_folder(self._folder)
        durable.sync_folder(self._folder.parent)
        return name

    def drop(self) -> None:
        """Leave nothing behind; a pack that has its name stays, for the next sweep."""
        if self._path is not None:
            with suppress(OSError):
                os.unlink(self._path)
        durable.unlock(self.fd)
        os.close(self.fd)
