"""The state of a git checkout: commit, whether it is changed, and how.

Asks git itself, within a bounded time, and without what a repository may make git run (hooks,
file-system monitors, external diffs). Where there is no git, or no repository, there is no state.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

_PATIENCE_S = 3.0
_MOST_DIFF_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class State:
    """``commit`` is empty before the first one. ``dirty``: tracked files differ from it."""

    commit: str
    dirty: bool


def state(folder: str | os.PathLike[str]) -> State | None:
    """The state of the checkout around ``folder``, None where there is none or git is slow."""
    if not _above(folder):
        return None
    said = _git(folder, "status", "--porcelain=v2", "--branch", "--untracked-files=no")
    if said is None:
        return None
    commit, dirty = "", False
    for line in said.decode("utf-8", "replace").splitlines():
        if line.startswith("# branch.oid "):
            commit = line[13:].strip()
        elif not line.startswith("#"):
            dirty = True
            break
    return State("" if commit == "(initial)" else commit, dirty)


def diff(folder: str) -> str | None:
    """What tracked files under ``folder`` differ from the commit by, None where it cannot be told.

    Longer than 4 MB is None: then the commit alone does not say what the code was.
    """
    said = _git(
        folder,
        "diff",
        "HEAD",
        "--no-ext-diff",
        "--no-textconv",
        "--no-color",
        "--relative",
        "--",
        ".",
    )
    if said is None or len(said) > _MOST_DIFF_BYTES:
        return None
    return said.decode("utf-8", "replace")


def untracked(folder: str) -> list[str]:
    """Python files under ``folder`` that git neither tracks nor ignores, relative to it."""
    said = _git(folder, "ls-files", "--others", "--exclude-standard", "-z", "--", "*.py")
    return sorted(name for name in (said or b"").decode("utf-8", "replace").split("\0") if name)


def root(folder: str | os.PathLike[str]) -> str:
    """The checkout that ``folder`` lies in, with links resolved; ``folder`` itself without one."""
    start = os.path.realpath(folder)
    return _above(start) or start


def _above(folder: str | os.PathLike[str]) -> str:
    """The nearest folder that holds .git; "" without one: most projects cost no process then."""
    at = os.path.abspath(os.fspath(folder))
    while not os.path.exists(os.path.join(at, ".git")):
        above = os.path.dirname(at)
        if above == at:
            return ""
        at = above
    return at


def _git(folder: str | os.PathLike[str], *args: str) -> bytes | None:
    command = ["git", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", *args]
    # no lock is taken and nothing is asked: we only look
    quiet = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_EXTERNAL_DIFF"):
        quiet.pop(name, None)
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=quiet,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None
