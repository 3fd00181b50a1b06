"""What a restore would change: what stands under each name now, and what of it would be lost.

Asked before anything is loaded. A model is told by its digest, wherever it lies in the newest
versions; so is a frame, unless it is large. Data are looked at but never a reason to refuse: the
cell that made them makes them again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from snapbook.errors import SnapbookError
from snapbook.flavors.facts import attempt, class_name
from snapbook.kernel import Kernel
from snapbook.lineage.roles import roles
from snapbook.namespace import variables
from snapbook.parts import frame, model
from snapbook.parts.base import Part
from snapbook.parts.calm import calm
from snapbook.parts.frame.size import bytes_of, bytes_told, shape_of
from snapbook.parts.frame.table import frame_type
from snapbook.repository import Repository
from snapbook.verbs.values import Lost, Offer, Swap

_NEWEST = 200  # versions in which what stands in the kernel is looked for
_HASHED = 256 * 2**20  # bytes of a frame that is compared; hashing it takes a fraction of a second
_NO_VERSION = "in no version"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a name holds before a restore: ``what`` in words, ``kept`` the version that has it ("":
    none, None: nobody looked), ``why`` it may be lost, ``time`` of its fit (ISO 8601, "" if that is
    unknown), ``same`` as what would be restored, ``changes`` to it in words.
    """

    what: str
    kept: str | None = None
    why: str = ""
    time: str = ""
    same: bool = False
    changes: tuple[str, ...] = ()


def standing(
    kernel: Kernel, repository: Repository, ref: str, targets: Mapping[str, Part], *, data: bool
) -> dict[str, Standing]:
    """Of the names that parts of the version ``ref`` would go to: what they hold, if anything. With
    ``data`` frames are compared too.
    """
    found: dict[str, Standing] = {}
    for name, part in targets.items():
        if name not in kernel.namespace:
            continue
        value = kernel.namespace[name]
        kind = frame_type(value)
        if kind is not None:
            found[name] = _frame(repository, ref, value, kind, part) if data else Standing(kind)
        elif model.is_model_like(value) and model.is_fitted(value) is not False:
            found[name] = _model(kernel, repository, ref, name, value, part)
        else:
            found[name] = Standing(class_name(value))
    return found


def swaps(found: Mapping[str, Standing], coming: Mapping[str, str]) -> tuple[Swap, ...]:
    """What each name is now and would be; ``coming`` are the new values in words."""
    out = []
    for name, what in coming.items():
        now = found.get(name, Standing(""))
        out.append(Swap(name, now.what, what, now.changes, now.same))
    return tuple(out)


def lost(found: Mapping[str, Standing]) -> tuple[Lost, ...]:
    """What no version has, models first."""
    gone = [
        Lost(name, one.what, one.why, one.time)
        for name, one in found.items()
        if one.kept == "" and not one.same
    ]
    return tuple(sorted(gone, key=lambda one: not one.time))


def untouched(kernel: Kernel, targets: Mapping[str, Part]) -> int:
    """How many other variables there are."""
    return sum(name not in targets for name in variables(kernel.namespace))


def offers(parts: Sequence[Part], wanted: set[str]) -> tuple[Offer, ...]:
    """What else of the version could be restored."""
    held: dict[str, list[Part]] = {
        "model": [part for part in parts if part.kind == "model"],
        "data": [part for part in parts if part.kind == "frame" and part.facts.get("stored")],
        "params": [part for part in parts if part.kind == "params"],
        "cells": [part for part in parts if part.kind == "cells"],
        "files": [part for part in parts if part.name == "attachments"],
    }
    out = []
    for what, some in held.items():
        if some and what not in wanted:
            size = sum(bytes_told(part) for part in some) if what == "data" else None
            # What would be written is a notebook of the cells that made the model.
            count = some[0].facts.get("made_count") if what == "cells" else None
            count = count if isinstance(count, int) else len(some)
            out.append(Offer(what, count, size, tuple(part.name for part in some)))
    return tuple(out)


def _model(
    kernel: Kernel, repository: Repository, ref: str, name: str, value: object, part: Part
) -> Standing:
    what, time = class_name(value), _fitted_at(kernel, name)
    writer = repository.store.writer()
    try:
        now = model.capture(value, name, writer)[0]
    except SnapbookError as error:
        why = f"{_NO_VERSION} and cannot be kept ({error.why or error.what})"
        return Standing(what, "", why, time)
    finally:
        writer.close()
    digest = now.facts.get("digest")
    if part.facts.get("digest") == digest:
        return Standing(what, ref, same=True)
    kept = _holder(repository, "model", digest)
    changes = tuple(
        f"{change.name} {change.old} -> {change.new}"
        for change in (model.diff(now, part) if part.kind == "model" else ())
        if change.section == "params" and change.what == "changed"
    )
    return Standing(what, kept, "" if kept else _NO_VERSION, time, changes=changes)


def _frame(repository: Repository, ref: str, value: object, kind: str, part: Part) -> Standing:
    shape: tuple[int, ...] = attempt(lambda: shape_of(value, kind), ())
    what = f"{kind.rpartition('.')[2]} {'x'.join(map(str, shape))}".rstrip()
    size: int | None = attempt(lambda: bytes_of(value, kind), None)
    if size is None or size > _HASHED:
        return Standing(what, "", "too large to compare here; its cell makes it again")
    with calm():
        digest = frame.digest(value).digest
    if digest is not None and digest == part.facts.get("digest"):
        return Standing(what, ref, same=True)
    kept = _holder(repository, "frame", digest) if digest else ""
    why = "" if kept else f"{_NO_VERSION}; its cell makes it again"
    return Standing(what, kept, why)


def _holder(repository: Repository, kind: str, digest: Any) -> str:
    """The newest version that holds a part of ``kind`` with this digest of its own, "" for none."""
    told: dict[str, bool] = {}
    for row in repository.index.page(limit=_NEWEST).rows:
        try:
            for ref in repository.manifest(row.manifest).parts:
                if ref.kind != kind:
                    continue
                if ref.digest not in told:
                    told[ref.digest] = repository.part(ref.digest).facts.get("digest") == digest
                if told[ref.digest]:
                    return row.ref
        except SnapbookError:
            continue
    return ""


def _fitted_at(kernel: Kernel, name: str) -> str:
    """When the newest cell that fitted ``name`` ended, "" where none is known."""
    for cell in reversed(kernel.session.unread[-500:]):
        if name in cell.source and cell.started:
            found = roles(cell.source)
            if name in found.fitted or name in found.models:
                begun = datetime.fromisoformat(cell.started)
                ended = begun + timedelta(seconds=cell.duration_s or 0)
                return ended.isoformat(timespec="seconds")
    return ""
