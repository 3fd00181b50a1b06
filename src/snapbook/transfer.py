"""Copying one version from a Repository to another: what lies beneath push, pull, clone and sync.

Knows which blobs a version needs, that only those which are missing travel, and how the other side
binds the version to a number: its own if that is free there, else the next free one. Doing it twice
does it once, and what was cut off begins again where it stopped. Nothing is unpickled, and the
author's signature travels as it is. Knows neither networks nor who may do what.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from snapbook import events, numbers, refs, sayings, withheld
from snapbook.canonical import Json
from snapbook.catalog import where as expressions
from snapbook.catalog.pages import Page
from snapbook.catalog.rows import VersionRow
from snapbook.errors import Conflict, NotFound
from snapbook.offers import checked, offered, renamed, withheld_parts
from snapbook.refs import Number, number_text, parse_number
from snapbook.repository import Author, Repository, reworded
from snapbook.store.base import Store, Writer

if TYPE_CHECKING:
    from snapbook.catalog.base import Catalog

Progress = Callable[[int, int], None]
"""Called with (blobs copied, blobs to copy)."""
Stream = Callable[[str, int, int], None]
"""Called with (what, done, of): where the bytes on a line stand; ``of`` is 0 where nobody knows."""
_TRIES = 1000


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a repository made of an offered version: its row there, and whether it is new there.

    ``taken`` is the number that was asked for, where other content has it.
    """

    version: VersionRow
    new: bool
    taken: Number | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A version that was copied: what became of it, and the blobs and bytes that travelled."""

    accepted: Accepted
    blobs: int
    copied_bytes: int


@dataclass(frozen=True, slots=True)
class Offered:
    """A version as it is offered: the event's body that would make it, and the blobs it needs."""

    body: Mapping[str, Json]
    needed: frozenset[str]


class Side(Protocol):
    """One end of a copy: a `Local` Repository, or the client of a registry."""

    @property
    def store(self) -> Store:
        """Where the blobs are."""

    @property
    def catalog(self) -> Catalog:
        """What happened on this side, event by event."""

    def resolve(self, ref: str) -> VersionRow:
        """The version that ``ref`` names on this side. Raises NotFound, BadRef."""

    def versions(self, model: str = "") -> Iterator[VersionRow]:
        """The versions of ``model`` ("": all that one may read), newest first."""

    def search(self, model: str, where: str, limit: int) -> Page:
        """The newest ``limit`` versions of ``model`` ("": all) that meet ``where`` ("": any).

        Raises BadExpression.
        """

    def lacking(self, digests: Collection[str]) -> set[str]:
        """Those of ``digests`` that have to be brought here; perhaps a few small ones too many."""

    def doubt(self) -> bool:
        """Whether `lacking` answered by what was known already, which it does not the next time."""

    def offer(self, version: VersionRow) -> Offered:
        """What is offered of ``version``, as this side has it."""

    def bring(self, version: VersionRow, digests: Collection[str], progress: Progress) -> None:
        """Get these blobs of ``version`` at once, so that ``store.get`` has them at hand."""

    def tell(self, stream: Stream) -> None:
        """Let ``stream`` know of bytes on the line from here on."""

    def hold(self, version: VersionRow, reason: str, author: Author, holding: bool) -> None:
        """Keep ``version`` on this side, or let it go."""

    def accept(
        self, writer: Writer, offer: Mapping[str, Json], author: Author, strict: bool
    ) -> Accepted:
        """Bind an offered version, whose blobs are in the store or in ``writer``.

        Commits ``writer`` first, if its blobs do not go along with the offer.
        """


