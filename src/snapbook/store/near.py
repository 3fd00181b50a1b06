"""Packs in which the last blobs were found: asked first for the next ones.

A save asks for thousands of blobs that mostly lie together, and the table, the folder and the
damage that is remembered need not be asked for each. Good for a moment only: as long as its owner
keeps the packs from being unlinked, or for one question about many blobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snapbook.store.pack import Packed

if TYPE_CHECKING:
    from snapbook.store.packs import PackStore

_MOST = 4


class Near:
    """Answers for ``store`` whether a blob can be relied on."""

    def __init__(self, store: PackStore[Any]) -> None:
        self._store = store
        # The last one first; with the blobs in it that nothing may rely on.
        self._packs: list[tuple[Packed, frozenset[bytes]]] = []

    def holds(self, key: bytes) -> bool:
        """Whether a pack to rely on has the blob: see `PackStore.holder`."""
        for place, (pack, damaged) in enumerate(self._packs):
            if (
                pack.find(key) is not None
                and key not in damaged
                and pack.name not in self._store.condemned
            ):
                if place:
                    self._packs.insert(0, self._packs.pop(place))
                return True
        name = self._store.holder(key)
        if name is None:
            return False
        pack_now = self._store.open_pack(name)
        if pack_now is not None:
            self._packs.insert(0, (pack_now, self._store.lookup.damaged_in(name)))
            del self._packs[_MOST:]
        return True
