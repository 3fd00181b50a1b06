"""The Store of a registry over HTTP: blobs come as packs, and go as packs.

Knows how a stream that was cut goes on: a download from the byte that came last, an upload from the
byte that the registry has. What arrives is looked at as any pack from elsewhere.
"""

from __future__ import annotations

import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from snapbook import canonical
from snapbook.errors import Conflict, Damaged, NotFound, Unreachable
from snapbook.registry import wire
from snapbook.registry.http import TOO_MANY, Http
from snapbook.store import durable, receive
from snapbook.store.base import Buffer
from snapbook.store.drafting import Draft, PackWriter
from snapbook.store.pack import Pack, cut

_DIGEST = re.compile(r"[0-9a-f]{64}")
Progress = Callable[[int, int], None]
_PIECE = 1 << 20
_CUTS = 6  # a stream that is cut this often without a byte more is given up
_WAIT_S = 0.2
_MOST_BYTES = 1 << 50
_FRESH_S = 5.0  # for so long what the registry said of a blob is not asked again


class HttpStore:
    """Blobs of the registry behind ``http``; what was fetched lies in ``folder`` until `close`.

    ``model`` is what is being written to ("": anything, for who may read everything).
    """

    def __init__(self, http: Http, folder: Path, model: str = "") -> None:
        self.model = model
        self._http = http
        self._folder = folder
        self._packs: list[Pack] = []
        self._told: dict[str, bool] = {}  # what the registry said of a digest: whether it is there
        self._told_s: dict[str, float] = {}  # when it said that
        self._asked_s = -_FRESH_S
        self._presumed: set[str] = set()  # those that go along without being asked for
        self._unasked = False
        self._lock = threading.Lock()
        self.along = 0  # bytes of a pack that the registry takes together with an offer
        self.tell: Callable[[str, int, int], None] = lambda _what, _done, _of: None

    def get(self, digest: str) -> bytes:
        """The blob, verified; at hand if it was fetched. Raises NotFound, Damaged, Unreachable."""
        if not _DIGEST.fullmatch(digest):
            raise NotFound(f"Nothing is stored under {digest[:12]}")
        data = self._near(digest)
        if data is None:
            data = _blob(self._download("", [digest]), digest)
        if data is None or canonical.digest(data) != digest:
            raise Damaged(f"{digest[:12]} came with other bytes than its own")
        return data

    def fetch(self, ref: str, digests: Collection[str], progress: Progress) -> None:
        """Get these blobs of the version ``ref`` in one stream, for `get` to have them at hand."""
        if digests:
            pack = self._download(ref, list(digests), progress)
            with self._lock:
                self._packs.append(pack)

    def has(self, digest: str) -> bool:
        """Whether the registry has the blob."""
        return not self.missing([digest])

    def missing(self, digests: Iterable[str]) -> set[str]:
        """Those that have to be uploaded; a writer asks for none of ``digests`` again."""
        asked = sorted(set(digests))
        told = self._http.post("/missing", {"digests": asked, "model": self.model}, repeat=True)
        found = set(told["missing"]).intersection(asked)
        along, now = told.get(wire.ALONG), time.monotonic()
        with self._lock:
            self.along = along if type(along) is int else 0  # an older one takes none
            self._told.update((digest, digest not in found) for digest in asked)
            self._told_s.update(dict.fromkeys(asked, now))
            self._asked_s = now
            self._presumed.difference_update(asked)
        return found

    def lacking(self, digests: Collection[str]) -> set[str]:
        """Those of ``digests`` that a version has to bring.

        Where the registry answered a moment ago, what it did not say is there goes along unasked,
        as long as it is small: a writer asks after all before it takes what is larger.
        """
        since = time.monotonic() - _FRESH_S
        with self._lock:
            there = {d for d in digests if self._told.get(d) and self._told_s[d] > since}
            if self._asked_s > since and self.along > 0:
                wanted = set(digests) - there
                self._presumed |= wanted
                self._unasked = True
                return wanted
        return self.missing(digests)

    def doubt(self) -> bool:
        """Ask of everything anew from here on; whether `lacking` did not since the last time."""
        with self._lock:
            unasked, self._unasked, self._asked_s = self._unasked, False, -_FRESH_S
            self._told.clear()
            self._told_s.clear()
            self._presumed.clear()
        return unasked

    def settle(self) -> None:
        """Ask of what was presumed to be missing whether it is."""
        with self._lock:
            presumed = set(self._presumed)
        if presumed:
            self.missing(presumed)

    def digests(self) -> Iterator[str]:
        """Every digest that is there."""
        return iter(self._http.get("/digests")["digests"])

    def find(self, prefix: str) -> list[str]:
        """The digests that begin with ``prefix``, at most 8 of them."""
        return list(self._http.get("/digests", prefix=prefix)["digests"])

    def condemn(self, packs: Iterable[str]) -> None:
        """Nothing: the registry looks after its own packs."""

    def give_room(self) -> None:
        """Nothing: what was fetched is wanted."""

    def writer(self) -> HttpWriter:
        """A new Writer; its blobs go up in one pack with `commit`."""
        return HttpWriter(self, self._folder)

    def close(self) -> None:
        """Let go of what was fetched."""
        with self._lock:
            self._packs.clear()

    def missing_by_now(self, digests: Iterable[str]) -> set[str]:
        """Those that were missing when the registry was asked last, which may be now."""
        wanted = set(digests)
        with self._lock:
            absent = {d for d in wanted if d in self._presumed or self._told.get(d) is False}
            unknown = wanted.difference(self._told, self._presumed)
        return absent | (self.missing(unknown) if unknown else set())

    def sent(self, digests: Iterable[str]) -> None:
        """Remember that these are there now."""
        named, now = list(digests), time.monotonic()
        with self._lock:
            self._told.update(dict.fromkeys(named, True))
            self._told_s.update(dict.fromkeys(named, now))
            self._presumed.difference_update(named)

    def upload(self, name: str, fd: int) -> None:
        """Send the finished pack in the file ``fd``; cut, it goes on where the registry stands."""
        size = os.fstat(fd).st_size
        offset, cuts = 0, 0
        while True:
            try:
                sent = self._send(name, fd, offset, size)
            except Unreachable:
                cuts += 1
                if cuts == _CUTS:
                    raise
                time.sleep(_WAIT_S * 2**cuts)
                standing = self._standing(name)
                cuts = 0 if standing is None or standing > offset else cuts
                if standing is None:
                    return
                offset = standing
                continue
            if sent is None:
                return
            offset = sent

    def _send(self, name: str, fd: int, offset: int, size: int) -> int | None:
        """Send from ``offset`` on; gives where to go on, None when all was taken."""
        headers = {wire.OFFSET: str(offset), wire.LENGTH: str(size)}
        try:
            answer = self._http.once(
                "PUT",
                f"/packs/{name}",
                content=_pieces(fd, offset, lambda at: self.tell("kB sent", at >> 10, size >> 10)),
                headers=headers,
            )
        except Conflict as error:
            if error.kind == "busy":
                raise Unreachable("Another request sends this pack") from error
            return self._standing(name)
        return None if answer.status_code == 201 else self._standing(name)

    def _standing(self, name: str) -> int | None:
        """How many bytes of a pack the registry has; None for all of it."""
        answer = self._http.again(lambda: self._http.once("HEAD", f"/packs/{name}"))
        offset = answer.headers.get(wire.OFFSET)
        return None if offset is None else int(offset)

    def _near(self, digest: str) -> bytes | None:
        with self._lock:
            packs = list(self._packs)
        return next((data for pack in packs if (data := _blob(pack, digest)) is not None), None)

    def _download(
        self, ref: str, digests: list[str], progress: Progress = lambda _done, _of: None
    ) -> Pack:
        """A pack of ``digests``, looked at. Raises NotFound, Damaged, Unreachable, DiskFull."""
        with durable.told(self._folder, what="Not fetched"):
            fd, name = tempfile.mkstemp(dir=self._folder)
            os.unlink(name)
        try:
            self._gather(fd, {"digests": digests, "ref": ref}, progress)
            pack = receive.opened(os.dup(fd))
            receive.check(pack, _MOST_BYTES)
        finally:
            os.close(fd)
        return pack

    def _gather(self, fd: int, body: dict[str, object], progress: Progress) -> None:
        done, cuts = 0, 0
        while True:
            before = done
            try:
                with self._http.stream("/blobs", body, start=done or "") as pieces:
                    for piece in pieces:
                        with durable.told(self._folder, len(piece), what="Not fetched"):
                            durable.write_all(fd, piece, done)
                        done += len(piece)
                        progress(done, 0)
                        self.tell("kB fetched", done >> 10, 0)
                return
            except Unreachable as error:
                if error.kind not in (Unreachable.kind, TOO_MANY):
                    raise  # the disk here is full, or may not be written
                cuts = 0 if done > before else cuts + 1
                if cuts == _CUTS:
                    raise
                time.sleep(_WAIT_S * 2**cuts)


