"""clone: a new repository with the versions of a registry.

Knows that it may be cut off at any version and asked again: what is there is not fetched twice, and
a folder that holds anybody else's versions is left alone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from snapbook import places
from snapbook.errors import Conflict, Hint, NotFound, nearest
from snapbook.registry.known import Known, checked
from snapbook.verbs import VERBS, travel
from snapbook.verbs.here import Here
from snapbook.verbs.state import size_text
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.repository import Repository
    from snapbook.transfer import Side
    from snapbook.verbs.table import Asked


def clone(here: Here, asked: Asked) -> Done:
    """Copy all versions of a registry, or of some models, into a new repository."""
    known, lines = _known(here, asked)
    folder = (here.folder / (asked.folder or known.name)).resolve()
    with travel.opened(here, known) as side:
        there = _wanted(side, known, asked.models)
        data: dict[str, Json] = {
            "folder": str(folder),
            "registry": known.name,
            "versions": len(there),
            "models": sorted({row.model for row in there}),
        }
        what = f"{_counted(there)} of {known.name}"
        if asked.dry_run:
            return Done(
                (*lines, f"would clone {what} into {folder.name}"), data | {"dry_run": True}
            )
        with places.open_folder(_made(folder)) as repository:
            _check_own(repository, there, folder, known)
            new, copied = 0, 0
            for _, moved in travel.fetch_new(here, repository, side, there, known):
                new += moved.accepted.new
                copied += moved.copied_bytes
    said = f"cloned {what} into {folder.name}: {new} new, {size_text(copied)}"
    return Done((*lines, said), data | {"new": new, "bytes": copied})


def _known(here: Here, asked: Asked) -> tuple[Known, list[str]]:
    """The registry that is meant; an address is added to those that are known."""
    book = travel.book()
    if not re.match(r"[a-z][a-z0-9+.-]*:/", asked.source, re.IGNORECASE):
        return book.get(asked.source), []
    url = checked(asked.source)
    found = next((one for one in book.all() if one.url == url), None)
    if found is not None and asked.registry in (None, found.name):
        return found, []
    name = asked.registry or _name(url)
    if asked.dry_run:
        return Known(name, url), []
    verb = VERBS["registry"]
    added = verb.run(here, verb.parse(["add", name, url]))
    lines = list(added.lines) if isinstance(added, Done) else []
    known = book.get(name)
    server = known.folder is None and not known.bucket
    if server and not book.token(known) and sys.stdin is not None and sys.stdin.isatty():
        login = VERBS["login"].run(here, VERBS["login"].parse([name]))
        lines = list(login.lines) if isinstance(login, Done) else lines
    return known, lines


def _name(url: str) -> str:
    """What a registry may be called after its address."""
    parts = urlsplit(url)
    last = parts.path.rstrip("/").rpartition("/")[2] or (parts.hostname or "").partition(".")[0]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip("-._") or "team"


def _wanted(side: Side, known: Known, models: Sequence[str]) -> list[VersionRow]:
    """The versions there, newest first; of ``models``, where any are named. Raises NotFound."""
    there = list(side.versions())
    if not models:
        return there
    names = {row.model.lower(): row.model for row in there}
    for model in models:
        if model.lower() not in names:
            near = nearest(model, list(names.values()))
            guess = f" (did you mean {' or '.join(near)}?)" if near else ""
            raise NotFound(f"{known.name} has no model {model}{guess}", kind="no-model")
    chosen = {model.lower() for model in models}
    return [row for row in there if row.model.lower() in chosen]


def _made(folder: Path) -> Path:
    """The repository of ``folder``, made on first use; its own, whatever lies above it."""
    place = folder / places.NAME
    places.create(place)
    return place


def _check_own(
    repository: Repository, there: Sequence[VersionRow], folder: Path, known: Known
) -> None:
    """Raise Conflict where the folder has versions that the registry has not."""
    manifests = {row.manifest for row in there}
    other = next((r for r in repository.every_version() if r.manifest not in manifests), None)
    if other is not None:
        raise Conflict(
            f"Not cloned: {folder.name} holds {other.ref}, which is not of {known.name}",
            act="Name another --folder; to bring the two together, in that folder",
            hint=Hint("sync", ("--registry", known.name)),
            kind="not-empty",
        )


def _counted(rows: Sequence[VersionRow]) -> str:
    models = len({row.model for row in rows})
    versions = f"{len(rows):,} version{'' if len(rows) == 1 else 's'}"
    return f"{versions} of {models:,} model{'' if models == 1 else 's'}"
