"""A Repository: a Store and a Catalog together, and the one way in which a version comes to be.

Knows how a Draft becomes a version: blobs made durable, number and "unchanged" decided against the
newest event, the event appended; the loser of a race looks again. Knows no engine, no kernel and no
face; numbers are derived in numbers.py, differences in compare.py.
"""

from __future__ import annotations

import getpass
import secrets
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook import canonical, events, numbers, trust
from snapbook.canonical import Json
from snapbook.catalog import find
from snapbook.catalog.base import Catalog, Head
from snapbook.catalog.index import Index
from snapbook.catalog.rows import VersionRow
from snapbook.errors import (
    Conflict,
    Damaged,
    DiskFull,
    Hint,
    NotFound,
    Refused,
    SnapbookError,
    Unreachable,
)
from snapbook.events import Event
from snapbook.manifest import Manifest, PartRef
from snapbook.parts.base import Part
from snapbook.refs import Number, Ref, check_alias, check_model_name, number_text
from snapbook.signing import Key
from snapbook.store.base import Store, Writer

if TYPE_CHECKING:
    from snapbook.capture import Draft
    from snapbook.compare import Changes

_TRIES = 1000
_QUICK_BYTES = 4 * 2**20
_REMEMBERED = 100
# Told the number of an event and the version that it makes, if it is the one to get the number.
Sealing = Callable[[int, VersionRow], None]
PROTECTED = ("production", "staging")


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes an event: a name for people, and the key that signs (None: nothing is signed)."""

    name: str
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for beside the content of a version.

    ``again``: a version is made though its content equals the parent's.
    """

    message: str = ""
    tags: Mapping[str, str] | None = None
    bump: str = ""
    number: Number | None = None
    auto: bool = False
    dry: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a Draft: a new version or, where ``unchanged``, the one that is equal.

    ``changes`` are the differences from ``parent`` (None for a first version).
    """

    version: VersionRow
    unchanged: bool
    bump: str
    reason: str
    changes: Changes
    parent: VersionRow | None
    first_of_repository: bool = False


class Repository:
    """Versions of models: saved, found, read, named, checked, freed."""

    def __init__(
        self, store: Store, catalog: Catalog, index: Index, folder: Path | None = None
    ) -> None:
        self.store = store
        self.catalog = catalog
        self._index = index
        self._head: Head | None = None
        self._tried: deque[Event] = deque(maxlen=_REMEMBERED)
        self.folder = folder

    def __enter__(self) -> Repository:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all files; a use after that opens them again. Call it from any thread."""
        self._index.close()
        self.store.close()

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

    # -- reading

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
        return _compare(self.parts(old), self.parts(new), self.store.get)

    def made(self, n: int, version: VersionRow) -> bool:
        """Whether event ``n`` is the one that made ``version``."""
        event = self.catalog.event(n)
        return event is not None and event.body.get("manifest") == version.manifest

    def written(self) -> list[Event]:
        """The newest events, versions aside, that were made here: for who was interrupted."""
        return [event for event in self._tried if self._stands(event)]

    def _stands(self, event: Event) -> bool:
        found = self.catalog.event(event.n)
        return found is not None and found.digest == event.digest

    def claim(self, version: VersionRow) -> trust.Claim:
        """What the version's event says of its author, for trust.py."""
        event = self.catalog.event(version.n)
        signed = event.body.get("signature") if event is not None else None
        fields: Mapping[str, Json] = signed if isinstance(signed, Mapping) else {}
        named = event.body.get("model") if event is not None else None
        return trust.Claim(
            # The name it was signed for: a renamed model keeps its author's signature.
            str(named or version.model),
            version.manifest,
            version.author,
            str(fields.get("key", "")),
            str(fields.get("signature", "")),
        )

    # -- making versions

    def save(
        self,
        draft: Draft,
        writer: Writer,
        wish: Wish,
        author: Author,
        parent: str = "",
        sealing: Sealing = lambda _n, _row: None,
    ) -> Made:
        """Make ``draft``, whose blobs are in ``writer``, a version; or find it equal to its parent.

        ``parent`` is the manifest digest that the session last made or restored ("": the newest).
        Equal content makes no version: a new message becomes a note. ``sealing`` is told the event
        that is about to make the version. Raises DiskFull, ReadOnly and what `numbers.decide`
        raises; then nothing was made.
        """
        check_model_name(draft.model)
        for attempt in range(_TRIES):
            # Nobody waits while much is brought onto the disk; a second attempt has that behind it.
            quick = attempt > 0 or writer.new_bytes < _QUICK_BYTES
            with self.catalog.turn() if quick and not wish.dry else nullcontext():
                head = self.follow()
                made = self._try(draft, writer, wish, author, parent, head, sealing)
            if made is not None:
                return made
        raise Conflict("Not versioned: others save without a pause", act="Try again")

    def _try(
        self,
        draft: Draft,
        writer: Writer,
        wish: Wish,
        author: Author,
        parent: str,
        head: Head,
        sealing: Sealing,
    ) -> Made | None:
        """One attempt against the chain at ``head``; None where somebody else was faster."""
        index = self._index
        model = index.model(draft.model) or draft.model
        newest = index.newest(model)
        before = self._parent(model, parent, newest)
        same = before is not None and draft.key and before.key == draft.key and not wish.again
        if before is not None and same and self._whole(before):
            return self._unchanged(before, draft, writer, wish, author)
        old = self._readable_parts(before)
        new = draft.parts if old is not None else ()
        changes = _compare(old or (), new, writer.get, deep=False)
        decision = numbers.decide(
            old,
            draft.parts,
            changes.changes,
            highest=index.highest(model),
            bump=wish.bump,
            number=wish.number,
            unread=index.unread_since(model),
        )
        now = datetime.now(UTC)
        manifest = Manifest(
            tuple(
                PartRef(part.kind, part.name, digest)
                for part, digest in zip(draft.parts, draft.digests, strict=True)
            ),
            {"name": author.name, "key": author.key.public if author.key else ""},
            wish.message,
            (before.manifest,) if before is not None else (),
            events.time_text(now),
        )
        encoded = manifest.encode()
        digest = canonical.digest(encoded)
        first = not head.n
        row = _row(model, decision, digest, author.name, wish)
        if wish.dry:
            return Made(row, False, decision.bump, decision.reason, changes, before, first)
        writer.add(encoded)
        texts = self._texts(writer, reason=decision.reason, message=wish.message, tags=wish.tags)
        self._commit(writer)
        body: dict[str, Json] = {
            "model": model,
            "number": number_text(decision.number),
            "manifest": digest,
            "key": draft.key,
            "bump": decision.bump,
            "texts": texts,
            "parents": list(manifest.parents),
            "auto": wish.auto,
        }
        if author.key is not None:
            said = trust.statement(model, digest)
            body["signature"] = {
                "key": author.key.public,
                "signature": author.key.sign(trust.AUTHOR, said),
            }
        sealing(head.n + 1, row)
        try:
            event = self.catalog.append("version", body, author.name, events.time_text(now), head)
        except Conflict:
            return None
        row = self._row_of(event.n, row)
        return Made(row, False, decision.bump, decision.reason, changes, before, first)

    def _unchanged(
        self, before: VersionRow, draft: Draft, writer: Writer, wish: Wish, author: Author
    ) -> Made | None:
        old = self._readable_parts(before)
        # The draft's blobs are in the writer alone, and stay there: nothing is kept of it.
        changes = _compare(old or (), draft.parts if old else (), writer.get, deep=False)
        if wish.message and wish.message != before.message and not wish.dry:
            said = {note.text for note in self._index.notes(before.manifest)}
            if wish.message not in said:
                self.note(before, wish.message, author)
        if wish.tags and not wish.dry:
            self.tag(before, wish.tags, (), author)
        return Made(before, True, "", "", changes, before)

    def _parent(self, model: str, parent: str, newest: VersionRow | None) -> VersionRow | None:
        """The version that a new one continues: the session's own if it lives, else the newest."""
        if parent:
            living = [row for row in self._index.of_manifest(parent, model) if not row.deleted]
            if living:
                return living[0]
        return newest

    def _row_of(self, n: int, row: VersionRow) -> VersionRow:
        """The row of the version just made; what is known of it if the disk refuses to be read now.

        It is made: nothing may say anything else from here on.
        """
        try:
            self._index.follow(self.catalog)
            rows = self._index.of_manifest(row.manifest, row.model)
            return next((found for found in rows if found.n == n), replace(row, n=n))
        except Unreachable:
            return replace(row, n=n)

    def _whole(self, version: VersionRow) -> bool:
        """Whether all that a version needs is there and its parts can be read."""
        try:
            needed = self.manifest(version.manifest).reachable(self.store.get)
            return not self.store.missing(needed)
        except (Damaged, NotFound, Unreachable):
            return False

    def _readable_parts(self, version: VersionRow | None) -> tuple[Part, ...] | None:
        """A damaged parent must not stop new work: it counts as one of which nothing is known."""
        if version is None:
            return None
        try:
            return self.parts(version.manifest)
        except (Damaged, NotFound, Unreachable):
            return ()

    def _commit(self, writer: Writer) -> None:
        """Make the blobs durable; write again what a sweep condemned since it was relied on."""
        # Relied on now or never: what is condemned after this moment makes our event come too late.
        if gone := self.store.missing(writer.relied()):
            writer.renew(gone)
        writer.commit()

    def _texts(
        self,
        writer: Writer,
        *,
        reason: str = "",
        message: str = "",
        text: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """Words of people as a salted blob, so that they can be purged and not guessed."""
        words: dict[str, Json] = {"salt": secrets.token_hex(16)}
        words |= {k: v for k, v in (("reason", reason), ("message", message), ("text", text)) if v}
        if tags:
            words["tags"] = dict(tags)
        return writer.add(canonical.encode(words))

    # -- naming and noting

    def note(self, version: VersionRow, text: str, author: Author) -> None:
        """Add words about a version."""
        self._act_with_texts(
            "note", {"model": version.model, "manifest": version.manifest}, author, text=text
        )

    def tag(
        self, version: VersionRow, tags: Mapping[str, str], removed: Sequence[str], author: Author
    ) -> None:
        """Set tags (name -> value, "" for a bare one) and remove others."""
        body: dict[str, Json] = {"model": version.model, "manifest": version.manifest}
        if removed:
            body["removed"] = list(removed)
        self._act_with_texts("tag", body, author, tags=tags)

    def delete(self, version: VersionRow, author: Author, *, force: bool = False) -> None:
        """Delete a version: its number is never used again, its bytes go with the next gc.

        Raises Refused while an alias points at it, unless ``force``.
        """
        if version.aliases and not force:
            raise Refused(
                f"Not deleted: {version.ref} is @{', @'.join(version.aliases)}",
                act="Move the alias first, or say --yes to delete it all the same",
                kind="protected",
            )
        self._act(
            "delete",
            {
                "model": version.model,
                "number": number_text(version.number),
                "manifest": version.manifest,
            },
            author,
        )

    def rename(self, model: str, to: str, author: Author) -> None:
        """Give a model another name; the old one keeps working. Raises Conflict if it is taken."""
        check_model_name(to)
        model = self.known_model(model)
        taken = self.index.model(to)
        if taken is not None and taken.lower() != model.lower():
            raise Conflict(
                f"Not renamed: {to} is a model already", act="See it", hint=Hint("list", (to,))
            )
        self._act("rename", {"model": model, "to": to}, author)

    def move_alias(self, version: VersionRow, alias: str, author: Author) -> None:
        """Let an alias of the model point at this version."""
        check_alias(alias)
        self._act(
            "alias",
            {
                "model": version.model,
                "name": alias,
                "old": self.index.aliases(version.model).get(alias, ""),
                "new": version.manifest,
            },
            author,
        )

    def _act_with_texts(
        self,
        kind: str,
        body: Mapping[str, Json],
        author: Author,
        *,
        text: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> None:
        writer = self.store.writer()
        try:
            with reworded("Nothing was done"):
                texts = self._texts(writer, text=text, tags=tags)
                writer.commit()
            self._act(kind, {**body, "texts": texts}, author)
        finally:
            writer.close()

    def _act(self, kind: str, body: Mapping[str, Json], author: Author) -> None:
        """Append an event that does not depend on what else happens."""
        for _ in range(_TRIES):
            try:
                with reworded("Nothing was done"), self.catalog.turn():
                    head = self.follow()
                    now = events.time_text(datetime.now(UTC))
                    self.append_freeing(kind, body, author.name, now, head)
            except Conflict:
                continue
            with suppress(Unreachable):  # it is done, whatever the disk says now
                self._index.follow(self.catalog)
            return
        raise Conflict("Nothing was done: others write without a pause", act="Try again")

    def append_freeing(
        self, kind: str, body: Mapping[str, Json], author: str, time: str, expected: Head
    ) -> None:
        """Append a small event; on a full disk our caches make room for it.

        Else nobody could delete a version there, which is how room is made.
        """
        self._tried.append(Event(expected.n + 1, expected.digest, kind, time, author, body))
        try:
            self.catalog.append(kind, body, author, time, expected)
        except DiskFull:
            self._index.give_room()
            self.store.give_room()
            self.catalog.append(kind, body, author, time, expected)


def _row(
    model: str, decision: numbers.Decision, digest: str, author: str, wish: Wish
) -> VersionRow:
    """What is known of a version before its event is there."""
    return VersionRow(
        n=0, model=model, number=decision.number, manifest=digest, key="", texts="", parents=(),
        time="", author=author, bump=decision.bump, reason=decision.reason, message=wish.message,
        class_name="", main="", auto=wish.auto, signed=False, deleted=False, damage="", metrics={},
        params={}, tags=dict(wish.tags or {}), aliases=(),
    )  # fmt: skip


def _compare(
    old: Sequence[Part], new: Sequence[Part], get: Callable[[str], bytes], *, deep: bool = True
) -> Changes:
    # Listing and resolving need no kind of part: they are imported when two versions are compared.
    from snapbook.compare import compare

    return compare(old, new, get, deep=deep)


@contextmanager
def reworded(what: str) -> Iterator[None]:
    """Let an error of the disk say that ``what`` did not happen: its room knows only of saving."""
    try:
        yield
    except Unreachable as error:
        if error.what in ("Not versioned", "Not read"):
            error.what = what
        raise


def login() -> str:
    """The user's login, for events of people who set no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


__all__ = ["Author", "Made", "Repository", "SnapbookError", "Wish", "login"]
