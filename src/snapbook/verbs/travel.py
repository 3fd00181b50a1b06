"""A version on its way: what push, pull, sync and clone do alike, and what they say of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Self

from snapbook import places, settings
from snapbook.errors import Conflict, Hint, Unreachable
from snapbook.refs import number_text
from snapbook.registry.known import Book, Known
from snapbook.transfer import Local, Moved, Side, transfer
from snapbook.verbs import border, who
from snapbook.verbs.here import Here
from snapbook.verbs.state import size_text

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.repository import Repository
    from snapbook.verbs.table import Asked


_KEPT_S = 60.0


def book() -> Book:
    """The registries that the user knows."""
    return Book(settings.folder())


@contextmanager
def opened(here: Here, known: Known, model: str = "", *, make: bool = False) -> Iterator[Side]:
    """The registry as a side of a copy; see `places.open_registry`."""
    token = book().token(known)
    with places.open_registry(known, token, model, make=make, say=here.say) as side:
        side.tell(here.progress)
        yield side


class Way:
    """The way to the registry ``known`` for versions that are pushed one after another.

    The next version of the same model takes the one that the last took, but not for long: a sign-in
    may end meanwhile.
    """

    def __init__(self, here: Here, known: Known) -> None:
        self.here = here
        self.known = known
        self._open = ExitStack()
        self._model = ""
        self._side: Side | None = None
        self._since_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def of(self, model: str) -> Side:
        """The registry for versions of ``model``. Raises what `opened` does."""
        now = time.monotonic()
        if self._side is None or model != self._model or now - self._since_s > _KEPT_S:
            self._open.close()
            self._side = None
            side = self._open.enter_context(opened(self.here, self.known, model, make=True))
            self._side, self._model, self._since_s = side, model, now
        return self._side


def rows_may(asked: Asked) -> bool:
    """Whether rows of frames leave this machine with what is asked."""
    return bool(asked.rows) or settings.get("data.push") == "rows"


def send(
    way: Way, repository: Repository, version: VersionRow, *, strict: bool, rows: bool
) -> Moved:
    """Copy ``version`` to the registry, and remember that it is there.

    Without ``rows`` those of its frames stay here: their hashes and profiles go.
    """
    here, known = way.here, way.known
    author = who.author(here.folder)
    try:
        moved = transfer(
            Local(repository, rows),
            way.of(version.model),
            version,
            author,
            strict=strict,
            progress=lambda done, of: here.progress("blobs", done, of),
        )
    except Conflict as error:
        raise type(error)(
            error.what.replace("Not copied", "Not pushed"), error.why, act=error.act
        ) from error
    except Unreachable as error:
        if not silent(error):
            raise
        raise _offline(version, known) from error

    with suppress(Unreachable):  # it is there, whatever the disk here says now
        repository.note_shared(version, known.name, moved.accepted.version, "push", author)
    return moved


def silent(error: Unreachable) -> bool:
    """Whether a registry does not answer; else it is a disk that does not."""
    return error.kind == Unreachable.kind and error.what != "Not copied"


def _offline(version: VersionRow, known: Known) -> Unreachable:
    words: tuple[str, ...] = ("--later", version.ref)
    if len(book().all()) > 1:
        words += ("--registry", known.name)
    return Unreachable(
        "Not pushed",
        f"{known.name} ({border.host(known)}) does not answer. {version.ref} is safe here",
        act="Queue it for later",
        hint=Hint("push", words),
    )


def fetch(
    here: Here, repository: Repository, side: Side, version: VersionRow, known: Known
) -> Moved:
    """Copy ``version`` of the registry into ``repository``, and remember whence it came."""
    author = who.author(here.folder)
    moved = transfer(
        side,
        Local(repository),
        version,
        author,
        progress=lambda done, of: here.progress("blobs", done, of),
    )
    repository.note_shared(moved.accepted.version, known.name, version, "pull", author)
    return moved


def fetch_new(
    here: Here, repository: Repository, side: Side, there: Sequence[VersionRow], known: Known
) -> Iterator[tuple[VersionRow, Moved]]:
    """Copy those versions of ``there`` (newest first) that are not here, the oldest first.

    What was deleted here stays deleted. An end at any moment leaves what was copied by then, and
    the next time goes on after it.
    """
    for done, version in enumerate(reversed(there)):
        here.progress("versions", done, len(there))
        known_here = repository.index.of_manifest(version.manifest)
        if not any(row.deleted or _has_all(row, version, known) for row in known_here):
            yield version, fetch(here, repository, side, version, known)


def _has_all(row: VersionRow, there: VersionRow, known: Known) -> bool:
    """Whether all that is told of a version there is known here."""
    return (
        f"{known.name}::{there.ref}" in row.shared
        and set(there.said).issubset(row.said)
        and set(row.withheld).issubset(there.withheld)
    )


def has_news(
    repository: Repository, row: VersionRow, there: VersionRow | None, *, rows: bool
) -> bool:
    """Whether ``row`` is not there yet, or something of it is not: words, a new name, rows."""
    if there is None or not set(row.said).issubset(there.said):
        return True
    if rows and not set(there.withheld).issubset(row.withheld):
        return True
    if row.model.lower() == there.model.lower():
        return False
    return there.model.lower() in map(str.lower, repository.index.earlier_names(row.model))


def pushed(version: VersionRow, moved: Moved, known: Known) -> tuple[str, dict[str, Json]]:
    """What became of a push, as a line and as data."""
    accepted = moved.accepted
    there = f"{known.name}::{accepted.version.ref}"
    data = _data(version, moved) | {"ref": version.ref, "there": there}
    if not accepted.new and moved.blobs:
        return f"{there} has now all that is here, {size_text(moved.copied_bytes)}", data
    if not accepted.new:
        return f"{there} is there already", data
    here_too = f" (here {number_text(version.number)}, same #{version.manifest[:8]})"
    note = here_too if accepted.taken else ""
    apart = "; rows of its frames stay here" if accepted.version.withheld else ""
    return f"pushed as {there}{note}, {size_text(moved.copied_bytes)}{apart}", data


def pulled(version: VersionRow, moved: Moved, known: Known) -> tuple[str, dict[str, Json]]:
    """What became of a pull, as a line and as data."""
    accepted = moved.accepted
    data = _data(version, moved) | {
        "ref": accepted.version.ref,
        "there": f"{known.name}::{version.ref}",
    }
    if not accepted.new and moved.blobs:
        return f"{accepted.version.ref} has now all that is there", data
    if not accepted.new:
        return f"{accepted.version.ref} is here already", data
    note = f" (there {number_text(version.number)})" if accepted.taken else ""
    return f"pulled as {accepted.version.ref}{note}, {size_text(moved.copied_bytes)}", data


def _data(version: VersionRow, moved: Moved) -> dict[str, Json]:
    new = moved.accepted.new
    return {"new": new, "manifest": version.manifest, "bytes": moved.copied_bytes}
