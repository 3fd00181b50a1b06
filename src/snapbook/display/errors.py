"""Errors in the grammar of a face: one sentence and what to type."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from snapbook.display.words import printable
from snapbook.errors import Hint, Interrupted, SnapbookError, Unreachable
from snapbook.verbs.table import FROM_A_SHELL

if TYPE_CHECKING:
    from snapbook.display.live import Live
    from snapbook.kernel import Finished, Kernel

_DAILY = {
    "save": "%version_model",
    "list": "%versions",
    "show": "%show_version",
    "diff": "%diff_version",
    "restore": "%restore_version",
    "tag": "%tag_version",
}

# What can be said of acts that leave no event, wherever the interrupt hit them.
_WHOLE = "Nothing half done was left"
_UNTOUCHED = dict.fromkeys(("auto", "autoload", "config", "export", "init", "key", "trust"), _WHOLE)
_UNTOUCHED["gc"] = "What was freed by then is freed, and no version was touched"


def hint_text(hint: Hint | str | None, face: str) -> str:
    """A hint in the grammar of ``face``: "magic" or "cli" (Python's is the error's own text)."""
    if not isinstance(hint, Hint):
        return hint or ""
    words = " ".join((hint.verb, *map(_quoted, hint.args)))
    if face == "cli" or hint.verb in FROM_A_SHELL:
        return f"snapbook {words}"
    if hint.verb in _DAILY:
        return " ".join((_DAILY[hint.verb], *map(_quoted, hint.args)))
    return f"%snapbook {words}"


def error_text(error: SnapbookError, face: str, intact: str = "") -> str:
    """The one sentence of ``error`` and what to type, for ``face``; between them what is intact."""
    typed = hint_text(error.hint, face)
    tail = f"{error.act}: {typed}" if error.act and typed else error.act or typed
    if error.act and not typed and not tail.endswith((".", "?")):
        tail += "."
    said = " ".join(part for part in (error.sentence, intact, tail) if part)
    # One line, whatever a name or a message from elsewhere holds.
    return printable(" ".join(said.splitlines()))


def internal(error: BaseException) -> SnapbookError:
    """A bug of ours as an error of the tree."""
    fault = SnapbookError(
        "snapbook failed inside (kind internal)",
        act="Your cell is intact. Details",
        hint=Hint("bug-report"),
    )
    fault.__cause__ = error
    return fault


def error_json(error: SnapbookError) -> str:
    """``error`` as one JSON value, for programs."""
    hint = error.hint
    verb = {"verb": hint.verb, "args": list(hint.args)} if isinstance(hint, Hint) else hint
    return json.dumps(
        {
            "error": {
                "kind": error.kind,
                "what": error.what,
                "why": error.why,
                "act": error.act,
                "hint": verb,
            }
        }
    )


def debugging(words: list[str]) -> bool:
    """Whether the traceback is wanted: `--debug` among ``words``, or SNAPBOOK_DEBUG=1."""
    return "--debug" in words or os.environ.get("SNAPBOOK_DEBUG") == "1"


def _quoted(word: str) -> str:
    """``word`` as one word of a shell or a magic."""
    return word if word and not set(word) & set(" \t\"'#|&;<>()$`\\*?![]{}") else shlex.quote(word)


class Outcome:
    """What became of a guarded block: its error, if any. ``model`` is the name it was about."""

    __slots__ = ("error", "model")

    def __init__(self) -> None:
        self.error: SnapbookError | None = None
        self.model = ""


@contextmanager
def guard(
    kernel: Kernel, verb: str, line: str, live: Live | None = None, *, quiet: bool = False
) -> Iterator[Outcome]:
    """Run a block of ours inside a kernel: whatever goes wrong is one line, never a traceback.

    ``line`` is what the user typed ("--debug" in it shows the traceback). The line takes the place
    of what ``live`` shows. With ``quiet`` nothing is printed: the error waits for `status`.
    """
    outcome = Outcome()
    kernel.looks = []
    finished: list[Finished] = []
    try:
        yield outcome
    except KeyboardInterrupt:
        finished = [done for look in kernel.looks if (done := look())]
        if not finished:
            outcome.error = _interrupted(verb, line, outcome.model or kernel.last_model)
    except SnapbookError as error:
        outcome.error = error
    except BaseException as error:  # noqa: BLE001 - neither a bug of ours nor a BaseException of a
        # user's object may become a traceback, or the end of the kernel
        outcome.error = internal(error)
        kernel.fault = error
    finally:
        kernel.looks = None
    replace = live.shown_as if live is not None else ""
    if finished and not quiet:
        _too_late(finished, line, replace)
    if outcome.error is None:
        return
    full = verb == "save" and isinstance(outcome.error, Unreachable)
    intact = "The cell's result is intact." if full else ""
    kernel.complaint = error_text(outcome.error, "magic", intact)
    if quiet:
        return
    from snapbook.display import notebook

    if "--json" in line.split():
        notebook.publish([error_json(outcome.error)], plain_only=True, replace=replace)
    else:
        notebook.publish([kernel.complaint], amber=1, replace=replace)
    if debugging(line.split()):
        import traceback

        print("".join(traceback.format_exception(outcome.error)))  # noqa: T201 - asked for


def _too_late(finished: list[Finished], line: str, replace: str) -> None:
    """The interrupt came when it was done: it is no failure, and fails no strict cell."""
    from snapbook.display import notebook

    if "--json" in line.split():
        told: dict[str, object] = {"done": [done.said for done in finished]}
        if made := [done.ref for done in finished if done.ref]:
            told["made"] = made[-1]
        notebook.publish([json.dumps(told)], plain_only=True, replace=replace)
        return
    said = " and ".join(done.said for done in finished) + " before the interrupt."
    backs = [hint_text(done.undo, "magic") for done in reversed(finished) if done.undo]
    back = f" To take it back: {', then '.join(dict.fromkeys(backs))}" if backs else ""
    notebook.publish([said + back], replace=replace)


def _interrupted(verb: str, line: str, model: str) -> Interrupted:
    from snapbook.verbs import ALIASES

    name = ALIASES.get(verb, verb)
    if name != "save" or "--undo" in line.split():
        return Interrupted("Stopped: interrupted", act=_UNTOUCHED.get(name, "Nothing was changed"))
    again = f"%version_model {model}".rstrip()
    return Interrupted(
        "Not versioned: interrupted", act=f"The cell's result is intact; {again} tries again"
    )
