"""What must hold of a repository after whatever befell it."""

from __future__ import annotations

from pathlib import Path

from faults import driver

from snapbook import gc, places, verify
from snapbook.repository import Repository


def silent(_what: str, _done: int, _of: int) -> None:
    """No progress is shown."""


def versions(repository: Repository) -> dict[str, int]:
    """Every version, read whole: reference -> seed."""
    return {row.ref: driver.seed_of(repository, row.manifest) for row in repository.every_version()}


def clean(repository: Repository) -> None:
    """Every byte is as it was written."""
    found = verify.verify(repository, None, silent)
    assert (found.problems, found.broken) == ((), ())


def debris(folder: Path) -> list[str]:
    """Files that no format knows: what killed processes left."""
    known = {".gitignore", "format", "index.sqlite", "index.sqlite-wal", "index.sqlite-shm"}
    found = []
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        room, _, rest = name.partition("/")
        if path.is_dir() or name in known or rest == "lock":
            continue
        parts = rest.split("/")
        pack = room == "packs" and len(parts) == 2 and len(parts[1]) == 64
        event = room == "events" and len(parts) == 2 and parts[1].isdecimal()
        if not pack and not event:
            found.append(name)
    return found


def survived(project: Path, allowed: list[dict[str, int]]) -> int:
    """Check all that a fault must leave; gives which of the ``allowed`` states is there.

    Opens, verifies, reads every version, saves a further one, frees, and verifies again.
    """
    folder = project / places.NAME
    there = {}
    if places.place(project).exists:
        repository = places.open_folder(folder)
        clean(repository)
        there = versions(repository)
    assert there in allowed, (there, allowed)
    again = places.make_repository(project)
    made = driver.save(again, "next", 900)
    assert not made.unchanged
    gc.gc(again, driver.AUTHOR)
    clean(again)
    assert versions(again) == {**there, "next:0.1.0": 900}
    assert debris(folder) == []
    # The index is a cache: without it all is the same.
    for path in folder.glob("index.sqlite*"):
        path.unlink()
    assert versions(places.open_folder(folder)) == {**there, "next:0.1.0": 900}
    return allowed.index(there)
