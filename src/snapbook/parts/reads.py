"""Files that the session read: seen by an audit hook, kept as path, size and digest.

Python tells every ``open`` to audit hooks, also those inside pandas, numpy, joblib, torch, zipfile
and sqlite3. Readers written in C++ or Rust (polars, pyarrow, duckdb, HDF5) open by themselves and
are not seen: for these the caller adds the texts in executed cells that name files. What neither
way shows: paths put together at run time for such readers, child processes, remote addresses.
Contents are not kept here; nothing is monkey-patched.
"""

from __future__ import annotations

import ast
import os
import re
import stat
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

from snapbook.canonical import Json
from snapbook.lineage.syntax import plain
from snapbook.parts import checkout
from snapbook.parts.base import Notice, Part
from snapbook.parts.listening import listen, unlisten

MOST_FILES = 2000
MAX_BYTES = 2_000_000_000
_BLOCK = 1 << 20
_MADE = os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_WRONLY
# Code and compiled code are other parts' business.
_CODE = (".py", ".pyc", ".pyo", ".pyi", ".pyd", ".so", ".pth", ".dll", ".dylib", ".egg-link")
_PASSED = (
    *("/.snapbook/", "/.git/", "/__pycache__/", "/.ipynb_checkpoints/", "/site-packages/"),
    *("/dist-packages/", "/ipykernel_", ".dist-info/", "/matplotlib/fontlist"),
)

_HOME = (
    *(".ipython", ".jupyter", ".local/share/jupyter", ".local/lib", "Library/Jupyter"),
    *(".cache/matplotlib", ".config/matplotlib", ".cache/fontconfig", ".cache/pip"),
)
# What has an ending or a folder and is no sentence.
_PATH = re.compile(r"[^\0\n<>|*?\"]{0,250}(?:\.[A-Za-z0-9]{1,12}|/[^\0\n<>|*?\"/ ]{1,100})")
_WRITER = re.compile(
    r"(?:to|write|sink|save|dump|export|plot|mkdir|remove)(?:_|$)|savefig|savetxt|savez"
)
_NO_PATH = re.compile(r"[\0\n]|://")

# (path, size, mtime_ns, inode) -> digest: a file that did not change is not read again.
_digests: dict[tuple[str, int, int, int], str] = {}


class Reads:
    """What one session opened for reading, in order, each path once: from its making until `stop`.

    Threads that run when it is made are the kernel's own and not listened to. ``listening`` may be
    set to False for a while: what we open ourselves is none of the session's reads.
    """

    def __init__(self) -> None:
        self._seen: dict[str, None] = {}
        self._added: dict[str, None] = {}
        own = {threading.main_thread().ident, threading.get_ident()}
        self._quiet = frozenset(one.ident for one in threading.enumerate()) - own
        self.overflowed = False
        self.listening = True
        _cwd.clear()
        listen("os.chdir", _moved)
        listen("open", self._opened)
        listen("sqlite3.connect", self._connected)

    def stop(self) -> None:
        """Look no longer; what was seen stays."""
        unlisten("open", self._opened)
        unlisten("sqlite3.connect", self._connected)

    def add(self, paths: Iterable[str]) -> None:
        """Files that cells name as text: they count if they are there when a version is made."""
        here = _here()
        for path in paths:
            if isinstance(path, str) and 0 < len(path) < 4096 and not _NO_PATH.search(path):
                full = os.path.normpath(os.path.join(here, os.path.expanduser(path)))
                if len(self._added) < MOST_FILES:
                    self._added[full] = None

    def paths(self) -> list[str]:
        """Absolute paths seen so far: opened ones, then files that were named and exist."""
        opened = [path for path in list(self._seen) if _counts(path)]
        named = [path for path in self._added if path not in self._seen and _counts(path)]
        return opened + [path for path in named if os.path.isfile(path)]

    def _opened(self, args: tuple[object, ...]) -> None:
        path, _, flags = args
        if type(flags) is int and not flags & _MADE and type(path) is not int:
            self._note(path)

    def _connected(self, args: tuple[object, ...]) -> None:
        self._note(args[0])

    def _note(self, path: object) -> None:
        """Called inside every open of the process: a set look-up for known paths, little else."""
        if not self.listening:
            return
        if type(path) is bytes:
            path = os.fsdecode(path)
        if type(path) is not str or path.endswith(_CODE) or threading.get_ident() in self._quiet:
            return
        if not path.startswith(os.sep) and not os.path.isabs(path):
            path = _here() + path
        if path in self._seen or path.startswith(system_folders()):
            return
        if _by_us():
            return
        if len(self._seen) >= MOST_FILES:
            self.overflowed = True
            return
        self._seen[path] = None


