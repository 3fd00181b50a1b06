"""Freeing what no version needs: the act between a plan of the store and an event of the chain.

Alive is what a version that is not deleted reaches, and every text of an event. Nothing else is
asked: parts list all their blobs. A saver who races is safe: its packs are left alone while it
works, and a pack that it relied on is condemned by an event before it goes, so the saver's own
event fails and it looks again. Where nothing can be locked, what is condemned goes with a later gc.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from snapbook import events
from snapbook.catalog.base import Head
from snapbook.errors import Conflict, Damaged, DiskFull, Hint, NotFound
from snapbook.repository import Author, Repository, reworded
from snapbook.store import durable, sweep
from snapbook.store.packs import PackStore
from snapbook.verify import Progress

_TRIES = 100
_PAUSE_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Freed:
    """What a gc freed, or with a dry run would free, and what is left to a later one."""

    bytes: int
    packs: int
    debris: int
    later_bytes: int = 0
    later_packs: int = 0


def _quiet(_what: str, _done: int, _of: int) -> None:
    """Nobody is told."""


def gc(
    repository: Repository, author: Author, *, dry: bool = False, progress: Progress = _quiet
) -> Freed:
    """Free what nothing needs. Deletes no version. Raises Conflict where others never pause.

    Whatever ``progress`` raises stops it between two steps; what was freed by then is freed.
    """
    store = repository.store
    if not isinstance(store, PackStore):
        return Freed(0, 0, 0)
    with reworded("Not freed"):
        for _ in range(_TRIES):
            freed = _try(repository, store, author, dry, progress)
            if freed is not None:
                return freed
    raise Conflict("Nothing was freed: others save without a pause", act="Try again later")


def _try(
    repository: Repository,
    store: PackStore[Any],
    author: Author,
    dry: bool,
    progress: Progress,
) -> Freed | None:
    """One attempt against the chain as it stands; None where somebody else was faster."""
    head = repository.follow()
    if store.patience_s and not head.n and store.lookup.names():
        raise Damaged(
            "Nothing was freed",
            "there are packs and no events",
            act="If the chain is in a database, name it: --database",
        )
    plan = store.condemnable(live(repository, progress))
    left = list(_left(repository))
    debris = len(plan.debris) + len(left)
    due = _due(repository, store, plan.leftover)
    later = [name for name in plan.leftover if name not in due]
    later_bytes = sum(map(store.size_of, later))
    if dry:
        size = plan.left_bytes - later_bytes + sum(size for _, size in left)
        if not store.patience_s:
            return Freed(size + plan.condemned_bytes, len(plan.condemned) + len(due), debris)
        later_bytes += plan.condemned_bytes
        return Freed(size, len(due), debris, later_bytes, len(later) + len(plan.condemned))
    # First what needs no room: the disk may be full.
    freed = _sweep_left(repository) + store.drop(due)[0]
    condemned: tuple[str, ...] = ()
    if plan.condemned:
        try:
            condemned = _condemn(repository, store, plan, author, head, progress)
        except Conflict:
            return None
    if store.patience_s:
        later_bytes += plan.condemned_bytes
        return Freed(freed, len(due), debris, later_bytes, len(later) + len(condemned))
    freed += store.drop(condemned)[0]
    return Freed(freed, len(due) + len(condemned), debris)


def _due(repository: Repository, store: PackStore[Any], packs: Sequence[str]) -> tuple[str, ...]:
    """Those of the condemned ``packs`` that nobody can have relied on for as long as it takes."""
    since = repository.known.condemned()
    latest = events.time_text(datetime.now(UTC) - timedelta(seconds=store.patience_s))
    return tuple(name for name in packs if not store.patience_s or since.get(name, "~") <= latest)


def _condemn(
    repository: Repository,
    store: PackStore[Any],
    plan: sweep.Plan,
    author: Author,
    head: Head,
    progress: Progress,
) -> tuple[str, ...]:
    """Move what lives, then say which packs may go; gives those. Raises Conflict."""
    condemned = plan.condemned
    writer = store.writer()
    try:
        try:
            sweep.move(plan, writer, lambda done, of: progress("pieces", done, of))
            writer.commit()
        except DiskFull:
            if not plan.drop:
                raise
            condemned = plan.drop  # no room to move anything: what is wholly dead goes first
        now = events.time_text(datetime.now(UTC))
        body = {"packs": list(condemned)}
        repository.append_freeing("condemned", body, author.name, now, head)
        repository.follow()
    finally:
        writer.close()
    return condemned


def _left(repository: Repository) -> Iterator[tuple[Path, int]]:
    """What killed processes left outside the packs, with sizes; nobody can lock it meanwhile."""
    if repository.folder is not None:
        with durable.told(repository.folder, what="Not freed"):
            for room in (repository.folder, repository.folder / "events"):
                yield from durable.debris(room)
            # Of a registry: who pauses longer than this sends his pack from its beginning.
            yield from durable.idle(repository.folder / "uploads", _PAUSE_S)


def _sweep_left(repository: Repository) -> int:
    freed = 0
    for path, size in _left(repository):
        # Inside the loop, where nobody else can take the file's lock.
        path.unlink(missing_ok=True)
        freed += size
    return freed


def live(repository: Repository, progress: Progress = _quiet) -> set[str]:
    """Every digest that is needed.

    Raises Damaged where an event, a manifest or a part cannot be read: what it needs cannot be told
    then, and freeing on a guess could take what a copy of the damaged piece would bring back.
    """
    index = repository.index
    if broken := index.broken():
        raise _unsure(f"event {broken[0].n} cannot be read")
    roots = index.roots()
    alive = set(roots.manifests | roots.texts)
    seen: set[str] = set()
    for done, manifest in enumerate(roots.manifests):
        progress("versions", done, len(roots.manifests))
        try:
            for ref in repository.manifest(manifest).parts:
                alive.add(ref.digest)
                # Rows that stayed with their author are kept for other versions' sake alone.
                apart = (manifest, ref.digest) in roots.withheld
                if ref.digest not in seen and not apart:
                    seen.add(ref.digest)
                    alive.update(repository.part(ref.digest).blobs)
        except (NotFound, Damaged) as error:
            raise _unsure(error.what) from error
    return alive


def _unsure(why: str) -> Damaged:
    return Damaged(
        "Nothing was freed",
        f"{why}, so what it needs cannot be told",
        act="See",
        hint=Hint("verify"),
    )
