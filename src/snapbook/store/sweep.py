"""Freeing what nobody needs: which packs may go, and how their living blobs move first.

Knows sizes, locks and which blobs are alive because it is told; does not know why. A sweep has two
halves with an event of the catalog between them (docs/format.md, "Sweeping"): `plan` and `move`
change nothing that exists; when the event that condemns the packs is in the chain, and every saver
who relied on them has lost its race and looks again, `drop` unlinks them. A pack that somebody
still holds the lock of is being written or waits for its event, and is left alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook import canonical
from snapbook.errors import Damaged
from snapbook.store import durable
from snapbook.store.pack import Pack, Place, cut
from snapbook.store.writing import LOCK

if TYPE_CHECKING:
    from snapbook.store.local import LocalStore
    from snapbook.store.writing import LocalWriter

SMALL_PACK = 256 * 1024
MANY_SMALL = 16
_STEP = 256  # blobs written between two looks at whether to stop


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sweep would do.

    ``drop`` are packs with nothing alive, ``rewrite`` packs whose living blobs (``move``) go into a
    new one; both must be condemned by an event before they are unlinked. ``leftover`` were
    condemned before and are still there. ``debris`` are files of killed processes. ``busy`` packs
    belong to somebody who is saving now. ``freed_bytes`` is what the disk gets back, about.
    """

    drop: tuple[str, ...]
    rewrite: tuple[str, ...]
    move: frozenset[str]
    leftover: tuple[str, ...]
    debris: tuple[Path, ...]
    busy: tuple[str, ...]
    freed_bytes: int

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
    store: LocalStore,
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
    busy, packs, leftover = [], [], []
    for name in sorted(store.lookup.known()):
        if name in store.condemned:
            leftover.append(name)
        elif not _is_free(store.lookup.path(name)):
            busy.append(name)
        elif (pack := _readable(store, name)) is not None:
            packs.append(pack)
    shares = _shares(packs, wanted, {bytes.fromhex(digest) for digest in purge})
    drop = [share for share in shares if not share.alive]
    rewrite = _to_rewrite([share for share in shares if share.alive], waste)
    debris = list(durable.debris(store.folder))
    freed = sum(share.size for share in drop) + sum(size for _, size in debris)
    freed += sum(_size(store.lookup.path(name)) for name in leftover)
    freed += sum(int(share.size - share.alive_bytes) for share in rewrite)
    return Plan(
        tuple(share.name for share in drop),
        tuple(share.name for share in rewrite),
        frozenset(key.hex() for share in rewrite for key in share.alive),
        tuple(leftover),
        tuple(path for path, _ in debris),
        tuple(busy),
        freed,
    )


def drop(store: LocalStore, packs: Iterable[str]) -> tuple[int, tuple[str, ...]]:
    """Unlink condemned packs and debris; gives the bytes freed and the packs that had to stay.

    They stay while anybody writes to this repository: a saver may still read what it relied on.
    The next sweep finds them as ``leftover``. Raises ValueError for a pack that is not condemned.
    """
    names = tuple(packs)
    if not store.condemned.issuperset(names):
        raise ValueError("a pack must be condemned before it is dropped")
    if not store.folder.is_dir():
        return 0, ()
    with durable.told(store.folder, what="Not freed"):
        freed = 0
        for path, size in durable.debris(store.folder):
            path.unlink(missing_ok=True)
            freed += size
        fd = os.open(store.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not durable.try_lock(fd):
                return freed, names
            for name in names:
                path = store.lookup.path(name)
                freed += _size(path)
                path.unlink(missing_ok=True)
            for shard in sorted({store.lookup.path(name).parent for name in names}):
                if shard.is_dir():
                    durable.sync_folder(shard)
        finally:
            durable.unlock(fd)
            os.close(fd)
    store.forget(names)
    return freed, ()


def move(plan: Plan, writer: LocalWriter, progress: Callable[[int, int], None]) -> None:
    """Write the living blobs of the packs to be rewritten anew; the caller commits and closes.

    ``progress`` is told how many are done, of how many. A damaged blob cannot be moved: Damaged is
    raised, and nothing has changed.
    """
    blobs = sorted(plan.move)
    for done in range(0, len(blobs), _STEP):
        progress(done, len(blobs))
        writer.renew(blobs[done : done + _STEP])


def _shares(packs: list[Pack], wanted: set[bytes], purged: set[bytes]) -> list[_Share]:
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
        size = os.fstat(pack.fd).st_size
        shares.append(_Share(pack.name, size, frozenset(k for k, _ in mine), stored, must_go))
    return shares


def _owners(
    packs: list[Pack], held: dict[str, list[tuple[bytes, Place]]], wanted: set[bytes]
) -> dict[bytes, str]:
    """The pack that each living blob stays in: of several copies the first that is sound."""
    copies: dict[bytes, list[tuple[Pack, Place]]] = {}
    for pack in packs:
        for key, place in held[pack.name]:
            if key in wanted:
                copies.setdefault(key, []).append((pack, place))
    return {key: _first_sound(key, found).name for key, found in copies.items()}


def _first_sound(key: bytes, copies: list[tuple[Pack, Place]]) -> Pack:
    if len(copies) > 1:
        for pack, place in copies:
            if _is_sound(pack, key, place):
                return pack
    return copies[0][0]


def _is_sound(pack: Pack, key: bytes, place: Place) -> bool:
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


def _is_free(path: Path) -> bool:
    try:
        with durable.unused(path) as free:
            return free
    except FileNotFoundError:
        return False


def _readable(store: LocalStore, name: str) -> Pack | None:
    """A pack whose index is broken is left alone: what is in it cannot be told."""
    try:
        return store.open_pack(name)
    except Damaged:
        return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
