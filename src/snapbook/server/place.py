"""GET place: where the versions of a notebook's folder are, and in which state.

A repository that is not there, damaged, written by a newer snapbook or closed to us is a state that
is told, never a failure: ``trouble`` has the form of an error.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook import canonical, failure, places, settings
from snapbook.errors import SnapbookError
from snapbook.repository import Repository
from snapbook.server import paths
from snapbook.server.asking import Asking
from snapbook.server.handler import Route
from snapbook.server.mentions import mentions

_SOMEBODY = "the folder belongs to somebody else"


class PlaceRoute(Route):
    """What the panel asks for each notebook."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The place of ``path``."""
        await self.tell(place)


def place(asking: Asking) -> dict[str, Any]:
    """The place of a notebook, with what it holds as far as that can be read."""
    spot = asking.spot()
    found = places.place(spot.folder)
    told: dict[str, Any] = {
        "exists": found.exists,
        "id": identity(found.folder),
        "project": found.project.name,
        "folder": paths.relative(spot.root, found.project),
        "display": _display(found),
        "why": found.why,
        "yours": found.why != _SOMEBODY,
        "head": 0,
        "models": [],
        "versions": 0,
        "bytes": 0,
        "budget_bytes": 0,
        "damaged": [],
        "mentions": [],
        "settings": {},
        "trouble": None,
    }
    head = 0
    try:
        told["settings"] = {name: settings.get(name) for name in settings.SETTINGS}
        told["budget_bytes"] = settings.number("repo.max_size")
        with asking.service.opened.lend(spot.folder) as here:
            repository = here.repository()
            head = told["head"] = repository.follow().n
            told |= _held(repository)
            told["mentions"] = mentions(repository, spot.target)
        if found.exists:
            told["bytes"] = asking.service.weights.of(found.folder, head)
    except SnapbookError as error:
        told["trouble"] = failure.told(error)
    asking.service.watcher.ask(told["id"], found.folder, head)
    return told


def identity(folder: Path) -> str:
    """The opaque name of a repository's folder, which events carry."""
    return canonical.digest(str(folder).encode("utf-8", "surrogateescape"))[:16]


def _held(repository: Repository) -> dict[str, Any]:
    index = repository.index
    return {
        "models": index.models(),
        "versions": index.count(),
        "damaged": [row.ref for row in index.damaged()],
    }


def _display(found: places.Place) -> str:
    """A short text for people: the project's folder, or the user's data folder from ~ on."""
    if found.folder.parent == found.project:
        return f"{found.project.name}/{found.folder.name}"
    try:
        return f"~/{found.folder.relative_to(Path.home()).as_posix()}"
    except (ValueError, RuntimeError):
        return found.folder.name
