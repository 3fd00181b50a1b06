"""One Draft on its way to a version: blobs made durable, number and "unchanged" decided against the
newest event, the event appended.

Knows one attempt; the loser of a race makes another. Numbers are derived in numbers.py, differences
in compare.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from snapbook import canonical, events, numbers, trust
from snapbook.canonical import Json
from snapbook.catalog.base import Head
from snapbook.catalog.rows import VersionRow
from snapbook.errors import Conflict, Unreachable
from snapbook.manifest import Manifest, PartRef
from snapbook.parts.base import Part
from snapbook.refs import number_text
from snapbook.repository.acting import Acting, words_of_people
from snapbook.repository.reading import compared
from snapbook.repository.records import Author, Made, Sealing, Wish
from snapbook.store.base import Writer

if TYPE_CHECKING:
    from snapbook.capture import Draft
    from snapbook.compare import Changes


@dataclass(frozen=True, slots=True)
class Making:
    """What `Repository.save` was given."""

    repository: Acting
    draft: Draft
    writer: Writer
    wish: Wish
    author: Author
    parent: str
    sealing: Sealing

    def attempt(self, head: Head) -> Made | None:
        """Make the version against the chain at ``head``; None where somebody else was faster."""
        draft, wish, index = self.draft, self.wish, self.repository.known
        model = index.model(draft.model) or draft.model
        before = self._before(model)
        if before is not None and self._is_same(before):
            return self._unchanged(before)
        old = self.repository.readable_parts(before)
        changes = self._changes(old, draft.parts if old is not None else ())
        decision = numbers.decide(
            old,
            draft.parts,
            changes.changes,
            highest=index.highest(model),
            bump=wish.bump,
            number=wish.number,
            unread=index.unread_since(model),
        )
        time = events.time_text(datetime.now(UTC))
        manifest = self._manifest(before, time)
        encoded = manifest.encode()
        row = self._row(model, decision, canonical.digest(encoded))
        made = Made(row, False, row.bump, row.reason, changes, before, not head.n)
        if wish.dry:
            return made
        body = self._body(row, manifest, self._keep(encoded, row.reason))
        self.sealing(head.n + 1, row)
        try:
            event = self.repository.catalog.append("version", body, self.author.name, time, head)
        except Conflict:
            return None
        return replace(made, version=self._row_of(event.n, row))

    def _before(self, model: str) -> VersionRow | None:
        """The version that a new one continues: the session's own if it lives, else the newest."""
        index = self.repository.known
        if self.parent:
            living = [row for row in index.of_manifest(self.parent, model) if not row.deleted]
            if living:
                return living[0]
        return index.newest(model)

    def _is_same(self, before: VersionRow) -> bool:
        """Whether there is nothing to make: the same content is there, and whole."""
        same = bool(self.draft.key) and before.key == self.draft.key and not self.wish.again
        return same and self.repository.whole(before)

    def _changes(self, old: Sequence[Part] | None, new: Sequence[Part]) -> Changes:
        # The draft's blobs are in the writer alone.
        return compared(old or (), new, self.writer.get, deep=False)

    def _unchanged(self, before: VersionRow) -> Made:
        """The version that is equal, with what was said and tagged now; else nothing is kept."""
        wish, repository = self.wish, self.repository
        old = repository.readable_parts(before)
        changes = self._changes(old, self.draft.parts if old else ())
        if wish.message and wish.message != before.message and not wish.dry:
            said = {note.text for note in repository.known.notes(before.manifest)}
            if wish.message not in said:
                repository.note(before, wish.message, self.author)
        if wish.tags and not wish.dry:
            repository.tag(before, wish.tags, (), self.author)
        return Made(before, True, "", "", changes, before)

    def _manifest(self, before: VersionRow | None, time: str) -> Manifest:
        key = self.author.key
        parts = zip(self.draft.parts, self.draft.digests, strict=True)
        return Manifest(
            tuple(PartRef(part.kind, part.name, digest) for part, digest in parts),
            {"name": self.author.name, "key": key.public if key else ""},
            self.wish.message,
            (before.manifest,) if before is not None else (),
            time,
        )

    def _row(self, model: str, decision: numbers.Decision, digest: str) -> VersionRow:
        """What is known of the version before its event is there."""
        wish = self.wish
        return VersionRow(
            n=0, model=model, number=decision.number, manifest=digest, key="", texts="",
            parents=(), time="", author=self.author.name, bump=decision.bump,
            reason=decision.reason, message=wish.message, class_name="", main="", auto=wish.auto,
            signed=False, deleted=False, damage="", metrics={}, params={},
            tags=dict(wish.tags or {}), aliases=(),
        )  # fmt: skip

    def _keep(self, encoded: bytes, reason: str) -> str:
        """All blobs onto the disk, the manifest's too; gives the digest of what people said."""
        wish, writer = self.wish, self.writer
        writer.add(encoded)
        texts = words_of_people(writer, reason=reason, message=wish.message, tags=wish.tags)
        self._commit()
        return texts

    def _commit(self) -> None:
        """Make the blobs durable; write again what a sweep condemned since it was relied on."""
        # Relied on now or never: what is condemned after this moment makes our event come too late.
        if gone := self.repository.store.missing(self.writer.relied()):
            self.writer.renew(gone)
        self.writer.commit()

    def _body(self, row: VersionRow, manifest: Manifest, texts: str) -> dict[str, Json]:
        """What the event says, signed if the author has a key."""
        body: dict[str, Json] = {
            "model": row.model,
            "number": number_text(row.number),
            "manifest": row.manifest,
            "key": self.draft.key,
            "bump": row.bump,
            "texts": texts,
            "parents": list(manifest.parents),
            "auto": row.auto,
        }
        if (key := self.author.key) is not None:
            signature = key.sign(trust.AUTHOR, trust.statement(row.model, row.manifest))
            body["signature"] = {"key": key.public, "signature": signature}
        return body

    def _row_of(self, n: int, row: VersionRow) -> VersionRow:
        """The row of the version just made; what is known of it if the disk refuses to be read now.

        It is made: nothing may say anything else from here on.
        """
        try:
            index = self.repository.known
            index.follow(self.repository.catalog)
            rows = index.of_manifest(row.manifest, row.model)
            return next((found for found in rows if found.n == n), replace(row, n=n))
        except Unreachable:
            return replace(row, n=n)
