"""Reading every byte of a store of packs, and saying what is not as it was written.

Knows packs and digests; executes nothing and changes nothing. What is found is remembered in the
table of the store, so that later saves write anew what they would have relied on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from snapbook import canonical
from snapbook.errors import Damaged
from snapbook.store.durable import told
from snapbook.store.pack import Packed, Place, cut

if TYPE_CHECKING:
    from snapbook.store.packs import PackStore

Progress: TypeAlias = Callable[[int, int], None]
"""Called with (bytes read, bytes in all) after each pack."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A damaged pack, why, and the digests known to be lost with it."""

    pack: str
    why: str
    lost: tuple[str, ...]


def verify(store: PackStore[Any], progress: Progress | None = None) -> Iterator[Problem]:
    """One Problem for each damaged pack; condemned ones do not matter."""
    with told(store.folder, what="Not verified"):
        store.lookup.scan()
        names = sorted(set(store.lookup.names()) - store.condemned)
        sizes = {name: store.size_of(name) for name in names}
    done, total = 0, sum(sizes.values())
    for name in names:
        with told(store.folder, what="Not verified"):
            problem = _check(store, name)
        if problem is not None:
            yield problem
        done += sizes[name]
        if progress is not None:
            progress(done, total)


def _check(store: PackStore[Any], name: str) -> Problem | None:
    store.let_go(name)  # its index too is to be read from the disk
    try:
        pack = store.open_pack(name)
    except Damaged as error:
        held = store.lookup.held(name)
        store.lookup.damaged(name, held, whole=True)
        return Problem(name, error.why, tuple(key.hex() for key in held))
    if pack is None:
        return None  # dropped meanwhile
    altered = list(_altered(pack))
    store.lookup.damaged(name, altered, whole=True)
    if not altered:
        return None
    lost = tuple(key.hex() for key in altered)
    return Problem(name, f"{len(lost)} of {len(pack)} blobs in it were changed", lost)


def _altered(pack: Packed) -> Iterator[bytes]:
    by_frame: dict[int, list[tuple[bytes, Place]]] = {}
    for key, place in pack.places():
        by_frame.setdefault(place.frame, []).append((key, place))
    for number in sorted(by_frame):
        try:
            raw = pack.frame(number)
        except Damaged:
            yield from (key for key, _ in by_frame[number])
            continue
        for key, place in by_frame[number]:
            if canonical.digest(cut(raw, place)) != key.hex():
                yield key
