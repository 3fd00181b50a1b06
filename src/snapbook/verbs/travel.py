"""A version on its way: what push, pull, sync and clone do alike, and what they say of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from snapbook import places, settings
from snapbook.errors import Conflict, Unreachable
from snapbook.refs import number_text
from snapbook.registry.known import Book, Known
from snapbook.transfer import Local, Moved, Side, transfer
from snapbook.verbs import who
from snapbook.verbs.here import Here
from snapbook.verbs.state import size_text

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.repository import Repository


def book() -> Book:
    """The registries that the user knows."""
    return Book(settings.folder())


@contextmanager
def opened(here: Here, known: Known, model: str = "", *, make: bool = False) -> Iterator[Side]:
    """The registry as a side of a copy; see `places.open_registry`."""
    token = book().token(known)
    with places.open_registry(known, token, model, make=make, say=here.say) as side:
        yield side


def send(
    here: Here, repository: Repository, version: VersionRow, known: Known, *, strict: bool
) -> Moved:
    """Copy ``version`` to the registry, and remember that it is there."""
    author = who.author(here.folder)
    try:
        with opened(here, known, version.model, make=True) as side:
            moved = transfer(
                Local(repository),
                side,
                version,
                author,
                strict=strict,
                progress=lambda done, of: here.progress("blobs", done, of),
            )
    except Conflict as error:
        raise type(error)(
            error.what.replace("Not copied", "Not pushed"), error.why, act=error.act
        ) from error

    with suppress(Unreachable):  # it is there, whatever the disk here says now
        repository.note_shared(version, known.name, moved.accepted.version, "push", author)
    return moved


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
        named = f"{known.name}::{version.ref}"
        if not any(row.deleted or named in row.shared for row in known_here):
            yield version, fetch(here, repository, side, version, known)


def pushed(version: VersionRow, moved: Moved, known: Known) -> tuple[str, dict[str, Json]]:
    """What became of a push, as a line and as data."""
    accepted = moved.accepted
    there = f"{known.name}::{accepted.version.ref}"
    data = _data(version, moved) | {"ref": version.ref, "there": there}
    if not accepted.new:
        return f"{there} is there already", data
    here_too = f" (here {number_text(version.number)}, same #{version.manifest[:8]})"
    note = here_too if accepted.taken else ""
    return f"pushed as {there}{note}, {size_text(moved.copied_bytes)}", data


def pulled(version: VersionRow, moved: Moved, known: Known) -> tuple[str, dict[str, Json]]:
    """What became of a pull, as a line and as data."""
    accepted = moved.accepted
    data = _data(version, moved) | {
        "ref": accepted.version.ref,
        "there": f"{known.name}::{version.ref}",
    }
    if not accepted.new:
        return f"{accepted.version.ref} is here already", data
    note = f" (there {number_text(version.number)})" if accepted.taken else ""
    return f"pulled as {accepted.version.ref}{note}, {size_text(moved.copied_bytes)}", data


def _data(version: VersionRow, moved: Moved) -> dict[str, Json]:
    new = moved.accepted.new
    return {"new": new, "manifest": version.manifest, "bytes": moved.copied_bytes}
