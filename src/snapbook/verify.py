"""Checking a whole repository: every byte of every pack, the chain, and each version's needs.

Executes nothing and repairs nothing: what is damaged is named, everything else stays readable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from snapbook.catalog.rows import VersionRow
from snapbook.errors import Damaged, NotFound
from snapbook.repository import Repository
from snapbook.store import verify as packs
from snapbook.store.packs import PackStore

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Problem:
    """One damaged place, in words, and what is wrong there."""

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What was checked and found; ``broken`` are versions that cannot be restored whole.

    ``apart`` are those whose authors kept rows of theirs: nothing is damaged there.
    """

    problems: tuple[Problem, ...]
    broken: tuple[str, ...]
    versions: int
    packs: int
    events: int
    apart: tuple[str, ...] = ()


def verify(repository: Repository, only: VersionRow | None, progress: Progress) -> Verified:
    """Check everything, or with ``only`` what that version needs."""
    problems: list[Problem] = []
    count = 0
    store = repository.store
    if isinstance(store, PackStore) and only is None:
        repository.follow()
        damaged = packs.verify(store, lambda done, of: progress("packs", done, of))
        problems += [Problem(f"pack {found.pack[:12]}", found.why) for found in damaged]
        count = len(set(store.lookup.names()) - store.condemned)
    if only is None:
        broken = repository.catalog.verify(lambda done, of: progress("events", done, of))
        problems += [Problem(f"event {found.n}", found.why) for found in broken]
        # What could not be read once and can be read now: a pack came back from a copy.
        repository.index.retry_damaged()
    rows: Sequence[VersionRow] = [only] if only is not None else list(repository.every_version())
    whole: dict[tuple[str, tuple[str, ...]], bool] = {}
    bad: list[VersionRow] = []
    for done, row in enumerate(rows):
        progress("versions", done, len(rows))
        place = row.manifest, row.withheld
        if place not in whole:
            whole[place] = _whole(repository, row, read=only is not None)
        if not whole[place]:
            bad.append(row)
    # Lists say so from now on: what breaks after a version was taken in is found here alone.
    repository.index.mark_damaged([row.n for row in bad], "a part of it is damaged or missing")
    refs = tuple(row.ref for row in bad)
    apart = tuple(row.ref for row in rows if row.withheld and row not in bad)
    return Verified(tuple(problems), refs, len(rows), count, repository.catalog.head().n, apart)


def _whole(repository: Repository, row: VersionRow, *, read: bool) -> bool:
    """Whether all that a version needs is there; with ``read`` every byte of it is read."""
    get = repository.store.get
    try:
        needed = repository.needed(row)
        if repository.store.missing(needed):
            return False
        if read:
            for blob in needed:
                get(blob)
    except (NotFound, Damaged):
        return False
    return True
