"""Copying one version from a Repository to another: what lies beneath push, pull, clone and sync.

Knows which blobs a version needs, that only those which are missing travel, and how the other side
binds the version to a number: its own if that is free there, else the next free one. Doing it twice
does it once, and what was cut off begins again where it stopped. Nothing is unpickled, and the
author's signature travels as it is. Knows neither networks nor who may do what.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from snapbook import events, numbers, refs, sayings, trust, withheld
from snapbook.canonical import Json
from snapbook.catalog import where as expressions
from snapbook.catalog.pages import Page
from snapbook.catalog.rows import VersionRow
from snapbook.errors import BadOption, Conflict, Refused
from snapbook.refs import Number, check_model_name, number_text, parse_number
from snapbook.repository import Author, Repository, reworded
from snapbook.signing import verify
from snapbook.store.base import Store, Writer

if TYPE_CHECKING:
    from snapbook.catalog.base import Catalog
    from snapbook.signing import Key

Progress = Callable[[int, int], None]
"""Called with (blobs copied, blobs to copy)."""
Stream = Callable[[str, int, int], None]
"""Called with (what, done, of): where the bytes on a line stand; ``of`` is 0 where nobody knows."""
_TRIES = 1000
_DIGEST = re.compile(r"[0-9a-f]{64}")


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
        """Bind an offered version, whose blobs are in the store or in ``writer``."""


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
        writer = destination.store.writer()
        try:
            missing = sorted(destination.store.missing(offer.needed))
            writer.rely(offer.needed.difference(missing))
            source.bring(version, missing, progress)
            copied = 0
            for done, digest in enumerate(missing):
                progress(done, len(missing))
                data = source.store.get(digest)
                copied += len(data)
                writer.add(data)
            progress(len(missing), len(missing))
            writer.commit()
            body = renamed(offer.body, model or version.model, author.key)
            accepted = destination.accept(writer, body, author, strict)
            return Moved(accepted, len(missing), copied)
        finally:
            writer.close()


def needed_by(source: Repository, version: VersionRow) -> set[str]:
    """Every blob that ``version`` needs, its Manifest and words among them.

    Neither purged texts nor rows that its author kept.
    """
    texts = {text for text in (version.texts, *version.said) if text}
    gone = source.store.missing(texts) if texts else set()
    return {version.manifest, *source.needed(version), *(texts - gone)}


def offered(source: Repository, version: VersionRow) -> Mapping[str, Json]:
    """The body of the event that would make ``version`` elsewhere under the same name."""
    claim = source.claim(version)
    body: dict[str, Json] = {
        "model": version.model,
        "number": number_text(version.number),
        "manifest": version.manifest,
        "key": version.key,
        "bump": version.bump,
        "texts": version.texts,
        "parents": list(version.parents),
        "auto": version.auto,
    }
    if claim.signature:
        body["signature"] = _signed(claim.key, claim.signature, claim.model, version.model)
    if version.withheld:
        body["withheld"] = list(version.withheld)
    if said := sayings.offered(source, version):
        body["said"] = said
    if was := source.index.earlier_names(version.model):
        body["was"] = list(was)
    return body


def renamed(body: Mapping[str, Json], model: str, key: Key | None) -> Mapping[str, Json]:
    """The offer under another name.

    The author's signature goes along. It is for one name: under another it is shown and opens
    nothing, unless the author himself copies and signs anew with ``key``.
    """
    signature = body.get("signature")
    out = {**body, "model": model}
    if model != body["model"]:
        out.pop("was", None)  # who copies under another name renames nothing
    if not isinstance(signature, Mapping):
        return out
    named = str(signature.get("model") or body["model"])
    if named == model:
        return out
    if key is not None and signature.get("key") == key.public:
        said = trust.statement(model, str(body["manifest"]))
        fresh = key.sign(trust.AUTHOR, said)
        return {**out, "signature": _signed(key.public, fresh, model, model)}
    kept = _signed(str(signature["key"]), str(signature["signature"]), named, model)
    return {**out, "signature": kept}


def _signed(key: str, signature: str, named: str, model: str) -> dict[str, Json]:
    found: dict[str, Json] = {"key": key, "signature": signature}
    return found if named == model else {**found, "model": named}


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
    if came := set(row.withheld).difference(_withheld(offer)):
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
    kept = withheld.blobs(whole, _withheld(body), get)
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
        rows = repository.index.of_manifest(manifest, name)
        row = next(row for row in rows if row.n == event.n)
        return Accepted(row, True, wanted if number != wanted else None)
    raise Conflict("Not copied: others write there without a pause", act="Try again")


def checked(offer: Mapping[str, Json]) -> dict[str, Json]:
    """The offer if it is one, with nothing in it that does not belong there.

    Raises BadOption, BadName, BadRef, or Refused where the signature is not what it claims.
    """
    model = check_model_name(_text(offer, "model"))
    parents = offer.get("parents") or []
    if not isinstance(parents, list):
        raise _no_offer("parents is no list")
    body: dict[str, Json] = {
        "model": model,
        "number": number_text(parse_number(_text(offer, "number"))),
        "manifest": _digest(_text(offer, "manifest"), "manifest"),
        "key": _digest(_text(offer, "key"), "key", empty=True),
        "bump": _text(offer, "bump")[:40],
        "texts": _digest(_text(offer, "texts"), "texts", empty=True),
        "parents": [_digest(parent, "a parent") for parent in parents],
        "auto": offer.get("auto") is True,
    }
    if parts := _withheld(offer):
        body["withheld"] = list(parts)
    signature = offer.get("signature")
    if signature is not None:
        body["signature"] = _signature(signature, model, str(body["manifest"]))
    return body


def _withheld(offer: Mapping[str, Json]) -> list[str]:
    """The digests of the frames that come without their rows, sorted."""
    parts = offer.get("withheld") or []
    if not isinstance(parts, list):
        raise _no_offer("withheld is no list")
    return sorted({_digest(part, "what is withheld") for part in parts})


def _signature(value: Json, model: str, manifest: str) -> dict[str, Json]:
    if not isinstance(value, Mapping):
        raise _no_offer("signature is no table")
    key, signature = _text(value, "key"), _text(value, "signature")
    named = _text(value, "model") if "model" in value else model
    said = trust.statement(named, manifest)
    if not verify(key, signature, trust.AUTHOR, said):
        raise Refused(
            "Not copied: the author's signature is not by the key it names",
            act="Whoever made this version has to push it again",
            kind="signature",
        )
    return _signed(key, signature, named, model)


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


def _text(table: Mapping[str, Json], name: str) -> str:
    value = table.get(name, "")
    if not isinstance(value, str):
        raise _no_offer(f"{name} is no text")
    return value


def _digest(value: Json, name: str, *, empty: bool = False) -> str:
    if isinstance(value, str) and (_DIGEST.fullmatch(value) or (empty and not value)):
        return value
    raise _no_offer(f"{name} is no digest")


def _no_offer(why: str) -> BadOption:
    return BadOption("Not copied: this is no version that can be offered", why)
