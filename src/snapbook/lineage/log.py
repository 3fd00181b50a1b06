"""The log of the cells that one kernel executed, in order: a Session.

Knows cells, how long and whether they ran, and an append-only file of them. It must not know what
the cells mean (`analyse`) nor where versions live. Two things shape it: it stands in the path of
every cell, so `append` does next to nothing, and it may never fail a cell, so a disk that is full
or read-only ends the writing (`Session.trouble` says why) and never raises.
"""

from __future__ import annotations

import os
import secrets
import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from snapbook import canonical

SOURCE_LIMIT = 1_000_000  # characters of one cell that are kept
_SHORT = 200  # characters of an id or an outcome; both come from others
_MARGIN = 65_536  # redacted beyond the limit, so that a secret on the border is seen whole


@dataclass(frozen=True, slots=True)
class Cell:
    """One execution of one cell.

    ``index`` is the place in the log, from 0; ``n`` the execution count (0 where there is none);
    ``id`` the notebook's cell id or empty; ``started`` ISO 8601 in UTC or empty; ``outcome`` is
    ok, interrupted, unknown or "error: " and the exception's name; ``line`` the line of the cell
    that failed, from 1. ``kind`` is cell, or history for those run before we were there.
    """

    index: int
    n: int
    id: str
    source: str
    started: str = ""
    duration_s: float | None = None
    outcome: str = "unknown"
    line: int | None = None
    kind: str = "cell"

    @property
    def complete(self) -> bool:
        """Whether it ran to its end, as far as is known."""
        return self.outcome in ("ok", "unknown")

    def facts(self) -> dict[str, canonical.Json]:
        """The cell as JSON; fields that say nothing are left out."""
        facts: dict[str, canonical.Json] = {"index": self.index, "n": self.n, "source": self.source}
        if self.id:
            facts["id"] = self.id
        if self.started:
            facts["started"] = self.started
        if self.duration_s is not None:
            facts["duration_s"] = self.duration_s
        if self.line is not None:
            facts["line"] = self.line
        if self.kind != "cell":
            facts["kind"] = self.kind
        facts["outcome"] = self.outcome
        return facts

    @classmethod
    def from_facts(cls, facts: Any) -> Cell:
        """The cell that `facts` told. Raises ValueError for anything else."""
        try:
            duration, line = facts.get("duration_s"), facts.get("line")
            return cls(
                index=int(facts["index"]),
                n=int(facts["n"]),
                id=str(facts.get("id", "")),
                source=str(facts["source"]),
                started=str(facts.get("started", "")),
                duration_s=None if duration is None else float(duration),
                outcome=str(facts.get("outcome", "unknown")),
                line=None if line is None else int(line),
                kind=str(facts.get("kind", "cell")),
            )
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"no cell: {error!r}") from error


def _same(text: str) -> str:
    return text


class Session:
    """The cells that one kernel executed. ``redact`` takes secrets out of a source; what it gives
    is all that is kept. It is called late (when the cells are asked for or written), once a cell.
    """

    def __init__(self, redact: Callable[[str], str] = _same) -> None:
        self.id = secrets.token_hex(8)
        self.trouble = ""
        self._redact = redact
        self._cells: list[Cell] = []
        self._settled = 0
        self._written = 0
        self._file: int | None = None
        self._folder: Path | None = None
        self._closer: weakref.finalize[[int], Session] | None = None

    def __len__(self) -> int:
        return len(self._cells)

    @property
    def cells(self) -> Sequence[Cell]:
        """All cells, oldest first, redacted. Grows as cells run; not to be changed."""
        self._settle()
        return self._cells

    @property
    def unread(self) -> Sequence[Cell]:
        """All cells as they ran, secrets included: to be compared, never kept or shown. Costs
        nothing, unlike `cells`. Not to be changed.
        """
        return self._cells

    def append(self, cell: Cell) -> int:
        """Add one executed cell and give its index, which replaces the one it came with."""
        index = len(self._cells)
        source = cell.source
        if len(source) > SOURCE_LIMIT:
            source = self._cut(source)
        self._cells.append(replace(cell, index=index, source=source))
        if self._file is not None:
            self._write()
        return index

    def seed_from_history(self, entries: Iterable[tuple[int, str]]) -> None:
        """Add the cells run before we were loaded, as (execution count, source), oldest first."""
        for n, source in entries:
            self.append(Cell(0, n, "", source, kind="history"))

    def persist(self, folder: Path) -> None:
        """Keep the log in ``folder``/<id>.jsonl from now on, with what it holds already.

        Never raises: what went wrong stands in ``trouble``, and the next call tries again.
        """
        if self._file is not None and self._folder == folder:
            return
        if self._folder != folder:
            self._written = 0
        self.close()
        self.trouble = ""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
            descriptor = os.open(folder / f"{self.id}.jsonl", flags, 0o600)
        except OSError as error:
            self.trouble = error.strerror or str(error)
            return
        self._file, self._folder = descriptor, folder
        self._closer = weakref.finalize(self, os.close, descriptor)
        self._write()

    def close(self) -> None:
        """Stop writing. The log in memory stays."""
        if self._closer is not None:
            self._closer()
        self._closer = self._file = None

    def _settle(self) -> None:
        for position in range(self._settled, len(self._cells)):
            cell = self._cells[position]
            told = (cell.id, cell.started, cell.outcome)
            source = _plain_text(self._redact(cell.source))
            plain = tuple(_plain_text(text[:_SHORT]) for text in told)
            if source != cell.source or plain != told:
                name, started, outcome = plain
                self._cells[position] = replace(
                    cell, source=source, id=name, started=started, outcome=outcome
                )
            self._settled = position + 1

    def _write(self) -> None:
        """Append what is not yet in the file, in one write; a failure ends the writing."""
        self._settle()
        fresh = self._cells[self._written :]
        if self._file is None or not fresh:
            return
        try:
            # After a torn write the next line must begin afresh; empty lines mean nothing.
            data = b"".join(b"\n" + canonical.encode(cell.facts()) for cell in fresh) + b"\n"
            done = os.write(self._file, data)
            if done != len(data):
                raise OSError("the disk took only a part of the log")
            self._written = len(self._cells)
        except OSError as error:
            self.trouble = error.strerror or str(error)
            self.close()

    def _cut(self, source: str) -> str:
        whole = canonical.digest(source.encode("utf-8", "surrogatepass"))
        kept = self._redact(source[: SOURCE_LIMIT + _MARGIN])[:SOURCE_LIMIT]
        kept = kept[: kept.rfind("\n") + 1] or kept
        return f"{kept}\n# cut: {len(source):,} characters, digest {whole}\n"


def read_log(path: Path) -> list[Cell]:
    """The cells that a Session wrote, without lines that were torn. Raises OSError."""
    cells = []
    for line in path.read_bytes().splitlines():
        if line.strip():
            try:
                cells.append(Cell.from_facts(canonical.decode(line)))
            except ValueError:
                continue  # torn by a power cut or a full disk; written again later if we lived on
    return cells


def _plain_text(text: str) -> str:
    """``text`` with lone surrogates replaced: they can neither be compiled nor stored."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