@dataclass(frozen=True, slots=True)
class Local:
    """A Repository as a side of a copy; without ``rows`` those of frames are not offered."""

    repository: Repository
    rows: bool = True

    @property
    def store(self) -> Store:
        """The repository's store."""
        return self.repository.store

    @property
    def catalog(self) -> Catalog:
        """The repository's chain."""
        return self.repository.catalog

    def resolve(self, ref: str) -> VersionRow:
        """See `Repository.resolve`."""
        return self.repository.resolve(refs.parse(ref))

    def versions(self, model: str = "") -> Iterator[VersionRow]:
        """All that are not deleted, newest first."""
        name = self.repository.known_model(model) if model else ""
        return (row for row in self.repository.every_version() if name in ("", row.model))

    def search(self, model: str, where: str, limit: int) -> Page:
        """See `Index.page`."""
        name = self.repository.known_model(model) if model else None
        wanted = expressions.parse(where) if where else None
        return self.repository.index.page(name, wanted, limit=limit)

    def lacking(self, digests: Collection[str]) -> set[str]:
        """See `Store.missing`."""
        return self.store.missing(digests)

    def doubt(self) -> bool:
        """Never: it looks each time."""
        return False

    def offer(self, version: VersionRow) -> Offered:
        """The version's own event, and what its Manifest says."""
        repository = self.repository
        if not self.rows:
            kept = withheld.frames(repository.manifest(version.manifest), repository.store.get)
            version = replace(version, withheld=tuple(sorted({*version.withheld, *kept})))
        body = offered(repository, version)
        return Offered(body, frozenset(needed_by(repository, version)))

    def bring(self, version: VersionRow, digests: Collection[str], progress: Progress) -> None:
        """Nothing: all of it is at hand."""

    def tell(self, stream: Stream) -> None:
        """Nothing: there is no line."""

    def hold(self, version: VersionRow, reason: str, author: Author, holding: bool) -> None:
        """See `Repository.hold`."""
        self.repository.hold(version, reason, author, holding=holding)

    def accept(
        self, writer: Writer, offer: Mapping[str, Json], author: Author, strict: bool
    ) -> Accepted:
        """See `take_in` of this module."""
        writer.commit()
        return take_in(self.repository, writer, offer, author, strict=strict)


def transfer(
    source: Side,
    destination: Side,
    version: VersionRow,
    author: Author,
    *,
    model: str = "",
    strict: bool = False,
    progress: Progress = lambda _done, _of: None,
) -> Moved:
    """Copy ``version`` of ``source`` to ``destination``, there under ``model`` ("": the same name).

    ``author`` is who copies; the version's own author stays who he is. Raises what the two sides
    raise (NotFound, Damaged, DiskFull, Unreachable, Refused), and Conflict where ``strict`` and the
    number is taken; then the destination is as it was.
    """
    offer = source.offer(version)
    with reworded("Not copied"):
        try:
            return _copied(source, destination, version, author, offer, model, strict, progress)
        except NotFound:
            if not destination.doubt():
                raise
        # Something went there a moment ago: it is looked at anew.
        return _copied(source, destination, version, author, offer, model, strict, progress)


def _copied(
    source: Side,
    destination: Side,
    version: VersionRow,
    author: Author,
    offer: Offered,
    model: str,
    strict: bool,
    progress: Progress,
) -> Moved:
    with closing(destination.store.writer()) as writer:
        missing = sorted(destination.lacking(offer.needed))
        writer.rely(offer.needed.difference(missing))
        source.bring(version, missing, progress)
        copied = 0
        for done, digest in enumerate(missing):
            progress(done, len(missing))
            data = source.store.get(digest)
            copied += len(data)
            writer.add(data)
        progress(len(missing), len(missing))
        body = renamed(offer.body, model or version.model, author.key)
        accepted = destination.accept(writer, body, author, strict)
        return Moved(accepted, len(missing), copied)


def needed_by(source: Repository, version: VersionRow) -> set[str]:
    """Every blob that ``version`` needs, its Manifest and words among them.

    Neither purged texts nor rows that its author kept.
    """
    return {version.manifest, *source.needed(version), *words_of(source, version)}


def words_of(source: Repository, version: VersionRow) -> set[str]:
    """The blobs of what people said of ``version``; a purged text is none."""
    texts = {text for text in (version.texts, *version.said) if text}
    return texts - source.store.missing(texts) if texts else texts


