"""A store in memory: for tests, and for looking at what a save would write.

Keeps the promises of `store.base` and nothing longer than the process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from snapbook import canonical
from snapbook.errors import Damaged, NotFound
from snapbook.store.base import Buffer


class _Mark(NamedTuple):
    commits: int
    new: int
    relied: int


class MemoryStore:
    """Blobs in a dict."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}

    def get(self, digest: str) -> bytes:
        """The blob, verified. Raises NotFound or Damaged."""
        return _verified(self.blobs, digest)

    def has(self, digest: str) -> bool:
        """Whether the blob is here."""
        return digest in self.blobs

    def missing(self, digests: Iterable[str]) -> set[str]:
        """Those of ``digests`` that are not here."""
        return {digest for digest in digests if digest not in self.blobs}

    def digests(self) -> Iterator[str]:
        """Every digest held."""
        yield from list(self.blobs)

    def find(self, prefix: str) -> list[str]:
        """The digests that begin with ``prefix``, at most 8 of them."""
        return sorted(digest for digest in self.blobs if digest.startswith(prefix))[:8]

    def condemn(self, packs: Iterable[str]) -> None:
        """In memory there are no packs to condemn."""

    def give_room(self) -> None:
        """In memory there is no cache."""

    def close(self) -> None:
        """In memory there is no file to let go of."""

    def writer(self) -> MemoryWriter:
        """A new writer into this store."""
        return MemoryWriter(self)


class MemoryWriter:
    """Blobs that become the store's at `commit`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._new: dict[str, bytes] = {}
        self._relied: dict[str, None] = {}
        self._commits = 0
        self._committed_bytes = 0

    @property
    def new_bytes(self) -> int:
        """Bytes added so far that the store did not have."""
        return self._committed_bytes + sum(map(len, self._new.values()))

    def add(self, data: Buffer) -> str:
        """Keep a copy of ``data``; gives its digest."""
        digest = canonical.digest(data)
        if self._store.has(digest):
            self._relied.setdefault(digest)
        elif digest not in self._new:
            self._new[digest] = bytes(data)
        return digest

    def renew(self, digests: Iterable[str]) -> None:
        """Write these blobs of the store anew. In memory none is ever condemned."""
        for digest in digests:
            self.add(self.get(digest))

    def has(self, digest: str) -> bool:
        """Whether the store or this writer holds the blob."""
        return digest in self._new or self._store.has(digest)

    def mark(self) -> object:
        """A point to which `rewind` can return."""
        return _Mark(self._commits, len(self._new), len(self._relied))

    def rewind(self, mark: object) -> None:
        """Forget all blobs added since ``mark``."""
        if not isinstance(mark, _Mark) or mark.commits != self._commits:
            raise ValueError("what was committed cannot be taken back")
        for kept, count in ((self._new, mark.new), (self._relied, mark.relied)):
            while len(kept) > count:
                kept.popitem()

    def get(self, digest: str) -> bytes:
        """A blob of the store or of this writer, verified."""
        return _verified(self._new if digest in self._new else self._store.blobs, digest)

    def rely(self, digests: Iterable[str]) -> bool:
        """Build on blobs that are kept already; False unless all of them are here."""
        named = [digest for digest in digests if digest not in self._new]
        if any(digest not in self._store.blobs for digest in named):
            return False
        self._relied.update(dict.fromkeys(named))
        return True

    def relied(self) -> frozenset[str]:
        """Digests that were added but were in the store already."""
        return frozenset(self._relied)

    def commit(self) -> None:
        """Make the new blobs visible."""
        self._committed_bytes = self.new_bytes
        self._store.blobs.update(self._new)
        self._new.clear()
        self._commits += 1

    def close(self) -> None:
        """Drop what was not committed."""
        self._new.clear()


def _verified(blobs: dict[str, bytes], digest: str) -> bytes:
    if digest not in blobs:
        raise NotFound(f"Nothing is stored under {digest[:12]}")
    data = blobs[digest]
    if canonical.digest(data) != digest:
        raise Damaged(f"What is stored under {digest[:12]} was changed")
    return data
