"""A command that is run from outside: it is started, given its time, and ended with all it started.

Knows processes, and nothing of what they do.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_KEPT_OUT = ("SNAPBOOK_TOKEN",)


def ended(command: Sequence[str], log: Path, folder: Path, seconds: float) -> str:
    """Run ``command`` in ``folder`` with its output in ``log``; why it ended otherwise than well
    or within its time, "" where it did not. What it starts ends with it, and it gets no token.
    """
    with open(log, "wb") as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
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
