"""The IPython face: a versioned cell stays an ordinary cell; we look before and after.

A pure input transformer takes the `%%version_model` line off (IPython calls it several times, also
for completeness checks, so it only rewrites). pre_run_cell arms from the raw cell, post_run_cell
makes the version. Output, error, last value, await, interrupt and numbering are Jupyter's own by
construction. Heavy rooms are imported when a version is made, not when the extension is loaded.
"""

from __future__ import annotations

import io
import re
import time
import tokenize
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from snapbook.errors import SnapbookError
from snapbook.kernel import Kernel

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

MARK = "%%version_model"
COMMENT = re.compile(r"#\s*snapbook:\s*version_model(?:\s+(?P<line>.*))?$")
_ATTRIBUTE = "_snapbook_face"
_DAILY = {
    "version_model": "save",
    "versions": "list",
    "version": "list",
    "show_version": "show",
    "show_versions": "show",
    "diff_version": "diff",
    "diff_versions": "diff",
    "restore_version": "restore",
    "restore_versions": "restore",
    "tag_version": "tag",
    "tag_versions": "tag",
}


def load(shell: InteractiveShell) -> None:
    """Attach to ``shell``: transformer, cell events, magics. Loading twice is loading once."""
    if getattr(shell, _ATTRIBUTE, None) is None:
        setattr(shell, _ATTRIBUTE, Face(shell))


def unload(shell: InteractiveShell) -> None:
    """Take everything off again."""
    face = getattr(shell, _ATTRIBUTE, None)
    if face is not None:
        face.detach()
        delattr(shell, _ATTRIBUTE)


def directive(raw: str) -> str | None:
    """The words after `%%version_model` (or its comment form) on top of ``raw``; None without one."""
    for line in raw.splitlines():
        text = line.strip()
        if not text:
            continue
        if text == MARK or text.startswith((MARK + " ", MARK + "\t")):
            return text[len(MARK) :].strip()
        match = COMMENT.match(text)
        return (match["line"] or "").strip() if match else None
    return None


def take_the_first_line_off(lines: list[str]) -> list[str]:
    """The cell that runs: without our line, or one that says what is wrong with it. Pure."""
    at = next((i for i, line in enumerate(lines) if line.strip()), None)
    if at is None:
        return lines
    first = lines[at].strip()
    if first.split(None, 1)[0] == MARK or COMMENT.match(first):
        if wrong := _wrong_words(directive(first) or ""):
            return [f"raise __import__('IPython').core.error.UsageError({wrong!r})\n"]
        if not first.startswith(MARK):
            return lines
        # The line numbers of tracebacks stay right if a comment stands in for the line; but another
        # cell magic has to be the first line itself.
        below = next((line for line in lines[at + 1 :] if line.strip()), "")
        stand_in = [] if below.startswith("%%") else ["# " + first + "\n"]
        return lines[:at] + stand_in + lines[at + 1 :]
    if any(line.startswith(MARK) for line in lines[at + 1 :]) and not _inside_text(lines):
        shown = first if len(first) <= 60 else first[:57] + "..."
        wrong = (
            f'{MARK} must be the first line of the cell; line {at + 1} is "{shown}".'
            " Move it up, nothing was run."
        )
        return [f"raise __import__('IPython').core.error.UsageError({wrong!r})\n"]
    return lines


def _inside_text(lines: list[str]) -> bool:
    """Whether every line that begins with our mark lies inside a string."""
    marked = {i for i, line in enumerate(lines, 1) if line.startswith(MARK)}
    try:
        for token in tokenize.generate_tokens(io.StringIO("".join(lines)).readline):
            # Outside a string the mark is two operators, the first at the line's beginning.
            if token.type == tokenize.OP and token.start[0] in marked and token.start[1] == 0:
                return False
    except (tokenize.TokenError, SyntaxError, IndentationError):
        return False
    return True


def _wrong_words(line: str) -> str:
    """What is wrong with the words of the directive, "" if nothing."""
    from snapbook.display.errors import error_text
    from snapbook.verbs import VERBS, table

    try:
        VERBS["save"].parse(table.split(line))
    except SnapbookError as error:
        return error_text(error, "magic") + " The cell has not run."
    return ""


