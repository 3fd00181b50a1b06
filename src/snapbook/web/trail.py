"""The chain of events as an auditor reads it: newest first, in pages; all of it, or of one model.

Who may not read all models sees the events of those he may. Whether the chain is whole can be
asked by those who may read all of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from snapbook.catalog import audit
from snapbook.errors import Damaged
from snapbook.events import unseal
from snapbook.registry.wire import MOST
from snapbook.registry.witness import VIA
from snapbook.verbs.history import told

if TYPE_CHECKING:
    from snapbook.catalog.base import Catalog
    from snapbook.events import Event
    from snapbook.repository import Repository

PAGE = 100
_LOOKED = 2_000  # events that are looked through for one page of a model

Wanted = Callable[[object], bool]


def page(repository: Repository, chain: Catalog, wanted: Wanted, before: int) -> dict[str, Any]:
    """The newest events before place ``before`` (0: of all) whose model is ``wanted``.

    ``before`` of the answer is where to go on; None where nothing is left.
    """
    n = start = min(before or MOST, repository.catalog.head().n + 1)
    rows: list[dict[str, Any]] = []
    while n > 1 and start - n < _LOOKED:
        first = max(n - PAGE, 1)
        # A piece at a time: where the chain is far away, each question takes a trip.
        found = {at: _event(sealed) for at, sealed in chain.stored(first, n - 1)}
        for at in range(n - 1, first - 1, -1):
            n, event = at, found.get(at)
            if event is None and wanted(None):
                rows.append({"n": at, "broken": True})
            elif event is not None and wanted(event.body.get("model")):
                rows.append(_row(repository, event))
            if len(rows) == PAGE:
                return {"events": rows, "before": n if n > 1 else None}
    return {"events": rows, "before": n if n > 1 else None}


def verified(repository: Repository) -> dict[str, Any]:
    """Whether every event is whole and in its place, and the first ones that are not."""
    head = repository.catalog.head()
    bad = audit.broken(repository.catalog)
    return {
        "events": head.n,
        "head": head.digest,
        "bad": [{"n": one.n, "why": one.why} for one in bad[:PAGE]],
    }


def exported(repository: Repository, wanted: Wanted) -> Iterator[bytes]:
    """The rows of an export (docs/registry.md), one a line, oldest first; those ``wanted``."""
    for row in audit.exported(repository.catalog):
        body = row.get("body")
        if wanted(body.get("model") if isinstance(body, dict) else None):
            yield json.dumps(row, ensure_ascii=False).encode("utf-8") + b"\n"


def _event(sealed: bytes) -> Event | None:
    """The event, None for one that cannot be read."""
    try:
        return unseal(sealed)
    except Damaged:
        return None


def _row(repository: Repository, event: Event) -> dict[str, Any]:
    manifest = event.body.get("manifest") or event.body.get("new") or ""
    via = event.rest.get(VIA)
    return {
        "n": event.n,
        "time": event.time,
        "author": event.author,
        "type": event.type,
        "model": event.body.get("model", ""),
        "version": _named(repository, event, str(manifest)),
        "text": told(repository, event, str(manifest)),
        "digest": event.digest,
        "via": via if isinstance(via, dict) else {},
    }


def _named(repository: Repository, event: Event, manifest: str) -> str:
    """The reference of the version that an event is about, as it is today; "" for none."""
    model = event.body.get("model")
    if not manifest or not isinstance(model, str):
        return ""
    known = repository.index.model(model)
    rows = repository.index.of_manifest(manifest, known) if known else []
    return next((row.ref for row in rows if not row.deleted), "")
