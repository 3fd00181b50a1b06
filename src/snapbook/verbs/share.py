"""push, pull, sync: versions on their way between this project and a registry."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from snapbook import refs, settings
from snapbook.errors import Hint, Refused
from snapbook.verbs import look, travel
from snapbook.verbs.here import Here
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.catalog.rows import VersionRow
    from snapbook.repository import Repository
    from snapbook.verbs.table import Asked


def push(here: Here, asked: Asked) -> Done:
    """Copy a version to a registry: only what is missing there travels."""
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref)
    known = travel.book().get(asked.registry or "")
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
    moved = travel.send(here, repository, version, known, strict=asked.strict)
    line, data = travel.pushed(version, moved, known)
    return Done((*_said(echo), line), data)


def pull(here: Here, asked: Asked) -> Done:
    """Copy a version from a registry into this project. Nothing of it is executed."""
    ref = refs.parse(asked.ref)
    known = travel.book().get(asked.registry or ref.registry)
    there = str(replace(ref, registry=""))
    with travel.opened(here, known) as side:
        version = side.resolve(there)
        if asked.dry_run:
            return Done(
                (f"would pull {known.name}::{version.ref}",), {"dry_run": True, "ref": version.ref}
            )
        moved = travel.fetch(here, here.writable(), side, version, known)
    line, data = travel.pulled(version, moved, known)
    return Done((line,), data)


def sync(here: Here, asked: Asked) -> Done:
    """Pull what is new in a registry, then push what is new here: all of it, or one model."""
    repository = here.writable()
    known = travel.book().get(asked.registry or "")
    lines: list[str] = []
    done: dict[str, list[str]] = {"pulled": [], "pushed": [], "kept back": []}
    with travel.opened(here, known, asked.model_name or "", make=True) as side:
        there = list(side.versions(asked.model_name or ""))
        for version, moved in travel.fetch_new(here, repository, side, there, known):
            if moved.accepted.new:
                lines.append(travel.pulled(version, moved, known)[0])
                done["pulled"].append(moved.accepted.version.ref)
    rows_may = asked.rows or settings.get("data.push") == "rows"
    have = {row.manifest for row in there}
    for version in reversed(list(repository.every_version())):
        if asked.model_name and version.model != repository.known_model(asked.model_name):
            continue
        if version.manifest in have:
            continue
        if not rows_may and _rows(repository, version):
            done["kept back"].append(version.ref)
            continue
        moved = travel.send(here, repository, version, known, strict=False)
        if moved.accepted.new:
            lines.append(travel.pushed(version, moved, known)[0])
            done["pushed"].append(moved.accepted.version.ref)
    if back := done["kept back"]:
        lines.append(f"not pushed, for they hold rows: {_several(back)}. With them: --rows")
    same = f"{known.name} and this project have the same versions"
    return Done(tuple(lines) or (same,), {word: list(found) for word, found in done.items()})


def _rows(repository: Repository, version: VersionRow) -> list[str]:
    """The frames of ``version`` whose rows are kept."""
    parts = repository.parts(version.manifest)
    return [part.name for part in parts if part.kind == "frame" and part.facts.get("stored")]


def _several(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} +{len(names) - 3}"


def _said(echo: str) -> tuple[str, ...]:
    return (echo,) if echo else ()
