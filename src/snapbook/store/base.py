"""The seam between what is kept and where: a Store holds blobs under their digests.

Says what every engine promises; `tests/contracts/store_contract.py` holds each one to it. A Store
knows nothing of parts, versions or names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeAlias

Buffer: TypeAlias = "bytes | bytearray | memoryview"


class Writer(Protocol):
    """Collects the blobs of one save. Nothing is visible to others before `commit`."""

    @property
    def new_bytes(self) -> int:
        """Uncompressed bytes added so far that the store did not have."""

    def add(self, data: Buffer) -> str:
        """Keep ``data`` (copied before return); gives its digest. Known bytes cost nothing."""

    def has(self, digest: str) -> bool:
        """Whether the store, or this writer, holds the blob."""

    def mark(self) -> object:
        """A point to which `rewind` can return."""

    def rewind(self, mark: object) -> None:
        """Forget all blobs added since ``mark``."""

    def get(self, digest: str) -> bytes:
        """A blob of the store or of this writer, verified."""

    def relied(self) -> frozenset[str]:
        """Digests that may be condemned before an event needs them: who makes it looks again.

        Those that were added but were in the store already; where nothing protects what is new, all
        that was committed, too.
        """

    def rely(self, digests: Iterable[str]) -> bool:
        """Build on blobs that are kept already, without their bytes, as `add` does with them.

        False, and nothing more is relied on, unless all of them are here.
        """

    def renew(self, digests: Iterable[str]) -> None:
        """Write blobs of the store anew in this writer: what it relied on was condemned.

        Whatever this writer relied on can still be read until `close`. Raises NotFound for others.
        """

    def commit(self) -> None:
        """Make the blobs durable and visible. With nothing new, nothing is written.

        The new blobs are safe from `Store.sweep` until `close`, referenced or not. May be called
        again after further `add` calls: each call makes durable what is new since the last.
        """

    def close(self) -> None:
        """End the protection; drop what was not committed. Safe to call twice."""


class Store(Protocol):
    """Immutable blobs by digest."""

    def get(self, digest: str) -> bytes:
        """The blob, verified. Raises NotFound, or Damaged where the bytes are not the digest's."""

    def has(self, digest: str) -> bool:
        """Whether the blob is here and not condemned."""

    def missing(self, digests: Iterable[str]) -> set[str]:
        """Those of ``digests`` that are not here (or condemned), looked up afresh."""

    def digests(self) -> Iterator[str]:
        """Every digest held, in no order."""

    def find(self, prefix: str) -> list[str]:
        """The digests that begin with ``prefix`` (at least 8 hex digits), at most 8 of them."""

    def condemn(self, packs: Iterable[str]) -> None:
        """Count these packs (places of blobs) as gone: nothing relies on them any more."""

    def give_room(self) -> None:
        """Leave the room of what is only a cache to others: the disk is full."""

    def writer(self) -> Writer:
        """A new Writer. The caller closes it, whatever happens."""

    def close(self) -> None:
        """Let go of all files. The store may be used again afterwards."""
