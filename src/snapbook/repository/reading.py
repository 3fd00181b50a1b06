"""A Store and a Catalog read together: versions, manifests, parts, and what was said of them.

Knows when the index has to follow the chain; changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from snapbook import trust, withheld
from snapbook.canonical import Json
from snapbook.catalog import find
from snapbook.catalog.base import Catalog, Head
from snapbook.catalog.index import Index
from snapbook.catalog.rows import VersionRow
from snapbook.errors import Damaged, NotFound, Unreachable
from snapbook.events import Event
from snapbook.manifest import Manifest
from snapbook.parts.base import Part
from snapbook.refs import Ref
from snapbook.store.base import Store

if TYPE_CHECKING:
    from snapbook.compare import Changes


class Reading:
    """Versions of models: found, read, compared."""

    def __init__(
        self, store: Store, catalog: Catalog, index: Index, folder: Path | None = None
    ) -> None:
        self.store = store
        self.catalog = catalog
        self._index = index
        self._head: Head | None = None
        self.folder = folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all files; a use after that opens them again. Call it from any thread."""
        self._index.close()
        self.store.close()

    @property
    def known(self) -> Index:
        """The index as of the last `follow`."""
        return self._index

    @property
    def index(self) -> Index:
        """The index, as of the newest event."""
        self.follow()
        return self._index

    def follow(self) -> Head:
        """Take in what others did: events into the index, condemned packs into the store."""
        head = self._index.follow(self.catalog)
        if head != self._head:
            self._head = head
            if condemned := self._index.condemned():
                self.store.condemn(condemned)
        return head

    def took(self, event: Event) -> None:
        """Take in ``event``, which was appended here just now and frees nothing.

        Inside the turn in which it was made nobody else does that work a second time.
        """
        before = Head(event.n - 1, event.prev)
        if self._head != before or not self._index.take(event):
            self.follow()
        else:
            self._head = Head(event.n, event.digest)

    def every_version(self) -> Iterator[VersionRow]:
        """All versions that are not deleted, newest first, page by page."""
        index = self.index
        after = None
        while True:
            page = index.page(after=after, limit=500)
            yield from page.rows
            after = page.after
            if after is None:
                return

    def resolve(self, ref: Ref) -> VersionRow:
        """The version that ``ref`` names now. Raises NotFound, or BadRef for a shared prefix."""
        return find.resolve(self.index, ref)

    def known_model(self, name: str) -> str:
        """The model that ``name`` means, by an earlier name too. Raises NotFound with near ones."""
        return find.known_model(self.index, name)

    def manifest(self, digest: str) -> Manifest:
        """The Manifest under ``digest``."""
        return Manifest.decode(self.store.get(digest))

    def part(self, digest: str) -> Part:
        """The part stored under ``digest``."""
        return Part.decode(self.store.get(digest))

    def parts(self, digest: str) -> tuple[Part, ...]:
        """The parts of the Manifest under ``digest``, in its order."""
        return self.manifest(digest).load(self.store.get)

    def compare(self, old: str, new: str) -> Changes:
        """What differs between two manifests."""
        return compared(self.parts(old), self.parts(new), self.store.get)

    def made(self, n: int, version: VersionRow) -> bool:
        """Whether event ``n`` is the one that made ``version``."""
        event = self.catalog.event(n)
        return event is not None and event.body.get("manifest") == version.manifest

    def claim(self, version: VersionRow) -> trust.Claim:
        """What the version's event says of its author, for trust.py."""
        event = self.catalog.event(version.n)
        body: Mapping[str, Json] = event.body if event is not None else {}
        if isinstance(further := body.get("version"), Mapping):
            # A promotion gave the Manifest one more number: the author's own signature is in it.
            body = {"model": body.get("model"), **further}
        signed = body.get("signature")
        fields: Mapping[str, Json] = signed if isinstance(signed, Mapping) else {}
        named = body.get("model")
        return trust.Claim(
            # The name it was signed for: a renamed model keeps its author's signature.
            str(named or version.model),
            version.manifest,
            version.author,
            str(fields.get("key", "")),
            str(fields.get("signature", "")),
        )

    def needed(self, version: VersionRow) -> set[str]:
        """The blobs that have to be here for ``version``, but for its Manifest and its words.

        Not the rows that its author kept. Raises NotFound, Damaged.
        """
        manifest, get = self.manifest(version.manifest), self.store.get
        return manifest.reachable(get) - withheld.blobs(manifest, version.withheld, get)

    def rows_elsewhere(self, version: VersionRow) -> list[str]:
        """The frames of ``version`` whose rows its author kept, and that are not here anyhow."""
        if not version.withheld:
            return []
        manifest, get = self.manifest(version.manifest), self.store.get
        return [
            ref.name
            for ref in manifest.parts
            if ref.digest in version.withheld
            and self.store.missing(withheld.blobs(manifest, (ref.digest,), get))
        ]

    def whole(self, version: VersionRow) -> bool:
        """Whether all that a version needs is there and its parts can be read."""
        try:
            return not self.store.missing(self.needed(version))
        except (Damaged, NotFound, Unreachable):
            return False

    def readable_parts(self, version: VersionRow | None) -> tuple[Part, ...] | None:
        """A damaged parent must not stop new work: it counts as one of which nothing is known."""
        if version is None:
            return None
        try:
            return self.parts(version.manifest)
        except (Damaged, NotFound, Unreachable):
            return ()


def compared(
    old: Sequence[Part], new: Sequence[Part], get: Callable[[str], bytes], *, deep: bool = True
) -> Changes:
    """What differs between two lists of parts; ``deep`` looks into their blobs."""
    # Listing and resolving need no kind of part: they are imported when two versions are compared.
    from snapbook.compare import compare

    return compare(old, new, get, deep=deep)