def take_in(
    repository: Repository,
    writer: Writer,
    offer: Mapping[str, Json],
    author: Author,
    *,
    strict: bool = False,
) -> Accepted:
    """`accept`, with all that was said and done since the version was made.

    A model's new name, notes, tags, and rows that were withheld before.
    """
    sayings.rename(repository, offer, author)
    accepted = accept(repository, writer, offer, author, strict=strict)
    row = accepted.version
    sayings.take_in(repository, writer, row, offer, author)
    if came := set(row.withheld).difference(withheld_parts(offer)):
        _fill_in(repository, writer, row, came, author)
    return accepted


def _fill_in(
    repository: Repository, writer: Writer, row: VersionRow, parts: Collection[str], author: Author
) -> None:
    """Say that the rows of ``parts`` are here now. Raises NotFound where they are not."""
    manifest, get = repository.manifest(row.manifest), repository.store.get
    rows = withheld.blobs(manifest, parts, get)
    body: dict[str, Json] = {"model": row.model, "manifest": row.manifest, "parts": sorted(parts)}

    def decide() -> tuple[str, Mapping[str, Json]] | None:
        known = repository.known.of_manifest(row.manifest, row.model)
        if not any(set(parts).intersection(one.withheld) for one in known):
            return None
        # Nothing needed them before: a sweep may have come between.
        if gone := repository.store.missing(rows):
            writer.renew(gone)
            writer.commit()
        return "rows", body

    repository.act(decide, author)


def accept(
    repository: Repository,
    writer: Writer,
    offer: Mapping[str, Json],
    author: Author,
    *,
    strict: bool = False,
) -> Accepted:
    """Make the offered version one of ``repository``; the loser of a race looks again.

    Its blobs are in the store or committed by ``writer``, which protects them. The same Manifest
    under the same name is there already: nothing is made, whatever the number. Raises BadOption for
    an offer that is none, NotFound for blobs that are not here, Damaged for a Manifest that cannot
    be read, Refused for a signature that is wrong, and Conflict.
    """
    body = checked(offer)
    model, manifest = str(body["model"]), str(body["manifest"])
    whole = repository.manifest(manifest)
    get = repository.store.get
    kept = withheld.blobs(whole, withheld_parts(body), get)
    needed = {manifest, *whole.reachable(get)} - kept
    body["made"] = {"author": str(whole.author.get("name") or ""), "time": _time(whole.time)}
    for _ in range(_TRIES):
        with repository.catalog.turn():
            head = repository.follow()
            index = repository.known
            name = index.model(model) or model
            known = [row for row in index.of_manifest(manifest, name) if not row.deleted]
            if known:
                return Accepted(known[0], new=False)
            if gone := repository.store.missing(needed):
                writer.renew(gone)
                writer.commit()
            wanted = parse_number(str(body["number"]))
            number = _free(repository, name, wanted, str(body["bump"]), strict)
            made = {**body, "model": name, "number": number_text(number)}
            now = events.time_text(datetime.now(UTC))
            try:
                event = repository.catalog.append("version", made, author.name, now, head)
            except Conflict:
                continue
            repository.took(event)
        rows = repository.known.of_manifest(manifest, name)
        row = next(row for row in rows if row.n == event.n)
        return Accepted(row, True, wanted if number != wanted else None)
    raise Conflict("Not copied: others write there without a pause", act="Try again")


def _time(text: str) -> str:
    """A time that lists can sort, as the Manifest says it; now, where it says none."""
    try:
        return events.time_text(events.parse_time(text))
    except ValueError:
        return events.time_text(datetime.now(UTC))


def _free(repository: Repository, model: str, wanted: Number, bump: str, strict: bool) -> Number:
    """``wanted`` if no version ever had it, else the next one after all of them."""
    index = repository.known
    unread = index.unread_since(model)
    highest = index.highest(model)
    if highest is None or (index.numbered(model, wanted) is None and not unread):
        return wanted
    if strict:
        raise Conflict(
            f"Not copied: {model}:{number_text(wanted)} is taken there by other content",
            act="Leave --strict out, and it gets the next free number",
        )
    kind = bump if bump in numbers.BUMPS else "minor"
    return numbers.following(max(highest, wanted), kind, 1 + unread)
