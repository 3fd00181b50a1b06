"""A registry as a side of a copy: its Store and Catalog over HTTP, and what is asked of it at once.

Passes the contracts of the local engines. What is known to be missing is not asked again blob by
blob, and blobs that will be wanted come in one stream: a version goes up in three requests, a
small one in two, or in one where another went a moment before, and comes down in two.
"""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook.canonical import Json
from snapbook.catalog.pages import Cursor, Page
from snapbook.catalog.rows import VersionRow
from snapbook.registry import wire
from snapbook.registry.catalog import HttpCatalog
from snapbook.registry.http import Http
from snapbook.registry.store import HttpStore, HttpWriter
from snapbook.repository import Author
from snapbook.store.base import Writer
from snapbook.transfer import Accepted, Offered, Progress, Stream

if TYPE_CHECKING:
    from snapbook.registry.pinned import Pinned


class Remote:
    """The registry at ``url`` as one that has ``token`` sees it. Close it in the end.

    ``model`` is what is pushed to it: what is said to be missing is told for that alone. With
    ``pinned`` it is held to what that says.
    """

    def __init__(self, url: str, token: str, model: str = "", pinned: Pinned | None = None) -> None:
        self.http = Http(url, token, pinned=pinned)
        self._folder = tempfile.TemporaryDirectory(prefix="snapbook-")
        self.store = HttpStore(self.http, Path(self._folder.name), model)
        self.catalog = HttpCatalog(self.http)
        self._offers: dict[str, Offered] = {}

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection and of what was fetched."""
        self.store.close()
        self.http.close()
        self._folder.cleanup()

    def about(self) -> Mapping[str, Any]:
        """What it is, and whom it sees in us. Raises Unreachable, Refused."""
        told = self.http.get("/about")
        return told if isinstance(told, Mapping) else {}

    def resolve(self, ref: str) -> VersionRow:
        """The version that ``ref`` names there. Raises NotFound, BadRef."""
        told = self.http.get("/version", ref=ref)
        row = wire.row_of(told.get("version"))
        self._offers[row.manifest] = wire.offered_of(told.get("offer"))
        return row

    def versions(self, model: str = "") -> Iterator[VersionRow]:
        """The versions of ``model`` ("": all that one may read) there, newest first."""
        after: object = ""
        while after is not None:
            told = self.http.get("/versions", model=model, after=after, limit=500)
            yield from map(wire.row_of, told["versions"])
            after = told["after"]

    def search(self, model: str, where: str, limit: int) -> Page:
        """The newest ``limit`` versions that meet ``where``, page by page."""
        rows: list[VersionRow] = []
        after: int | None = None
        while len(rows) < limit:
            asked = {"model": model, "where": where, "limit": min(limit - len(rows), 500)}
            told = self.http.get("/versions", **asked, after="" if after is None else after)
            rows += map(wire.row_of, told["versions"])
            after = told["after"]
            if after is None:
                break
        return Page(tuple(rows), None if after is None else Cursor(None, after))

    def lacking(self, digests: Collection[str]) -> set[str]:
        """See `HttpStore.lacking`."""
        return self.store.lacking(digests)

    def doubt(self) -> bool:
        """See `HttpStore.doubt`."""
        return self.store.doubt()

    def offer(self, version: VersionRow) -> Offered:
        """What the registry offers of a version that `resolve` gave."""
        if version.manifest not in self._offers:
            self.resolve(version.ref)
        return self._offers[version.manifest]

    def bring(self, version: VersionRow, digests: Collection[str], progress: Progress) -> None:
        """Fetch these blobs in one stream."""
        self.store.fetch(version.ref, digests, lambda _done, _of: progress(0, len(digests)))

    def tell(self, stream: Stream) -> None:
        """See `Side.tell`."""
        self.store.tell = stream

    def hold(
        self,
        version: VersionRow,
        reason: str,
        author: Author,  # noqa: ARG002 - whom the token names
        holding: bool,
    ) -> None:
        """Keep a version there, or let it go; it takes the right to approve."""
        body = {"ref": version.ref, "text": reason, "holds": holding}
        self.http.post("/holds", body)

    def accept(
        self,
        writer: Writer,
        offer: Mapping[str, Json],
        author: Author,  # noqa: ARG002 - whom the token names
        strict: bool,
    ) -> Accepted:
        """Let the registry bind an offered version, by its own chain. Twice is once."""
        body: dict[str, Any] = {"offer": dict(offer), "strict": strict}
        assert isinstance(writer, HttpWriter)
        along, pack = writer.commit_along()
        if pack:
            body["pack"] = base64.b64encode(pack).decode()
        accepted = wire.accepted_of(self.http.post("/versions", body, repeat=True))
        self.store.sent(along)
        return accepted
