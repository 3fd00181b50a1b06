"""Local code that a session executed: modules under the project as imported, and scripts as run.

Python tells when it executes a module's code, at import and at every reload; the file is read in
that moment, so that a later edit without a reload changes nothing. Whether the text is truly that
of the executed code is checked by compiling it. What was imported before we listened falls back to
the file as it is, and says so.
"""

from __future__ import annotations

import io
import os
import sys
import tokenize
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import snapbook
from snapbook.canonical import Json
from snapbook.parts import checkout, distributions
from snapbook.parts.base import Notice, Part
from snapbook.parts.files import entries
from snapbook.parts.listening import listen, unlisten
from snapbook.parts.reads import shown_path, system_folders
from snapbook.secrets import Redactor
from snapbook.store.base import Writer

MOST_MODULES = 2000
_MOST_BYTES = 2_000_000
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_OURS = os.path.join(os.path.dirname(os.path.realpath(snapbook.__file__)), "")
_IMPORTERS = ("<frozen importlib", "importlib/_bootstrap")


@dataclass(slots=True)
class _Source:
    """The text of one file when it was last executed. ``code`` until it was checked against it."""

    data: bytes
    imported: bool
    seen: bool
    code: CodeType | None = None
    exact: bool = True
    clean: tuple[Redactor, bytes] | None = field(default=None, repr=False)


class ModuleWatch:
    """Notes local code from its making until `stop`.

    ``project`` is a folder of the project; the checkout around it counts where there is one.
    """

    def __init__(self, project: str | Path) -> None:
        self.root = checkout.root(project)
        self._inside = os.path.join(self.root, "")
        self._sources: dict[str, _Source] = {}
        self._names: dict[str, str] = {}
        self._state: tuple[int, object] | None = None
        for _, path in _loaded_files():
            if self._local(path):
                data = _read(path)
                if data is not None:
                    self._sources[path] = _Source(data, imported=True, seen=False)
        listen("exec", self._executed)

    def stop(self) -> None:
        """Listen no longer; what was noted stays."""
        unlisten("exec", self._executed)

    def look(self) -> None:
        """Check what was executed since the last look against its text; cheap when nothing was."""
        for path, source in list(self._sources.items()):
            if source.code is not None:
                source.exact = _compiles_to(source.data, path, source.code)
                source.code = None

    def _executed(self, args: tuple[object, ...]) -> None:
        code = args[0]
        if type(code) is not CodeType or code.co_name != "<module>":
            return
        path = code.co_filename
        if not path.endswith((".py", ".ipy")) or len(self._sources) >= MOST_MODULES:
            return
        # 0 is here, 1 the hook, 2 whoever calls exec
        imported = sys._getframe(2).f_code.co_filename.startswith(_IMPORTERS)
        path = os.path.realpath(path)
        data = _read(path) if self._local(path) else None
        if data is not None:
            self._sources[path] = _Source(data, imported, seen=True, code=code)

    def _local(self, path: str) -> bool:
        """Whether a file is the project's own: not installed in it, not ours."""
        return path.startswith(self._inside) and not _installed(path)

    def sources(self) -> dict[str, tuple[str, _Source]]:
        """Path -> (module name, source) of what is loaded now, and ("", source) of scripts."""
        self.look()
        if self._state != (state := distributions.loaded_state()):
            self._names = {path: name for name, path in reversed(_loaded_files())}
            self._state = state
        names = self._names
        found = {}
        for path, source in sorted(self._sources.items()):
            if path in names or not source.imported:
                found[path] = (names.get(path, ""), source)
        return found


def capture(
    watch: ModuleWatch, writer: Writer, redactor: Redactor, project: str | Path | None = None
) -> tuple[Part, tuple[Notice, ...]]:
    """The local code as a part of kind files. Facts of each file: path (from the root of the
    project's checkout), module ("" for a script), digest, and source: "imported" as it was
    executed, "file" as the file was when first looked at.
    """
    base = checkout.root(project) if project is not None else watch.root
    listed: list[dict[str, Json]] = []
    notices: list[Notice] = []
    for path, (name, source) in watch.sources().items():
        shown, _ = shown_path(path, base)
        data = _clean(source, shown, redactor)
        digest = writer.add(data)
        exact = source.seen and source.exact
        entry: dict[str, Json] = {
            "path": shown,
            "module": name,
            "digest": digest,
            "size": len(data),
        }
        listed.append(entry | {"blobs": [digest], "source": "imported" if exact else "file"})
        if not exact:
            notices.append(Notice("from-file", shown, _why(source)))
    blobs = tuple(str(entry["digest"]) for entry in listed)
    return Part("files", "modules", {"files": listed}, blobs), tuple(notices)


def digests(part: Part) -> dict[str, str]:
    """Module name (a script's path) -> digest of its text."""
    return {str(e.get("module") or e["path"]): str(e["digest"]) for e in entries(part)}


def _why(source: _Source) -> str:
    if not source.seen:
        return "was imported before snapbook was loaded: kept as its file is"
    return "ran from compiled code that is not its file's: kept as its file is"


def _loaded_files() -> list[tuple[str, str]]:
    """(name, path) of each loaded module that came from a Python file, none of those installed."""
    found = []
    for name, module in list(sys.modules.items()):
        if type(name) is str and issubclass(type(module), ModuleType) and name != "__main__":
            # not by getattr: that would load a lazy module
            path = object.__getattribute__(module, "__dict__").get("__file__")
            if type(path) is str and path.endswith(".py") and not _installed(path):
                found.append((name, os.path.realpath(path)))
    return found


def _installed(path: str) -> bool:
    return any(part in path for part in _INSTALLED) or path.startswith((_OURS, *system_folders()))


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError:
        return None
    return data if len(data) <= _MOST_BYTES else None


def _compiles_to(data: bytes, path: str, code: CodeType) -> bool:
    """Whether compiling the text gives the code that ran. A .pyc is trusted by Python for whole
    seconds and sizes, so an edit within one second can leave an old one in use.
    """
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made: Any = compile(data, code.co_filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # IPython's own syntax in a script (.ipy): there is no pure text to compare
        return path.endswith(".ipy")
    return bool(made == code)


def _clean(source: _Source, shown: str, redactor: Redactor) -> bytes:
    """The text without secrets, in its own encoding; found once for each execution."""
    if source.clean is None or source.clean[0] is not redactor:
        source.clean = (redactor, _redacted(source.data, shown, redactor))
    return source.clean[1]


def _redacted(data: bytes, shown: str, redactor: Redactor) -> bytes:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        # any byte is a character here and the same byte again
        encoding, text = "latin-1", data.decode("latin-1")
    clean = redactor.redact(text, shown)
    return data if clean == text else clean.encode(encoding)
