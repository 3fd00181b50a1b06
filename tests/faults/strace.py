"""Runs acts of driver.py, under strace where asked: which calls they make, and with one refused.

A `Workshop` holds one driver process; several work side by side. Calls are counted in a run
without faults first; each later run begins from a copy of the same folder and so makes the same
calls, whose K-th is then killed or refused.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from threading import Timer

CHANGING = (
    "write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync", "rename", "renameat",
    "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "ftruncate",
)  # fmt: skip
_HANGS_S = 60
_LINE = re.compile(r"(?:\d+ +)?(\w+)\((.*)")


@dataclass(frozen=True)
class Point:
    """The ``when``-th ``call`` of an act, the path in the repository, whether it only reads."""

    call: str
    when: int
    path: str
    reads: bool = False

    @property
    def room(self) -> str:
        """packs, events, index or rest."""
        for room in ("packs", "events", "index"):
            if self.path.startswith(room):
                return room
        return "rest"


@dataclass(frozen=True)
class Ended:
    """How an act ended: what it said (None if it died), and whether a fault was injected."""

    said: dict | None
    killed: bool
    injected: bool


class Workshop:
    """One driver process and the folder in which its runs take place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._count = count()
        folder.mkdir()
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("driver.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "SNAPBOOK_HOME": ""},
        )  # fmt: skip

    def close(self) -> None:
        """End the driver."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def copy(self, template: Path) -> Path:
        """A fresh project that begins as ``template`` does."""
        project = self.folder / f"{next(self._count)}"
        shutil.copytree(template, project)
        return project

    def run(self, project: Path, act: str, options: list[str] | None = None, **request) -> Ended:
        """``act`` in ``project``; under strace with ``options`` where they are given."""
        asked = {"act": act, "folder": str(project), "args": {}, **request}
        asked["stop"] = options is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        if options is None:
            status, said = json.loads(self._process.stdout.readline())
            return Ended(said, bool(status), False)
        trace = self.folder / "trace"
        status, said = self._traced(pid, trace, options)
        injected = "(INJECTED)" in trace.read_text(errors="replace")
        return Ended(said, bool(status), injected or bool(status))

    def _traced(self, pid: int, trace: Path, options: list[str]) -> tuple[int, dict | None]:
        strace = subprocess.Popen(
            ["strace", "-f", "-y", "-s", "0", "-o", str(trace), *options, "-p", str(pid)],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            for line in strace.stderr:
                if "attached" in line:
                    break
        finally:
            os.kill(pid, signal.SIGCONT)
        late = Timer(_HANGS_S, os.kill, (pid, signal.SIGABRT))
        late.start()
        status, said = json.loads(self._process.stdout.readline())
        late.cancel()
        strace.stderr.read()
        strace.wait()
        strace.stderr.close()
        assert os.WTERMSIG(status) != signal.SIGABRT, f"{options} hung"
        return status, said

    def points(self, project: Path, act: str, calls=CHANGING, **request) -> list[Point]:
        """Every call of ``act`` that touches the repository, in order."""
        ended = self.run(project, act, ["-e", "trace=" + ",".join(calls)], **request)
        assert "error" not in (ended.said or {"error": "died"}), ended
        seen: dict[str, int] = {}
        found = []
        for line in (self.folder / "trace").read_text(errors="replace").splitlines():
            assert "__pycache__" not in line, f"an import shifts the calls after it: {line}"
            match = _LINE.match(line)
            if match is None or match[1] not in calls:
                continue
            seen[match[1]] = seen.get(match[1], 0) + 1
            place = re.search(re.escape(str(project)) + r"(?:/\.snapbook)?/?([^\">]*)", match[2])
            if place:
                reads = "O_RDONLY" in match[2]
                found.append(Point(match[1], seen[match[1]], place[1], reads))
        return found


def side_by_side(workshops: list[Workshop], act, cases: list) -> list:
    """``act(workshop, case)`` for all cases, as many at once as there are workshops."""
    free: SimpleQueue[Workshop] = SimpleQueue()
    for workshop in workshops:
        free.put(workshop)

    def one(case):
        workshop = free.get()
        try:
            return act(workshop, case)
        finally:
            free.put(workshop)

    with ThreadPoolExecutor(len(workshops)) as pool:
        return list(pool.map(one, cases))


def why_not() -> str:
    """Why strace cannot be used here; "" if it can."""
    if sys.platform != "linux":
        return "strace is for Linux"
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(
        ["strace", "-e", "trace=getpid", "-e", "inject=getpid:error=EIO", "true"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return "" if tried.returncode == 0 else f"strace cannot trace here ({tried.stderr[:80]!r})"
