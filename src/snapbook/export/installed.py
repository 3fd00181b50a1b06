"""The packages of a bundle as files for an image: uv puts them into a folder, wheels alone.

For the image's kind of machine, which need not be this one's. What uv writes of this machine (the
first lines of programs, and what RECORD says of them) is left out: the same wheels are the same
files.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from snapbook.errors import NotRestorable
from snapbook.export.files import File, whole
from snapbook.export.layer import tree
from snapbook.process import ended
from snapbook.serve import environment, recipe

# The oldest C library that wheels of today are made for; Debian 10, RHEL 8 and later have it.
_SYSTEM = "manylinux_2_28"


def install(
    folder: Path, wanted: recipe.Recipe, architecture: str, seconds: float, offline: bool
) -> Path:
    """Install ``wanted`` into a folder in ``folder``, which is given back. Raises NotRestorable."""
    uv = environment.program()
    lib, log = folder / "lib", folder / "log.txt"
    command = [
        str(uv),
        *environment.installing(folder, wanted),
        *("--target", str(lib), "--python", sys.executable, "--python-version", wanted.python),
        *("--python-platform", f"{architecture}-{_SYSTEM}"),
    ]
    why = "uv is not installed"
    if uv is not None:
        why = ended([*command, "--offline"], log, folder, seconds)
        if why and not offline:
            why = ended(command, log, folder, seconds)
    if why:
        raise NotRestorable("Its packages were not installed", why)
    return lib


def files(lib: Path, below: str) -> Iterator[File]:
    """What was installed in ``lib``, below ``below``, without what is of this machine."""
    for file in tree(lib, below):
        inner = file.path.removeprefix(f"{below}/")
        if _foreign(inner):
            continue
        if inner.endswith(".dist-info/RECORD"):
            yield whole(file.path, _record(b"".join(file.read()).decode()).encode())
        else:
            yield file


def programs(lib: Path, below: str) -> frozenset[str]:
    """Which of the files may be run: libraries and programs that lie within packages."""
    return frozenset(
        f"{below}/{path.relative_to(lib).as_posix()}"
        for path in lib.rglob("*")
        if path.is_file() and os.access(path, os.X_OK)
    )


def _foreign(inner: str) -> bool:
    return inner.startswith(("bin/", ".")) or "__pycache__/" in inner


def _record(text: str) -> str:
    """RECORD without what is left out."""
    lines = [line for line in text.splitlines() if not line.startswith(("../", "bin/", '"../'))]
    return "".join(f"{line}\n" for line in sorted(lines))
