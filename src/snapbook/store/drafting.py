"""What every writer of packs does: blobs counted once, gathered in a draft, taken back to a mark.

Knows a pack that is being written under its temporary name, and leaves to an engine what is in its
store already, what keeps that there, and how a finished pack is made one of the store's.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from snapbook import canonical
from snapbook.errors import NotFound
from snapbook.store import durable
from snapbook.store.base import Buffer
from snapbook.store.packer import Mark, Packer


class _WriterMark(NamedTuple):
    commits: int
    draft: Mark | None
    new: int
    relied: int


class PackWriter(ABC):
    """See `store.base.Writer`. No file is made in ``folder`` before the first new blob."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._draft: Draft | None = None
        self._relied: dict[str, None] = {}
        self._new: dict[str, int] = {}
        self._new_bytes = 0  # counted along: the sum of thousands of sizes, asked with each blob
        self._committed: set[str] = set()
        self._committed_bytes = 0
        self._commits = 0

    @abstractmethod
    def _hold(self) -> None:
        """From now on nothing that is looked at in the store may go away."""

    @abstractmethod
    def _holds(self, digest: str) -> bool:
        """Whether the store has the blob, asked after `_hold`."""

    @abstractmethod
    def _missing(self, digests: Collection[str]) -> Collection[str]:
        """Those of ``digests`` that the store has not."""

    @abstractmethod
    def _read(self, digest: str) -> bytes:
        """A blob of the store. Raises NotFound."""

    @abstractmethod
    def _publish(self, draft: Draft) -> None:
        """Make the draft's pack one of the store's, durably; on failure the caller drops it."""

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
            self._hold()
            if self._holds(digest):
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
            data = self._read(digest)
            with durable.told(self._folder, self.new_bytes + len(data)):
                self._hold()
                self._write(digest, data)
            self._relied.pop(digest, None)

    def has(self, digest: str) -> bool:
        """Whether the store or this writer holds the blob."""
        return digest in self._new or digest in self._committed or not self._missing([digest])

    def get(self, digest: str) -> bytes:
        """A blob of the store or of this writer, verified."""
        if digest not in self._new or self._draft is None:
            return self._read(digest)
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
            self._hold()
        if self._missing(named):
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
                self._publish(draft)
            except BaseException:
                draft.drop()
                raise
        self._committed_bytes = self.new_bytes
        self._committed.update(self._new)
        self._new.clear()
        self._new_bytes = 0
        self._commits += 1

    def close(self) -> None:
        """Drop what was not committed. Safe to call twice."""
        if self._draft is not None:
            self._draft.drop()
            self._draft = None
        self._new.clear()

    def _write(self, digest: str, data: Buffer) -> None:
        if self._draft is None:
            self._draft = Draft(self._folder)
        self._draft.packer.add(bytes.fromhex(digest), data)
        self._new[digest] = memoryview(data).nbytes
        self._new_bytes += memoryview(data).nbytes


class Draft:
    """A pack that is being written, under its temporary name and locked."""

    def __init__(self, folder: Path) -> None:
        self.path: Path | None
        self.fd, self.path = durable.new_temporary(folder)
        self.packer = Packer(self.fd)

    def drop(self) -> None:
        """Leave nothing behind; a pack that has its own name stays, for the next sweep."""
        if self.path is not None:
            with suppress(OSError):
                os.unlink(self.path)
        durable.unlock(self.fd)
        os.close(self.fd)
