"""Freeing what nobody needs: which packs may go, and how their living blobs move first.

Knows sizes, locks and which blobs are alive because it is told; does not know why. A sweep has two
halves with an event of the catalog between them (docs/format.md, "Sweeping"): `plan` and `move`
change nothing that exists; when the event that condemns the packs is in the chain, and every saver
who relied on them has lost its race and looks again, the store drops them. A pack that is busy is
being written or waits for its event, and is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook import canonical
from snapbook.errors import Damaged
from snapbook.store import durable
from snapbook.store.pack import Packed, Place, cut

if TYPE_CHECKING:
    from snapbook.store.base import Writer
    from snapbook.store.packs import PackStore

SMALL_PACK = 256 * 1024
MANY_SMALL = 16
_STEP = 256  # blobs written between two looks at whether to stop


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sweep would do.

    ``drop`` are packs with nothing alive, ``rewrite`` packs whose living blobs (``move``) go into a
    new one; both must be condemned by an event before they are unlinked. ``leftover`` were
    condemned before and are still there. ``debris`` are files of killed processes. ``busy`` packs
    belong to somebody who is saving now. ``condemned_bytes`` is what is got back of the first two,
    about, ``left_bytes`` of leftover and debris.
    """

    drop: tuple[str, ...]
    rewrite: tuple[str, ...]
    move: frozenset[str]
    leftover: tuple[str, ...]
    debris: tuple[Path, ...]
    busy: tuple[str, ...]
    condemned_bytes: int
    left_bytes: int

    @property
    def freed_bytes(self) -> int:
        """What is got back in all, about."""
        return self.condemned_bytes + self.left_bytes

    @property
    def condemned(self) -> tuple[str, ...]:
        """The packs that the event must name."""
        return self.drop + self.rewrite

    def __bool__(self) -> bool:
        return bool(self.drop or self.rewrite or self.leftover or self.debris)


@dataclass(frozen=True, slots=True)
class _Share:
    """One pack's living blobs (those that no pack before it has) and what they take in it."""

    name: str
    size: int
    alive: frozenset[bytes]
    alive_bytes: float
    must_go: bool


def plan(
    store: PackStore[Any],
    live: Collection[str],
    waste: float = 0.2,
    purge: Collection[str] = (),
) -> Plan:
    """What may go when ``live`` are all digests that are needed.

    A pack is rewritten if more than ``waste`` of it is dead, or a blob of ``purge`` is in it, or
    there are many small ones.
    """
    store.lookup.scan()
    wanted = {bytes.fromhex(digest) for digest in live} - {bytes.fromhex(d) for d in purge}
    busy, free, leftover = [], [], []
    for name in sorted(store.lookup.known()):
        if name in store.condemned:
            leftover.append(name)
        elif store.is_busy(name):
            busy.append(name)
        else:
            free.append(name)
    packs = [pack for pack in _opened(store, free) if pack is not None]
    shares = _shares(packs, wanted, {bytes.fromhex(digest) for digest in purge})
    drop = [share for share in shares if not share.alive]
    rewrite = _to_rewrite([share for share in shares if share.alive], waste)
    debris = list(durable.debris(store.folder))
    freed = sum(share.size for share in drop)
    freed += sum(int(share.size - share.alive_bytes) for share in rewrite)
    return Plan(
        tuple(share.name for share in drop),
        tuple(share.name for share in rewrite),
        frozenset(key.hex() for share in rewrite for key in share.alive),
        tuple(leftover),
        tuple(path for path, _ in debris),
        tuple(busy),
        freed,
        sum(size for _, size in debris) + sum(map(store.size_of, leftover)),
    )


def _opened(store: PackStore[Any], names: Sequence[str]) -> Iterator[Packed | None]:
    """The packs, in that order; several at a time where each takes a trip."""
    open_one = partial(_readable, store)
    if store.at_once == 1:
        yield from map(open_one, names)
        return
    with ThreadPoolExecutor(store.at_once) as pool:
        yield from pool.map(open_one, names)


def condemned(store: PackStore[Any], packs: Iterable[str]) -> tuple[str, ...]:
    """``packs``, which may be taken away. Raises ValueError for one that is not condemned."""
    names = tuple(packs)
    if not store.condemned.issuperset(names):
        raise ValueError("a pack must be condemned before it is dropped")
    return names


def move(plan: Plan, writer: Writer, progress: Callable[[int, int], None]) -> None:
    """Write the living blobs of the packs to be rewritten anew; the caller commits and closes.

    ``progress`` is told how many are done, of how many. A damaged blob cannot be moved: Damaged is
    raised, and nothing has changed.
    """
    blobs = sorted(plan.move)
    for done in range(0, len(blobs), _STEP):
        progress(done, len(blobs))
        writer.renew(blobs[done : done + _STEP])


def _shares(packs: list[Packed], wanted: set[bytes], purged: set[bytes]) -> list[_Share]:
    """Each living blob belongs to one pack only, the fullest that has it: copies are dead."""
    held = {pack.name: [(key, place) for key, place in pack.places()] for pack in packs}
    alive = {name: sum(key in wanted for key, _ in places) for name, places in held.items()}
    ordered = sorted(packs, key=lambda pack: (-alive[pack.name], pack.name))
    owners = _owners(ordered, held, wanted)
    shares = []
    for pack in ordered:
        mine = [(k, p) for k, p in held[pack.name] if owners.get(k) == pack.name]
        frames = pack.frames
        stored = sum(
            place.size * frames[place.frame].stored / (frames[place.frame].raw or 1)
            for _, place in mine
        )
        must_go = any(key in purged for key, _ in held[pack.name])
        shares.append(
            _Share(pack.name, pack.size_bytes, frozenset(k for k, _ in mine), stored, must_go)
        )
    return shares


def _owners(
    packs: list[Packed], held: dict[str, list[tuple[bytes, Place]]], wanted: set[bytes]
) -> dict[bytes, str]:
    """The pack that each living blob stays in: of several copies the first that is sound."""
    copies: dict[bytes, list[tuple[Packed, Place]]] = {}
    for pack in packs:
        for key, place in held[pack.name]:
            if key in wanted:
                copies.setdefault(key, []).append((pack, place))
    return {key: _first_sound(key, found).name for key, found in copies.items()}


def _first_sound(key: bytes, copies: list[tuple[Packed, Place]]) -> Packed:
    if len(copies) > 1:
        for pack, place in copies:
            if _is_sound(pack, key, place):
                return pack
    return copies[0][0]


def _is_sound(pack: Packed, key: bytes, place: Place) -> bool:
    try:
        return canonical.digest(cut(pack.frame(place.frame), place)) == key.hex()
    except Damaged:
        return False


def _to_rewrite(shares: list[_Share], waste: float) -> list[_Share]:
    small = [share for share in shares if share.size < SMALL_PACK]
    compact = {share.name for share in small} if len(small) >= MANY_SMALL else set()
    return [
        share
        for share in shares
        if share.must_go or share.name in compact or _dead(share) > waste * share.size
    ]


def _dead(share: _Share) -> float:
    """Bytes that rewriting would save; a pack's own index and trailer are not among them."""
    return share.size - share.alive_bytes - _overhead(share)


def _overhead(share: _Share) -> int:
    return 128 + 80 * len(share.alive)


def _readable(store: PackStore[Any], name: str) -> Packed | None:
    """A pack whose index is broken is left alone: what is in it cannot be told."""
    try:
        found: Packed | None = store.open_pack(name)
        return found
    except Damaged:
        return None