class HttpWriter(PackWriter):
    """See `store.base.Writer`: one pack for each commit."""

    def __init__(self, store: HttpStore, folder: Path) -> None:
        super().__init__(folder)
        self._store = store
        self._most_along = 0
        self._along: tuple[list[str], bytes] = [], b""

    def add(self, data: Buffer) -> str:
        """See `Writer.add`; what would not go along any more is asked for before it is taken."""
        if self.new_bytes + memoryview(data).nbytes > wire.MOST_ALONG:
            self._store.settle()
        return super().add(data)

    def commit_along(self) -> tuple[list[str], bytes]:
        """Commit; but a pack that may go with the offer is not sent, and given for that.

        Gives the digests in it, and its bytes.
        """
        self._most_along = min(self._store.along, wire.MOST_ALONG)
        try:
            self.commit()
        finally:
            self._most_along = 0
        along, self._along = self._along, ([], b"")
        return along

    def _hold(self) -> None:
        """Nothing can be held there: what is gone by the time of the event is asked for again."""

    def _holds(self, digest: str) -> bool:
        return not self._missing([digest])

    def _missing(self, digests: Collection[str]) -> Collection[str]:
        return self._store.missing_by_now(digests)

    def _read(self, digest: str) -> bytes:
        return self._store.get(digest)

    def _publish(self, draft: Draft) -> None:
        name = draft.packer.finish()
        digests = [key.hex() for key in draft.packer.digests()]
        if (size := os.fstat(draft.fd).st_size) <= self._most_along:
            self._along = digests, os.pread(draft.fd, size, 0)
        else:
            self._store.upload(name, draft.fd)
            self._store.sent(digests)
        draft.drop()


def _pieces(fd: int, offset: int, tell: Callable[[int], None]) -> Iterator[bytes]:
    while piece := os.pread(fd, _PIECE, offset):
        tell(offset)
        yield piece
        offset += len(piece)


def _blob(pack: Pack, digest: str) -> bytes | None:
    place = pack.find(bytes.fromhex(digest))
    return None if place is None else cut(pack.frame(place.frame), place)
