"""audit: whether the chain of events is whole and the one of before; all of it as rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook import events, places, settings
from snapbook.catalog import audit as auditing
from snapbook.errors import NotFound, Usage
from snapbook.registry.catalog import HttpCatalog
from snapbook.registry.heads import Heads
from snapbook.registry.known import Book
from snapbook.verbs import release
from snapbook.verbs.here import Here
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.catalog.base import Broken, Catalog
    from snapbook.verbs.table import Asked

_SHOWN = 20


def audit(here: Here, asked: Asked) -> Done:
    """verify: every event, and the first bad one by its name. export: every event as a row."""
    with _chain(here, asked) as (where, name, catalog):
        if asked.act == "export":
            return _export(here, asked, catalog)
        return _verify(here, asked, where, name, catalog)


def _verify(here: Here, asked: Asked, where: str, name: str, catalog: Catalog) -> Done:
    heads = Heads(settings.folder())
    before = heads.get(where)
    rows = _rows(here.folder / asked.against) if asked.against else []
    bad = auditing.broken(catalog, before, rows, lambda done, of: here.progress("events", done, of))
    now = auditing.head_of(catalog, events.time_text(datetime.now(UTC)))
    closed = catalog.closed if isinstance(catalog, HttpCatalog) else 0
    data: dict[str, Any] = {
        "events": now.n,
        "closed": closed,
        "head": now.digest,
        "since": before.n if before is not None else None,
        "bad": [{"n": found.n, "why": found.why} for found in bad],
    }
    if bad:
        return Done(tuple(_told(bad)), data, exit_code=1)
    heads.keep(where, now)
    counted = f"{now.n} event{'' if now.n == 1 else 's'}"
    line = (
        f"{name}: {counted}, each of them whole and in its place; the newest is #{now.digest[:8]}"
    )
    if closed:
        line += f"; what happened in {closed} of them is not for you"
    if before is not None and before.n:
        line += f", and event {before.n} is the one of {before.time[:10]}"
    return Done((line,), data)


def _export(here: Here, asked: Asked, catalog: Catalog) -> Done:
    if (path := release.target(here, asked)) is not None:
        release.check_free(path)
    rows = list(auditing.exported(catalog))
    lines = tuple(json.dumps(row, ensure_ascii=False) for row in rows)
    if path is None:
        return Done(lines or ("no events yet",), {"events": rows})
    release.write_text(path, "".join(f"{line}\n" for line in lines))
    return Done((f"{len(rows)} events are in {asked.output}",), {"events": len(rows)})


def _told(bad: list[Broken]) -> Iterator[str]:
    first = bad[0]
    yield f"event {first.n} is the first bad one: {first.why}"
    for found in bad[1:_SHOWN]:
        yield f"event {found.n}: {found.why}"
    if len(bad) > _SHOWN:
        yield f"and {len(bad) - _SHOWN} more"


@contextmanager
def _chain(here: Here, asked: Asked) -> Iterator[tuple[str, str, Catalog]]:
    """Where the chain is, what it is called, and the chain: this project's or a registry's."""
    if not asked.registry:
        repository = here.repository()
        place = places.place(here.folder)
        yield str(place.folder), "this project", repository.catalog
        return
    book = Book(settings.folder())
    known = book.get(asked.registry)
    with places.open_registry(known, book.token(known), say=here.say, strict=False) as side:
        yield known.url, known.name, side.catalog


def _rows(path: Path) -> list[dict[str, Any]]:
    """What `audit export` wrote, as lines or as one JSON value."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise NotFound(f"There is no file {path.name} here", kind="file") from None
    try:
        rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        if len(rows) == 1 and isinstance(rows[0].get("events"), list):
            rows = rows[0]["events"]
        if not all(isinstance(row, dict) for row in rows):
            raise TypeError("a row is no object")
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Usage(f"{path.name} is no export of events", kind="argument") from error
    return rows
