"""The kernel as it stands: what could be kept, by which name, what ran since the last version.

For `status`, and through it for whoever looks at a kernel from outside. Asked often, so it reads no
value, analyses no log and looks for no secrets: types, sizes, and texts of cells that are equal or
not.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

from snapbook import places, refs
from snapbook.flavors.facts import class_name
from snapbook.kernel import Kernel
from snapbook.lineage.analyse import analyse
from snapbook.lineage.log import Cell
from snapbook.lineage.roles import roles
from snapbook.lineage.syntax import own_line
from snapbook.namespace import Holdings, holdings
from snapbook.parts import notebook
from snapbook.repository import Repository

_LOOKED_AT = 500  # newest cells in which a model's fit is looked for
_ANALYSED = 50  # of the cells that ran since, until each counts as a change


def live(kernel: Kernel, repository: Repository | None) -> dict[str, Any]:
    """The state of ``kernel`` as JSON data; ``repository`` is where its versions are, if there are
    any.
    """
    held = holdings(kernel.namespace)
    cells = kernel.session.unread
    fit = _newest_fit(cells, held)
    variable = _variable(kernel, held, fit)
    parent = _parent(kernel, repository)
    return {
        "candidates": [
            {
                "variable": one.variable,
                "class_name": class_name(one.value),
                "fitted": one.fitted,
                "why": "not fitted" if one.fitted is False else "",
            }
            for one in held.models
        ],
        "frames": _frames(held, fit),
        "name": _name(kernel, variable),
        "variable": variable,
        "parent": parent,
        "changed_cells": changed_cells(kernel) if parent else 0,
        "cells": len(kernel.session),
        "auto": kernel.auto,
        "undo": _undo(kernel),
        "folder": str(kernel.project),
        "repository": str(places.place(kernel.project).folder),
        "host": socket.gethostname(),
    }


def changed_cells(kernel: Kernel) -> int:
    """How many cells that do something ran since the last version, other than they ran before."""
    since = kernel.since.get(kernel.last_model)
    if since is None:
        return 0
    cells = kernel.session.unread
    fresh = {cell.id or code: code for cell in cells[since:] if (code := _code(cell.source))}
    if not fresh:
        return 0
    before = {cell.source for cell in cells[:since]}
    before |= {_code(source) for source in before if source[:1] in ("%", "#")}
    found = [code for code in fresh.values() if code not in before]
    return sum(_does_something(code) for code in found[:_ANALYSED]) + len(found[_ANALYSED:])


def _does_something(code: str) -> bool:
    uses = analyse(code)
    return bool(uses.binds or uses.mutates or uses.star or uses.broken)


def _code(source: str) -> str:
    """The cell without our own line."""
    return source.partition("\n")[2] if own_line(source) else source


def _newest_fit(cells: Sequence[Cell], held: Holdings) -> str:
    """The source of the newest cell that fitted one of the models, "" for none."""
    names = [one.variable for one in held.models]
    for cell in reversed(cells[-_LOOKED_AT:]):
        if any(name in cell.source for name in names):
            found = roles(cell.source)
            if not set(names).isdisjoint((*found.fitted, *found.models)):
                return cell.source
    return ""


def _variable(kernel: Kernel, held: Holdings, fit: str) -> str:
    """The variable that a save would most likely take: the last one used, the newest fitted."""
    usable = [one.variable for one in held.models if one.fitted is not False]
    found = roles(fit) if fit else None
    newest = (*reversed(found.fitted), *reversed(found.models)) if found else ()
    last = kernel.variables.get(kernel.last_model, "")
    return next((name for name in (last, *newest, *usable) if name in usable), "")


def _name(kernel: Kernel, variable: str) -> str:
    """The name that a save would give where none is typed; the variable's where that fails."""
    if kernel.last_model:
        return kernel.last_model
    document = notebook.find(kernel.namespace)
    if document is not None:
        return refs.suggestion(document.stem)
    return refs.suggestion(variable) if variable else ""


def _frames(held: Holdings, fit: str) -> list[dict[str, Any]]:
    """The frames, those that the newest fit used first, with their roles."""
    found = roles(fit) if fit else None
    train, test = (found.train, found.test) if found else ((), ())
    told = []
    for one in held.frames:
        role = "train" if one.name in train else "test" if one.name in test else ""
        told.append(
            {
                "name": one.name,
                "type": one.type,
                "shape": list(one.shape),
                "bytes": one.bytes,
                "role": role,
            }
        )
    return sorted(told, key=lambda frame: not frame["role"])


def _parent(kernel: Kernel, repository: Repository | None) -> str:
    """The version that the session last made or restored, "" for none."""
    manifest = kernel.parents.get(kernel.last_model, "")
    if not manifest or repository is None:
        return ""
    index = repository.index
    rows = index.of_manifest(manifest, index.model(kernel.last_model) or kernel.last_model)
    return next((row.ref for row in rows if not row.deleted), "")


def _undo(kernel: Kernel) -> str:
    """What taking the last restore back would change, "" where there is none."""
    if not kernel.undo:
        return ""
    last = kernel.undo[-1]
    return f"restore of {', '.join((*last.values, *last.absent))}"