def names_in(source: str) -> list[str]:
    """The texts in a cell that may name files it reads: for `Reads.add`, which looks for them.

    Not those handed to what writes (``to_csv``, ``save``, ``dump``), directly or by a variable.
    """
    tree = plain(source).tree
    if tree is None:
        return []
    found: dict[str, None] = {}
    written: set[str] = set()
    variables: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if _PATH.fullmatch(node.value):
                found[node.value] = None
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            for target in node.targets:
                if isinstance(target, ast.Name) and isinstance(node.value.value, str):
                    variables[target.id] = node.value.value
        elif isinstance(node, ast.Call) and _writes(node):
            for inner in (one for argument in node.args for one in ast.walk(argument)):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    written.add(inner.value)
                elif isinstance(inner, ast.Name):
                    written.add(inner.id)
    written |= {variables[name] for name in written & variables.keys()}
    return [name for name in found if name not in written]


def _writes(call: ast.Call) -> bool:
    name = _called(call.func)
    if name != "open":
        return _WRITER.match(name) is not None
    given = [*call.args[1:2], *(one.value for one in call.keywords if one.arg == "mode")]
    modes = [one.value for one in given if isinstance(one, ast.Constant)]
    return any(isinstance(mode, str) and set(mode) & set("wax") for mode in modes)


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def capture_reads(
    paths: Iterable[str],
    project: str | Path,
    deadline: float | None = None,
    max_bytes: int = MAX_BYTES,
) -> tuple[Part, tuple[Notice, ...]]:
    """The files as a part: path (relative inside the project's checkout; elsewhere the name with
    its folder's, and "outside"), size and digest. Past ``deadline`` (time.monotonic) or
    ``max_bytes`` of reading the digest is None and a Notice says so. Devices, pipes and sockets are
    not touched.
    """
    files: dict[str, Json] = {}
    notices: list[Notice] = []
    left = max_bytes
    base = checkout.root(project)
    for path in list(dict.fromkeys(paths))[:MOST_FILES]:
        try:
            facts = os.stat(path)
        except (OSError, ValueError):
            continue
        if not stat.S_ISREG(facts.st_mode):
            continue
        shown, outside = shown_path(path, base)
        digest, read = _digest_of(path, facts, left, deadline)
        left -= read
        entry: dict[str, Json] = {"path": shown, "size": facts.st_size, "digest": digest}
        # two files outside may share a name and their folder's
        files[f"{shown}\0{digest}"] = {**entry, "outside": True} if outside else entry
        if digest is None:
            notices.append(
                Notice("not-hashed", shown, "was read, but is too large to hash in time")
            )
    listed = [entry for _, entry in sorted(files.items())]
    return Part("files", "read", {"files": listed}), tuple(notices)


def shown_path(path: str, base: str) -> tuple[str, bool]:
    """How a path is told without telling the machine: relative inside ``base``, else the file's
    name with its folder's; and whether it lies outside.
    """
    real = os.path.realpath(path)
    for candidate in (os.path.abspath(path), real):
        if candidate.startswith(base + os.sep):
            return _readable(candidate[len(base) + 1 :].replace(os.sep, "/")), False
    return _readable("/".join(Path(real).parts[-2:]).lstrip("/")), True


