"""What every store of packs does: blobs looked up, read, verified, and condemned with their pack.

Knows which pack holds a blob and how it is cut out of a frame, and leaves to an engine how a pack
is opened, whether one is still there and how one comes to be. Two processes need no word with each
other: a pack appears whole under its own name or not at all, and never changes.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

from snapbook import canonical
from snapbook.errors import Damaged, NotFound
from snapbook.store import sweep
from snapbook.store.base import Writer
from snapbook.store.durable import told
from snapbook.store.near import Near
from snapbook.store.pack import Pack, Packed, cut
from snapbook.store.table import PackTable
from snapbook.store.verify import Problem, Progress, verify

_FRAMES_KEPT = 8
_LAG_S = 5.0
P = TypeVar("P", bound=Packed)


class PackStore(ABC, Generic[P]):
    """Blobs in packs, which ``lookup`` knows. ``folder`` is where new packs are written first.

    ``patience_s`` is how long a pack stays after it was condemned, for who relied on it before;
    ``at_once`` how many packs are asked for at the same time, by as many threads.
    """

    most_open = 32
    patience_s = 0.0
    at_once = 1

    def __init__(self, folder: Path, lookup: PackTable) -> None:
        self.folder = folder
        self.lookup = lookup
        self._condemned: frozenset[str] = frozenset()
        self._looked_s = -_LAG_S  # when it was looked afresh for the last time
        self._lock = threading.RLock()
        # Packs that were opened once and are cut short or changed at their end by nobody since.
        self._sound: set[str] = set()
        self._packs: OrderedDict[str, P] = OrderedDict()
        self._near: P | None = None  # the pack that was read last
        # Groups of small blobs, unpacked: their neighbours are mostly wanted next.
        self._groups: OrderedDict[tuple[str, int], bytes] = OrderedDict()

    @abstractmethod
    def writer(self) -> Writer:
        """A new Writer. The caller closes it, whatever happens."""

    @abstractmethod
    def adopt(self, path: Path, pack: Pack) -> None:
        """Make the checked ``pack`` in the file ``path`` one of its own, durably; twice is once."""

    @abstractmethod
    def has_pack(self, name: str) -> bool:
        """Whether the pack is there, condemned or not, by its name alone."""

    @abstractmethod
    def size_of(self, name: str) -> int:
        """The stored bytes of a pack, 0 for one that is gone."""

    @abstractmethod
    def is_busy(self, name: str) -> bool:
        """Whether somebody may still write the pack, or wait for the event that needs it."""

    @abstractmethod
    def drop(self, packs: Iterable[str]) -> tuple[int, tuple[str, ...]]:
        """Take condemned packs away: (bytes freed, packs that stay while somebody writes).

        Raises ValueError for one that is not condemned.
        """

    @abstractmethod
    def _open(self, name: str) -> P | None:
        """The pack, open for reading, or None if it is gone. Raises Damaged."""

    def get(self, digest: str) -> bytes:
        """The blob, verified. Raises NotFound, or Damaged naming the pack."""
        key = _key(digest)
        with told(self.folder, what="Not read"):
            data, failure = self._read(key)
            if data is None:
                # Whatever the look finds: somebody else may have entered the pack just before it.
                self.lookup.scan()
                data, failure = self._read(key)
        if data is not None:
            return data
        if failure is not None:
            raise failure
        if self.lookup.broken:
            name, why = next(iter(self.lookup.broken.items()))
            raise Damaged(f"{digest[:12]} may have been in pack {name[:12]}, which is damaged", why)
        raise NotFound(f"Nothing is stored under {digest[:12]}")

    def has(self, digest: str) -> bool:
        """Whether the blob is here and not condemned."""
        return self.holder(_key(digest)) is not None or not self.missing([digest])

    def missing(self, digests: Iterable[str]) -> set[str]:
        """Those of ``digests`` that are not here (or condemned), looked up afresh."""
        return self._absent(digests, lag_s=0)

    def lacking(self, digests: Iterable[str]) -> set[str]:
        """Those of ``digests`` that somebody had better send, as the table knows.

        Looks afresh once in a few seconds only: what another process wrote meanwhile may come a
        second time, which costs its bytes and no more. A look costs more with each pack there is.
        """
        return self._absent(digests, lag_s=_LAG_S)

    def _absent(self, digests: Iterable[str], lag_s: float) -> set[str]:
        wanted = {_key(digest) for digest in digests}
        near = Near(self)
        absent = {key for key in wanted if not near.holds(key)}
        if absent and time.monotonic() - self._looked_s >= lag_s:
            self.lookup.scan(quick=True)
            self._looked_s = time.monotonic()
            absent = {key for key in absent if not near.holds(key)}
        return {key.hex() for key in absent}

    def digests(self) -> Iterator[str]:
        """Every digest held, in no order; one that lies in several packs once."""
        self.lookup.scan()
        seen: set[bytes] = set()
        for name in sorted(self.lookup.known() - self._condemned):
            pack = self.open_pack(name)
            for key in pack.digests() if pack is not None else ():
                if key not in seen:
                    seen.add(key)
                    yield key.hex()

    def find(self, prefix: str) -> list[str]:
        """The digests that begin with ``prefix``, at most 8 of them."""
        low = bytes.fromhex(prefix.ljust(canonical.DIGEST_LENGTH, "0"))
        high = bytes.fromhex(prefix.ljust(canonical.DIGEST_LENGTH, "f"))
        self.lookup.scan()
        return [key.hex() for key in self.lookup.between(low, high) if self.holder(key)][:8]

    def condemn(self, packs: Iterable[str]) -> None:
        """Count these packs as gone: nothing relies on them any more. `get` still reads them."""
        self._condemned |= frozenset(packs)

    @property
    def condemned(self) -> frozenset[str]:
        """The packs given to `condemn`."""
        return self._condemned

    def condemnable(
        self, live: Collection[str], waste: float = 0.2, purge: Collection[str] = ()
    ) -> sweep.Plan:
        """What may go when ``live`` are all digests that are needed: see `store.sweep`."""
        with told(self.folder, what="Not freed"):
            return sweep.plan(self, live, waste, purge)

    def verify(self, progress: Progress | None = None) -> Iterator[Problem]:
        """Read every pack; one Problem for each damaged one."""
        return verify(self, progress)

    def holder(self, key: bytes) -> str | None:
        """A pack to rely on for the blob: there, not condemned, and not known to be damaged."""
        for name in self.lookup.sound_packs_of(key):
            if name in self._condemned or not self._stands(name):
                continue
            if name in self._sound or self._opens(name):
                return name
        return None

    def open_pack(self, name: str) -> P | None:
        """The pack, open for reading, or None if it is gone. Raises Damaged."""
        with self._lock:
            pack = self._packs.get(name)
            if pack is not None:
                self._packs.move_to_end(name)
                return pack
        pack = self._open(name)  # may take a while: others go on meanwhile
        if pack is not None:
            self.keep_open(pack)
        return pack

    def keep_open(self, pack: P) -> None:
        """Have this pack of the store at hand, which was opened just now."""
        with self._lock:
            self._packs[pack.name] = pack
            while len(self._packs) > self.most_open:
                self._packs.popitem(last=False)

    def let_go(self, name: str) -> None:
        """Close the pack and forget what was read of it."""
        self._near = None
        with self._lock:
            self._sound.discard(name)
            self._packs.pop(name, None)
            for place in [place for place in self._groups if place[0] == name]:
                del self._groups[place]

    def forget(self, names: Iterable[str]) -> None:
        """Let go of packs that are gone."""
        gone = list(names)
        for name in gone:
            self.let_go(name)
        self.lookup.forget(gone)

    def give_room(self) -> None:
        """Leave the room of what is only a cache to others: the disk is full."""
        self.lookup.give_room()

    def close(self) -> None:
        """Let go of all files. The store may be used again afterwards."""
        self._near = None
        with self._lock:
            self._sound.clear()
            self._packs.clear()
            self._groups.clear()
            self.lookup.close()

    def _stands(self, name: str) -> bool:
        """Whether a pack of the table is there still; asked with each blob that is looked for."""
        return self.has_pack(name)

    def _opens(self, name: str) -> bool:
        """Whether the pack has its whole length and index; its frames are not read."""
        try:
            sound = self.open_pack(name) is not None
        except Damaged:
            return False
        if sound:
            self._sound.add(name)
        return sound

    def _read(self, key: bytes) -> tuple[bytes | None, Damaged | None]:
        """The blob from the first pack that has it whole, and what was wrong with the others."""
        failure: Damaged | None = None
        near = self._near
        if near is not None and near.find(key) is not None:
            # Blobs that are read together were mostly written together.
            with suppress(Damaged):
                return self._cut(near, key), None
        for name in self.lookup.packs_of(key):
            try:
                data = self._read_from(name, key)
            except Damaged as error:
                failure = error
                self.lookup.damaged(name, [key])
                continue
            if data is not None:
                return data, None
        return None, failure

    def _read_from(self, name: str, key: bytes) -> bytes | None:
        pack = self.open_pack(name)
        return self._cut(pack, key) if pack is not None else None

    def _cut(self, pack: P, key: bytes) -> bytes | None:
        name, place = pack.name, pack.find(key)
        if place is None:
            return None
        self._near = pack
        raw = self._groups.get((name, place.frame))
        if raw is None:
            raw = pack.frame(place.frame)
            if place.size != len(raw):
                with self._lock:
                    self._groups[name, place.frame] = raw
                    while len(self._groups) > _FRAMES_KEPT:
                        self._groups.popitem(last=False)
        data = cut(raw, place)
        if canonical.digest(data) != key.hex():
            raise Damaged(f"Pack {name[:12]} is damaged", f"{key.hex()[:12]} in it was changed")
        return data


def _key(digest: str) -> bytes:
    """The 32 bytes of a digest; NotFound for what is none, so that bad input reads as absence."""
    try:
        key = bytes.fromhex(digest)
    except ValueError:
        key = b""
    if len(key) * 2 != canonical.DIGEST_LENGTH or len(digest) != canonical.DIGEST_LENGTH:
        raise NotFound(f"{digest[:70]!r} is no digest")
    return key
