"""POST containing: the versions whose executed cells hold this cell, whatever its white space.

Cells are told apart by the normal form of their code. Versions of one kernel share the blocks of
their logs, so each block is read once; reading on ends after a while and says so.
"""

from __future__ import annotations

import ast
import time
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from snapbook.catalog.rows import VersionRow
from snapbook.display.views.rows import told
from snapbook.errors import Damaged, NotFound, Usage
from snapbook.lineage.log import Cell
from snapbook.lineage.normal import normal_code
from snapbook.lineage.syntax import plain
from snapbook.parts import cells as cells_part
from snapbook.repository import Repository
from snapbook.server.asking import Asking
from snapbook.server.handler import Route
from snapbook.verbs import rows, who

MOST = 200
_SECONDS = 8.0


class ContainingRoute(Route):
    """Where a cell was executed."""

    @web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator] # its type tells its two forms not apart
    async def post(self) -> None:
        """Versions that executed ``source``. It is a question: a body, because cells are long."""
        await self.tell(containing)


def containing(asking: Asking) -> dict[str, Any]:
    """Rows, newest first; ``note`` where not all versions could be looked through."""
    source = asking.needed("source")
    wanted = _Wanted(source)
    if wanted.code == normal_code(""):
        raise Usage("The cell has no code", kind="argument")
    until = time.monotonic() + _SECONDS
    note = ""
    with asking.here(long=True) as here:
        repository = here.repository()
        found: list[VersionRow] = []
        for row in repository.every_version():
            if time.monotonic() > until:
                note = f"Looked back to {row.time[:10]}; older versions were not looked through."
                break
            if wanted.stands_in(repository, row):
                found.append(row)
                if len(found) == MOST:
                    note = f"The newest {MOST} that hold it."
                    break
        listed = rows.listed(repository, found, who.me(here.folder), asking.text("path"))
    return {"rows": told(listed), "note": note}


class _Wanted:
    """A cell that is looked for, and what is known already of parts of kind cells."""

    def __init__(self, source: str) -> None:
        self.code = normal_code(source)
        self._words = _names(source)
        self._sources: dict[str, bool] = {}
        self._blocks: dict[str, bool] = {}

    def stands_in(self, repository: Repository, row: VersionRow) -> bool:
        """Whether the version executed the cell; what is damaged did not."""
        try:
            for ref in repository.manifest(row.manifest).parts:
                if ref.kind == "cells":
                    return self._in_part(repository, ref.digest)
        except (NotFound, Damaged):
            return False
        return False

    def _in_part(self, repository: Repository, digest: str) -> bool:
        part = repository.part(digest)
        for place, block in enumerate(cells_part.block_digests(part)):
            if block not in self._blocks:
                cells = cells_part.block(part, place, repository.store.get)
                self._blocks[block] = any(map(self._is, cells))
            if self._blocks[block]:
                return True
        return False

    def _is(self, cell: Cell) -> bool:
        known = self._sources.get(cell.source)
        if known is None:
            known = all(word in cell.source for word in self._words)
            known = known and normal_code(cell.source) == self.code
            self._sources[cell.source] = known
        return known


def _names(source: str) -> frozenset[str]:
    """Names that any source with the same normal form spells as well."""
    tree = plain(source).tree
    if tree is None:
        return frozenset()
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return frozenset(name for name in names if name.isascii())