def _readable(name: str) -> str:
    """A name whose bytes are no UTF-8 stands in Python with half characters, in no JSON."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _digest_of(
    path: str, facts: os.stat_result, left: int, deadline: float | None
) -> tuple[str | None, int]:
    """The digest and how many bytes were read for it; None where a limit was passed."""
    import blake3

    key = (path, facts.st_size, facts.st_mtime_ns, facts.st_ino)
    if key in _digests:
        return _digests[key], 0
    if facts.st_size > left or _late(deadline):
        return None, 0
    hasher = blake3.blake3()
    read = 0
    try:
        # no wait on what became a pipe between stat and open
        handle = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
        with open(handle, "rb", buffering=0) as file:
            while block := file.read(_BLOCK):
                hasher.update(block)
                read += len(block)
                if read > left or _late(deadline):
                    return None, read
            after = os.fstat(file.fileno())
    except OSError:
        return None, read
    digest = hasher.hexdigest()
    if (after.st_size, after.st_mtime_ns) == (facts.st_size, facts.st_mtime_ns):
        if len(_digests) > 4 * MOST_FILES:
            _digests.clear()
        _digests[key] = digest
    return digest, read


def _late(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() > deadline


# The working directory, until an os.chdir is told: asking for it costs more than all the rest.
_cwd: list[str] = []


def _by_us() -> bool:
    """Whether a file is opened on our own behalf: the notebook, settings, the repository."""
    frame: FrameType | None = sys._getframe(4)  # past this, _note, its listener and the hook
    for _ in range(200):
        if frame is None:
            return False
        name = frame.f_globals.get("__name__")
        if type(name) is str and name.startswith("snapbook."):
            return True
        frame = frame.f_back
    return False


def _moved(args: tuple[object, ...]) -> None:  # noqa: ARG001 - where to does not matter
    _cwd.clear()


def _here() -> str:
    if not _cwd:
        try:
            _cwd.append(os.path.join(os.getcwd(), ""))
        except OSError:
            return os.sep  # the folder was deleted under the kernel
    return _cwd[0]


_folders: tuple[str, ...] = ()


def system_folders() -> tuple[str, ...]:
    """Where Python, its packages, the system and Jupyter keep their own files."""
    global _folders
    if not _folders:
        _folders = _find_folders()
    return _folders


def _find_folders() -> tuple[str, ...]:
    kinds = ("stdlib", "platstdlib", "purelib", "platlib", "scripts")
    places: list[str | None] = [sysconfig.get_path(kind) for kind in kinds]
    for prefix in (sys.prefix, sys.base_prefix):
        places += [os.path.join(prefix, name) for name in ("lib", "share", "etc", "include", "Lib")]
    named = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR")
    places += [os.environ.get(name) for name in (*named, "MPLCONFIGDIR")]
    home = os.path.expanduser("~")
    places += [os.path.join(home, *name.split("/")) for name in _HOME]
    if os.name == "posix":
        places += [
            "/proc",
            "/sys",
            "/dev",
            "/etc",
            "/run",
            "/usr/lib",
            "/usr/share",
            "/usr/local/lib",
        ]
    return tuple(sorted({place.rstrip(os.sep) + os.sep for place in places if place}))


def _counts(path: str) -> bool:
    """Whether a path is the user's own file: asked when a version is made, not at every open."""
    straight = path.replace(os.sep, "/")
    if any(part in straight for part in _PASSED) or straight.endswith(_CODE):
        return False
    name = os.path.basename(straight)
    return not (
        name.startswith(("kernel-", "ipykernel_")) and name.endswith((".json", ".py"))
    ) and not (
        path.startswith((*system_folders(), os.path.join(tempfile.gettempdir(), "ipykernel_")))
    )
