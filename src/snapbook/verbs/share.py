"""push, pull, sync: versions on their way between this project and a registry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from snapbook import places, refs, settings
from snapbook.errors import Conflict, Hint, Refused, Unreachable
from snapbook.refs import number_text
from snapbook.registry.known import Book, Known
from snapbook.transfer import Accepted, Local, Moved, Side, transfer
from snapbook.verbs import look, who
from snapbook.verbs.here import Here
from snapbook.verbs.state import size_text
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.repository import Repository
    from snapbook.verbs.table import Asked


def push(here: Here, asked: Asked) -> Done:
    """Copy a version to a registry: only what is missing there travels."""
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref)
    known = _book().get(asked.registry or "")
    frames = _rows(repository, version)
    if frames and not asked.rows and settings.get("data.push") != "rows":
        raise Refused(
            f"Not pushed: {version.ref} holds rows of {_several(frames)}",
            "they would leave this machine",
            act="If they may: add --rows, or once for all",
            hint=Hint("config", ("data.push", "rows")),
            kind="rows",
        )
    if asked.dry_run:
        line = f"would push {version.ref} to {known.name}"
        return Done((*_said(echo), line), {"dry_run": True, "ref": version.ref})
    moved = _push(here, repository, version, known, asked.strict)
    line, data = _pushed(version, moved, known)
    return Done((*_said(echo), line), data)


def pull(here: Here, asked: Asked) -> Done:
    """Copy a version from a registry into this project. Nothing of it is executed."""
    ref = refs.parse(asked.ref)
    known = _book().get(asked.registry or ref.registry)
    there = str(replace(ref, registry=""))
    with _opened(known) as side:
        version = side.resolve(there)
        if asked.dry_run:
            return Done(
                (f"would pull {known.name}::{version.ref}",), {"dry_run": True, "ref": version.ref}
            )
        moved = _pull(here, side, version, known)
    line, data = _pulled(version, moved, known)
    return Done((line,), data)


def sync(here: Here, asked: Asked) -> Done:
    """Pull what is new in a registry, then push what is new here: all of it, or one model."""
    repository = here.writable()
    known = _book().get(asked.registry or "")
    lines: list[str] = []
    done: dict[str, list[str]] = {"pulled": [], "pushed": [], "kept back": []}
    with _opened(known, asked.model_name or "", make=True) as side:
        for version in reversed(list(side.versions(asked.model_name or ""))):
            moved = _pull(here, side, version, known)
            if moved.accepted.new:
                lines.append(_pulled(version, moved, known)[0])
                done["pulled"].append(moved.accepted.version.ref)
    rows_may = asked.rows or settings.get("data.push") == "rows"
    for version in reversed(list(repository.every_version())):
        if asked.model_name and version.model != repository.known_model(asked.model_name):
            continue
        if not rows_may and _rows(repository, version):
            done["kept back"].append(version.ref)
            continue
        moved = _push(here, repository, version, known, strict=False)
        if moved.accepted.new:
            lines.append(_pushed(version, moved, known)[0])
            done["pushed"].append(moved.accepted.version.ref)
    if back := done["kept back"]:
        lines.append(f"not pushed, for they hold rows: {_several(back)}. With them: --rows")
    same = f"{known.name} and this project have the same versions"
    return Done(tuple(lines) or (same,), {word: list(found) for word, found in done.items()})


def _push(
    here: Here, repository: Repository, version: VersionRow, known: Known, strict: bool
) -> Moved:
    author = who.author(here.folder)
    try:
        with _opened(known, version.model, make=True) as side:
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


def _pull(here: Here, side: Side, version: VersionRow, known: Known) -> Moved:
    repository, author = here.writable(), who.author(here.folder)
    moved = transfer(
        side,
        Local(repository),
        version,
        author,
        progress=lambda done, of: here.progress("blobs", done, of),
    )
    repository.note_shared(moved.accepted.version, known.name, version, "pull", author)
    return moved


@contextmanager
def _opened(known: Known, model: str = "", *, make: bool = False) -> Iterator[Side]:
    with places.open_registry(known, _book().token(known), model, make=make) as side:
        yield side


def _pushed(version: VersionRow, moved: Moved, known: Known) -> tuple[str, dict[str, Json]]:
    accepted = moved.accepted
    there = f"{known.name}::{accepted.version.ref}"
    data = _data(version, accepted, moved) | {"ref": version.ref, "there": there}
    if not accepted.new:
        return f"{there} is there already", data
    here_too = f" (here {number_text(version.number)}, same #{version.manifest[:8]})"
    note = here_too if accepted.taken else ""
    return f"pushed as {there}{note}, {size_text(moved.copied_bytes)}", data


def _pulled(version: VersionRow, moved: Moved, known: Known) -> tuple[str, dict[str, Json]]:
    accepted = moved.accepted
    data = _data(version, accepted, moved) | {
        "ref": accepted.version.ref,
        "there": f"{known.name}::{version.ref}",
    }
    if not accepted.new:
        return f"{accepted.version.ref} is here already", data
    note = f" (there {number_text(version.number)})" if accepted.taken else ""
    return f"pulled as {accepted.version.ref}{note}, {size_text(moved.copied_bytes)}", data


def _data(version: VersionRow, accepted: Accepted, moved: Moved) -> dict[str, Json]:
    return {"new": accepted.new, "manifest": version.manifest, "bytes": moved.copied_bytes}


def _rows(repository: Repository, version: VersionRow) -> list[str]:
    """The frames of ``version`` whose rows are kept."""
    parts = repository.parts(version.manifest)
    return [part.name for part in parts if part.kind == "frame" and part.facts.get("stored")]


def _several(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} +{len(names) - 3}"


def _said(echo: str) -> tuple[str, ...]:
    return (echo,) if echo else ()


def _book() -> Book:
    return Book(settings.folder())
