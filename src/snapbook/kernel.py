"""What we remember of the kernel we live in: its cells, its project, the names used so far.

One object per kernel, in memory only, but for the cell log once there is a version. Knows no store
and no face. What makes a version (capture.py) reads it; the IPython face tells it what ran.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from snapbook.errors import Hint
from snapbook.lineage.log import Cell, Session
from snapbook.lineage.slice import Lineage, Slice, slice_for
from snapbook.parts.modules import ModuleWatch
from snapbook.parts.reads import Reads, names_in
from snapbook.secrets import Redactor

# Calls that may read a file in a library that opens it unseen (polars, pyarrow, duckdb, HDF5).
_READERS = re.compile(r"read|scan|load|connect|dataset|File|sql|from_|execute|\bopen")
_MOST_LOOKED_THROUGH = 100_000  # characters of a cell


@dataclass(frozen=True, slots=True)
class Replaced:
    """Variables as they were before a restore, for its undo."""

    values: Mapping[str, object]
    absent: tuple[str, ...]
    parents: Mapping[str, str]
    since: Mapping[str, int]
    restored: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Finished:
    """What an act had done when an interrupt came: in words, and what takes it back, if anything.

    ``ref`` is the version, where it made one.
    """

    said: str
    undo: Hint | None = None
    ref: str = ""


Look = Callable[[], Finished | None]


@dataclass(slots=True, eq=False)
class Kernel:
    """The state of one kernel.

    ``project`` is the folder that the kernel started in (cells may change the working directory).
    ``variables`` maps a model name to the variable it was taken from last time, ``parents`` to the
    manifest digest that this session last made or restored, ``since`` to the length of the log
    then, ``restored`` to the digest whose model a restore bound last. ``current`` is the cell that
    runs now, None between cells. ``said`` are the notices that come once; ``weighed`` is what the
    repository weighs, 0 until somebody looked. ``looks`` tell what the magic under way has done
    so far; None while none is.
    """

    namespace: dict[str, Any]
    project: Path
    session: Session
    redactor: Redactor
    watch: ModuleWatch
    reads: Reads
    lineage: Lineage
    name: str = ""
    current: Cell | None = None
    auto: bool = False
    last_model: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)
    restored: dict[str, str] = field(default_factory=dict)
    directions: dict[str, dict[str, str]] = field(default_factory=dict)
    undo: list[Replaced] = field(default_factory=list)
    said: set[str] = field(default_factory=set)
    times: list[float] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)
    redacted_said: int = 0
    weighed: int = 0
    looks: list[Look] | None = None
    last_value: object = None
    complaint: str = ""
    fault: BaseException | None = None

    @classmethod
    def start(cls, namespace: dict[str, Any], history: Any) -> Kernel:
        """Begin to remember. ``history`` is IPython's, for the cells that ran before."""
        redactor = Redactor()
        project = Path(os.getcwd())
        session = Session(redactor.redact)
        kernel = cls(
            namespace,
            project,
            session,
            redactor,
            ModuleWatch(project),
            Reads(),
            Lineage(),
            name=os.environ.get("CONDA_DEFAULT_ENV") or Path(sys.prefix).name,
        )
        # The last entry is the cell that loads us: it is logged when it ends.
        before = list(enumerate(getattr(history, "input_hist_raw", ())))[1:-1]
        session.seed_from_history((n, text) for n, text in before if text)
        kernel.watch.look()
        _running.append(kernel)
        return kernel

    def may_finish(self, look: Look) -> None:
        """``look`` will tell who is interrupted what the act under way has done; None: nothing."""
        if self.looks is not None:
            self.looks.append(look)

    def renamed(self, old: str, new: str) -> None:
        """A model has another name now; what was remembered under the old one goes with it."""
        for table in (self.variables, self.classes, self.parents, self.restored):
            if old in table:
                table[new] = table.pop(old)
        if old in self.since:
            self.since[new] = self.since.pop(old)
        if self.last_model == old:
            self.last_model = new

    def stands_at(self, model: str, manifest: str) -> None:
        """A version was made or restored: what runs from here on is what changed since."""
        self.parents[model] = manifest
        self.since[model] = len(self.session) + (self.current is not None)

    def stop(self) -> None:
        """Let go of what was installed."""
        self.session.close()
        self.reads.stop()
        self.watch.stop()
        if self in _running:
            _running.remove(self)

    def seen_as(self, namespace: dict[str, Any]) -> Kernel:
        """The same kernel with other names, for a call that brings objects of its own."""
        return replace(self, namespace=namespace)

    def log(self) -> Sequence[Cell]:
        """The executed cells, the one that runs now last."""
        cells = self.session.cells
        if self.current is None:
            return cells
        return [*cells, replace(self.current, source=self.redactor.redact(self.current.source))]

    def slice(self, log: Sequence[Cell], at: int) -> Slice:
        """What the cell at ``at`` of ``log`` depends on."""
        if self.current is not None:
            # The running cell is in no log yet and must not enter what is kept between cells.
            return slice_for(log, at)
        self.lineage.extend(log)
        return self.lineage.slice(at)

    def begins(self, source: str, cell_id: str, number: int) -> None:
        """The cell that runs now, for a line magic inside it."""
        self.current = Cell(len(self.session), number, self._cell_id(cell_id), source)

    def _cell_id(self, told: str) -> str:
        """The front end's id of a cell. VS Code sends an address with the notebook's path, and a
        number that begins anew with each opening: of it, what is good for this session.
        """
        if not told.startswith("vscode-"):
            return told
        number = re.sub(r"[^A-Za-z0-9]", "", told.rpartition("#")[2])
        return f"{number[:32]}-{self.session.id[:8]}"

    def ran(
        self,
        source: str,
        *,
        cell_id: str,
        number: int,
        started: datetime,
        duration_s: float,
        error: BaseException | None,
    ) -> None:
        """One cell was executed."""
        self.current = None
        outcome, line = _outcome(error)
        self.session.append(
            Cell(
                index=len(self.session),
                n=number,
                id=self._cell_id(cell_id),
                source=source,
                started=started.isoformat(timespec="milliseconds"),
                duration_s=round(duration_s, 4),
                outcome=outcome,
                line=line,
            )
        )
        self.watch.look()
        if len(source) <= _MOST_LOOKED_THROUGH and _READERS.search(source):
            # Now, for a later cell may go to another folder; where that is gone, no file is named.
            with suppress(OSError):
                self.reads.add(names_in(source))


_running: list[Kernel] = []


def running() -> Kernel | None:
    """The kernel that this process is, if snapbook is loaded in it."""
    return _running[-1] if _running else None


def _outcome(error: BaseException | None) -> tuple[str, int | None]:
    """How a cell ended, and the line it stopped at."""
    if error is None:
        return "ok", None
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", None
    if isinstance(error, SyntaxError):
        return f"error: {type(error).__name__}", error.lineno
    trace = error.__traceback__
    line = None
    while trace is not None:
        if (
            "ipykernel_" in trace.tb_frame.f_code.co_filename
            or trace.tb_frame.f_code.co_filename.startswith("<ipython-input")
        ):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"error: {type(error).__name__}", line
