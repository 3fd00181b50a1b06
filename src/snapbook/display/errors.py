"""Errors in the grammar of a face: one sentence and what to type."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from snapbook.display.words import printable
from snapbook.errors import Hint, Interrupted, SnapbookError

_DAILY = {
    "save": "%version_model",
    "list": "%versions",
    "show": "%show_version",
    "diff": "%diff_version",
    "restore": "%restore_version",
    "tag": "%tag_version",
}


def hint_text(hint: Hint | str | None, face: str) -> str:
    """A hint in the grammar of ``face``: "magic", "cli" or "python"."""
    if not isinstance(hint, Hint):
        return hint or ""
    words = " ".join((hint.verb, *map(_quoted, hint.args)))
    if face == "cli":
        return f"snapbook {words}"
    if hint.verb in _DAILY:
        return " ".join((_DAILY[hint.verb], *map(_quoted, hint.args)))
    return f"%snapbook {words}"


def error_text(error: SnapbookError, face: str) -> str:
    """The one sentence of ``error`` and what to type, for ``face``."""
    typed = hint_text(error.hint, face)
    tail = f"{error.act}: {typed}" if error.act and typed else error.act or typed
    if error.act and not typed and not tail.endswith((".", "?")):
        tail += "."
    return printable(f"{error.sentence} {tail}".strip())


def internal(error: BaseException) -> SnapbookError:
    """A bug of ours as an error of the tree."""
    return SnapbookError(
        "snapbook failed inside (kind internal)",
        f"{type(error).__name__}",
        act="Your cell is intact. Details",
        hint=Hint("bug-report"),
    )


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


def _quoted(word: str) -> str:
    """``word`` as one word of a shell or a magic."""
    return word if word and not set(word) & set(" \t\"'#") else shlex.quote(word)


class Outcome:
    """What became of a guarded block: its error, if any."""

    __slots__ = ("error",)

    def __init__(self) -> None:
        self.error: SnapbookError | None = None


@contextmanager
def guard(here: Any, line: str, *, quiet: bool = False) -> Iterator[Outcome]:
    """Run a block of ours inside a kernel: whatever goes wrong is one line, never a traceback.

    ``line`` is what the user typed ("--debug" in it shows the traceback). With ``quiet`` nothing is
    printed: the error waits in the kernel's state for `status`.
    """
    outcome = Outcome()
    try:
        yield outcome
    except KeyboardInterrupt:
        again = "%version_model" + (f" {here.kernel.last_model}" if here.kernel.last_model else "")
        outcome.error = Interrupted(
            "Not versioned: interrupted", act=f"The cell's result is intact; {again} tries again"
        )
    except SnapbookError as error:
        outcome.error = error
    except Exception as error:  # noqa: BLE001 - a bug of ours must never become the user's traceback
        outcome.error = internal(error)
        here.kernel.fault = error
    if outcome.error is None:
        return
    if "--debug" in line.split() or os.environ.get("SNAPBOOK_DEBUG") == "1":
        import traceback

        print("".join(traceback.format_exception(here.kernel.fault or outcome.error)))
    if not quiet:
        from snapbook.display.notebook import publish

        publish([error_text(outcome.error, "magic")], amber=1)
    here.kernel.complaint = error_text(outcome.error, "magic")