class Face:
    """What is attached to one shell: its kernel's state and the cells that are running."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.kernel = Kernel.start(shell.user_ns, shell.history_manager)
        self._running: list[_Running] = []
        shell.input_transformers_cleanup.insert(0, take_the_first_line_off)
        shell.events.register("pre_run_cell", self._before)
        shell.events.register("post_run_cell", self._after)
        self._taken = self._register()

    def detach(self) -> None:
        """Undo what __init__ attached."""
        self.shell.input_transformers_cleanup.remove(take_the_first_line_off)
        self.shell.events.unregister("pre_run_cell", self._before)
        self.shell.events.unregister("post_run_cell", self._after)
        self.kernel.stop()

    def _register(self) -> list[str]:
        """Our magics; names that another extension holds stay theirs and are reported."""
        taken = []
        wanted = {name: self._daily(verb) for name, verb in _DAILY.items()}
        for name, function in {**wanted, "snapbook": self._snapbook}.items():
            if self.shell.find_line_magic(name) is None:
                self.shell.register_magic_function(function, "line", name)
            else:
                taken.append(name)
        self.shell.register_magic_function(self._cell, "cell", "version_model")
        return taken

    def _daily(self, verb: str) -> Any:
        def magic(line: str) -> None:
            self.run(verb, line)

        magic.__doc__ = f"%snapbook {verb}: see %snapbook help {verb}."
        return magic

    def _snapbook(self, line: str) -> None:
        """%snapbook VERB ARGS: every verb of snapbook; %snapbook help lists them."""
        verb, _, rest = line.strip().partition(" ")
        self.run(verb, rest)

    def _cell(self, line: str, body: str) -> None:
        """A script made from the notebook calls the cell magic by name: run it as the cell it was."""
        self.shell.run_cell(f"{MARK} {line}\n{body}", store_history=False)

    def run(self, verb: str, line: str) -> None:
        """One line magic: parse, run, show. Errors are one sentence on stdout, never a traceback."""
        from snapbook.display import data, notebook, text
        from snapbook.display.errors import guard
        from snapbook.verbs import run_words, table

        here = self._here()
        # What we open ourselves is none of the files that the user's cells read.
        self.kernel.reads.listening = False
        with guard(here, line):
            words = table.split(line)
            value = run_words(here, verb, words)
            notebook.show(text.JsonText(data.to_json(value)) if "--json" in words else value)
        self.kernel.reads.listening = True

    def _here(self) -> Any:
        from snapbook.verbs.here import Here

        running = self._running[0] if self._running else None
        self.kernel.current = None
        if running is not None and not running.ended:
            self.kernel.begins(running.source, running.cell_id, self.shell.execution_count)
        return Here(self.kernel.project, kernel=self.kernel, face="magic")

    def _before(self, info: ExecutionInfo) -> None:
        self.kernel.reads.listening = True
        raw = info.raw_cell if isinstance(info.raw_cell, str) else ""
        self._running.append(
            _Running(
                raw, getattr(info, "cell_id", None) or "", datetime.now(UTC), time.perf_counter()
            )
        )

    def _after(self, result: ExecutionResult) -> None:
        if not self._running:
            # The cell that loaded the extension: it ends without having begun for us.
            raw = getattr(result.info, "raw_cell", "") or ""
            self._before(result.info)
            self._running[-1].source = raw
        running = self._running.pop()
        if self._running:
            return  # a cell inside a cell (%%capture): the outer one is the executed cell
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

    def _version(self, line: str, result: ExecutionResult) -> None:
        from snapbook.display import notebook
        from snapbook.display.errors import guard
        from snapbook.verbs import VERBS, make, table

        here = self._here()
        strict = False
        with guard(here, line) as outcome:
            asked = VERBS["save"].parse(table.split(line))
            strict = make.strict(asked)
            if result.error_in_exec is not None:
                raise make.stopped(self.kernel, asked, result.error_in_exec)
            notebook.show(make.save_cell(here, asked))
        if outcome.error is not None and strict and result.error_in_exec is None:
            # nbclient reads the reply's status, which IPython takes from here.
            result.error_in_exec = outcome.error

    def _auto(self) -> None:
        from snapbook.display.errors import guard
        from snapbook.verbs import make

        with guard(self._here(), "auto", quiet=True):
            make.auto_version(self._here())


class _Running:
    """A cell between its two events."""

    __slots__ = ("cell_id", "clock", "ended", "source", "started")

    def __init__(self, source: str, cell_id: str, started: datetime, clock: float) -> None:
        self.source = source
        self.cell_id = cell_id
        self.started = started
        self.clock = clock
        self.ended = False
