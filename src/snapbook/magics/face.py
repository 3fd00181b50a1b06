"""What is attached to one IPython shell: it looks before and after each cell, and runs our magics.

pre_run_cell arms from the raw cell, post_run_cell makes the version; so output, error, last value,
await, interrupt and numbering are Jupyter's own. Whatever goes wrong here is one line of output: a
failure of ours never fails the user's cell, except under strict mode.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from snapbook.errors import SnapbookError
from snapbook.kernel import Kernel
from snapbook.magics import names
from snapbook.magics.firstline import MARK, directive, take_the_first_line_off

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

    from snapbook.verbs.here import Here
    from snapbook.verbs.table import Asked


class Face:
    """The kernel's state, the cells that are running, and what was attached to the shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.kernel = Kernel.start(shell.user_ns, shell.history_manager)
        self._running: list[_Running] = []
        self._called = False
        # Some releases of IPython count a cell before it runs, others after.
        self._next: int = shell.execution_count
        shell.input_transformers_cleanup.insert(0, take_the_first_line_off)
        shell.events.register("pre_run_cell", self._before)
        shell.events.register("post_run_cell", self._after)
        self._names, self._taken = names.register(shell, self.run)
        shell.register_magic_function(self._cell, "cell", "version_model")

    def detach(self) -> None:
        """Undo what __init__ attached."""
        self.shell.input_transformers_cleanup.remove(take_the_first_line_off)
        self.shell.events.unregister("pre_run_cell", self._before)
        self.shell.events.unregister("post_run_cell", self._after)
        names.unregister(self.shell, self._names)
        self.shell.magics_manager.magics["cell"].pop("version_model", None)
        self.kernel.stop()

    def greeting(self, *, first: bool) -> Iterator[str]:
        """What loading says: names that are taken; how to begin, while there is no version."""
        yield from names.taken_text(self._taken)
        history = getattr(self.shell.history_manager, "input_hist_raw", ())
        # Where no cell runs yet, a profile loads us: nobody asked, so nothing is said.
        if not first or len(history) < 2:
            return
        from snapbook import places

        if places.has_versions(self.kernel.project):
            return
        count = len(self.kernel.session)
        cells = {0: "", 1: " The cell run so far is remembered."}
        so_far = cells.get(count, f" The {count} cells run so far are remembered.")
        yield f"snapbook: write  {MARK} NAME  on top of the cell that fits your model.{so_far}"

    @property
    def _kernel_runs(self) -> bool:
        """Whether outputs can be updated: in a Jupyter kernel, not in a terminal."""
        return hasattr(self.shell, "kernel")

    # -- line magics

    def run(self, verb: str, line: str) -> None:
        """One line magic: parse, run, show. Errors are one sentence on stdout, never a traceback;
        in strict mode they stop the cell.
        """
        from snapbook import settings
        from snapbook.display import notebook
        from snapbook.display.errors import guard
        from snapbook.display.live import Live
        from snapbook.verbs import run_words, table

        # What we open ourselves is none of the files that the user's cells read. Asked silently, by
        # a front end, no cell runs and nobody listens.
        listened, self.kernel.reads.listening = self.kernel.reads.listening, False
        live = Live(f"{verb or 'status'}…", self._kernel_runs)
        strict = False
        with guard(self.kernel, verb, line, live) as outcome, _interruptible(), live:
            strict = bool(settings.get("strict"))
            words = table.split(line)
            value = run_words(self._here(live), verb, words)
            live.stop()
            notebook.show(value, as_json="--json" in words, replace=live.shown_as)
        self.kernel.reads.listening = listened
        if outcome.error is not None and strict:
            from IPython.core.error import UsageError

            raise UsageError("stopped here, for the setting strict is on")

    def _here(self, progress: Any) -> Here:
        from snapbook.verbs.here import Here

        return Here(self.kernel.project, kernel=self.kernel, face="magic", progress=progress)

    # -- cells

    def _cell(self, line: str, body: str) -> None:
        """%%version_model NAME on top of a cell versions the model that the cell makes.

        %snapbook help save shows all options. (Called by name, as in a script that was made from a
        notebook, it runs the body as a cell of its own.)
        """
        from IPython.core.error import UsageError

        from snapbook.magics.firstline import wrong_words

        if wrong := wrong_words(line):
            raise UsageError(wrong)
        self._called = True
        if not self.shell.run_cell(f"{MARK} {line}\n{body}", store_history=False).success:
            raise UsageError(f"stopped: the cell under {MARK} failed")

    def _before(self, info: ExecutionInfo) -> None:
        self.kernel.reads.listening = True
        raw = info.raw_cell if isinstance(info.raw_cell, str) else ""
        cell_id = getattr(info, "cell_id", None) or ""
        # Called by name inside another cell it is a cell of its own; %%capture only nests. What
        # editors run for themselves (VS Code's start, views of variables) leaves no history.
        typed = not self._running and (info.store_history or directive(raw) is not None)
        own, self._called = self._called or typed, False
        running = _Running(raw, cell_id, own, self._next, datetime.now(UTC), time.perf_counter())
        self._running.append(running)
        if own:
            self.kernel.begins(raw, cell_id, self._next)

    def _after(self, result: ExecutionResult) -> None:
        if not self._running:
            # The cell that loaded the extension: it ends without having begun for us.
            self._before(result.info)
        running = self._running.pop()
        self._next = self.shell.execution_count
        if not running.own:
            return
        self.kernel.reads.listening = False
        self.kernel.last_value = result.result
        self.kernel.ran(
            running.source,
            cell_id=running.cell_id,
            number=result.execution_count or 0,
            started=running.started,
            duration_s=time.perf_counter() - running.clock,
            error=result.error_before_exec or result.error_in_exec,
        )
        line = directive(running.source)
        if line is not None and result.error_before_exec is None:
            self._version(line, result)
        elif self.kernel.auto and result.success:
            self._auto()
        if self._running:
            outer = self._running[-1]
            self.kernel.begins(outer.source, outer.cell_id, outer.number)
            self.kernel.reads.listening = True

    def _version(self, line: str, result: ExecutionResult) -> None:
        from snapbook.display.errors import guard
        from snapbook.display.live import Live
        from snapbook.verbs import VERBS, make, table

        try:
            asked = VERBS["save"].parse(table.split(line))
        except SnapbookError:
            return  # said before the cell ran
        strict = False
        live = Live("", self._kernel_runs)
        with guard(self.kernel, "save", line, live) as outcome, _interruptible():
            strict, outcome.model = make.strict(asked), asked.name or ""
            live.label = f"keeping {asked.name or self.kernel.last_model or 'the model'}…"
            live.wanted = live.wanted and not asked.quiet
            if result.error_in_exec is not None:
                raise make.stopped(self.kernel, asked, result.error_in_exec)
            with live:
                self._keep(asked, live)
        if outcome.error is not None and strict and result.error_in_exec is None:
            # The reply's status comes from here, its words from there: nbclient reads both.
            result.error_in_exec = outcome.error
            if hasattr(self.shell, "_last_traceback"):
                self.shell._last_traceback = [self.kernel.complaint]

    def _keep(self, asked: Asked, live: Any) -> None:
        from snapbook.display import notebook
        from snapbook.verbs import make, run_words

        value: object
        if asked.help:
            value = run_words(self._here(live), "help", ["save"])
        else:
            with self._here(live) as here:
                value = make.save_cell(here, asked)
        live.stop()
        notebook.show(value, as_json=asked.json, replace=live.shown_as)

    def _auto(self) -> None:
        from snapbook.display.errors import guard
        from snapbook.verbs import make

        with (
            guard(self.kernel, "save", "", quiet=True),
            _interruptible(),
            self._here(lambda *_: None) as here,
        ):
            make.auto_version(here)


class _Running:
    """A cell between its two events. ``own``: it is an executed cell, not a part of another."""

    __slots__ = ("cell_id", "clock", "number", "own", "source", "started")

    def __init__(
        self,
        source: str,
        cell_id: str,
        own: bool,
        number: int,
        started: datetime,
        clock: float,
    ) -> None:
        self.number = number
        self.source = source
        self.cell_id = cell_id
        self.own = own
        self.started = started
        self.clock = clock


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Interrupt stop us: around a cell with `await` the kernel only cancels the cell's task."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
