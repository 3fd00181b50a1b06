"""A trial from outside: its process is started, given its time, and ended.

Knows processes, and neither gates nor what they judge. What the process said before it ended
counts; a question that it did not answer was not passed, and says why.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from snapbook.gates.base import Verdict
from snapbook.trial.job import Folder, Job

_LOG = "log.txt"
_KEPT_OUT = ("SNAPBOOK_TOKEN",)


def tried(path: Path, job: Job, project: Path, seconds: float) -> dict[str, Verdict]:
    """Verdicts by gate. ``path`` holds the blobs, ``project`` is where modules are looked for."""
    folder = Folder(path)
    folder.ask(job)
    command = [sys.executable, "-m", "snapbook.trial.worker", str(path)]
    why = ended(command, path / _LOG, project, seconds)
    found = folder.answers()
    for question in job.questions:
        if question.gate not in found:
            found[question.gate] = Verdict(question.gate, False, why or "it gave no verdict")
    return found


def ended(command: Sequence[str], log: Path, project: Path, seconds: float) -> str:
    """Run ``command`` in ``project`` with its output in ``log``; why it ended otherwise than well
    or within its time, "" where it did not. What it starts ends with it, and it gets no token.
    """
    with open(log, "wb") as out:
        process = subprocess.Popen(
            command,
            cwd=project,
            env={name: value for name, value in os.environ.items() if name not in _KEPT_OUT},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # what it starts ends with it
        )
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            return f"it did not answer within {seconds:g} s"
        finally:
            _end(process)
    if code == 0:
        return ""
    if code < 0:
        return f"its process was ended by {signal.Signals(-code).name}"
    return f"its process failed ({_last_line(log)})"


def _end(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "without a word")
