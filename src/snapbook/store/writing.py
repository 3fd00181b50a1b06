"""One save's blobs on their way into the local store: a pack that others see whole or not at all.

Knows the order of write, sync, rename and sync that survives a power cut, and the two locks that
keep a sweep away: one on each new pack from its creation until `close`, and a shared one that says
"somebody relies on what is here", without which no condemned pack is unlinked.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING

from snapbook.store import durable
from snapbook.store.drafting import Draft, PackWriter
from snapbook.store.near import Near

if TYPE_CHECKING:
    from snapbook.store.local import LocalStore

LOCK = "lock"


class LocalWriter(PackWriter):
    """See `store.base.Writer`."""

    def __init__(self, store: LocalStore) -> None:
        super().__init__(store.folder)
        self._store = store
        self._kept: list[int] = []  # locked descriptors of committed packs
        self._reliance: int | None = None
        self._near = Near(store)  # asked only while the lock on `_reliance` keeps packs there

    def close(self) -> None:
        """End the protection; drop what was not committed. Safe to call twice."""
        super().close()
        held = self._kept if self._reliance is None else [*self._kept, self._reliance]
        self._kept, self._reliance = [], None
        for fd in held:
            durable.unlock(fd)
            os.close(fd)

    def _hold(self) -> None:
        if self._store.lookup.doubt is not None:
            raise self._store.lookup.doubt
        if self._reliance is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._reliance = os.open(self._folder / LOCK, flags, 0o600)
            durable.wait_shared(self._reliance)

    def _holds(self, digest: str) -> bool:
        return self._near.holds(bytes.fromhex(digest))

    def _missing(self, digests: Collection[str]) -> Collection[str]:
        return self._store.missing(digests)

    def _read(self, digest: str) -> bytes:
        return self._store.get(digest)

    def _publish(self, draft: Draft) -> None:
        """Give the finished pack its own name. The descriptor stays open and locked."""
        assert draft.path is not None
        name = draft.packer.finish()
        durable.sync(draft.fd)
        shard = self._folder / name[:2]
        shard.mkdir(mode=0o700, exist_ok=True)
        os.rename(draft.path, shard / name)
        # From here on others may rely on it: it is not taken back, whatever fails.
        draft.path = None
        self._store.shards.sync(shard)
        self._store.lookup.add(name, draft.packer.digests())
        self._kept.append(draft.fd)
