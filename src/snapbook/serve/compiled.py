"""What Python compiled of packages, taken along into an environment that has the same ones.

A package is compiled at its first import, which for scikit-learn with all it needs takes longer
than all else at the start of a server. The environment that we run in, and others that were made
before, mostly have the same packages; so what was compiled there is linked into the next one.
Python looks at a source's time and size before it believes what was compiled of it, and at nothing
else. So where uv did not link both files out of one cache, they are compared byte for byte, and
what was compiled is copied with the time of the new one. What does not fit is compiled anew.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

_FOLDER = "__pycache__"
_HEAD = struct.Struct("<4sIII")  # PEP 552: magic number, flags, time and size of the source
_TIMED = 0  # the flags of what is believed by time and size
_WORD = 0xFFFFFFFF
_LEFT = {"..", "tests"}  # what lies elsewhere, and what no server imports


def share(site: Path, others: Iterable[Path]) -> int:
    """Bring into ``site`` what was compiled in ``others``, the folders of packages of environments
    for the same Python: of each package from the first that has it, file for file. Gives how many
    files came.
    """
    known = list(others)
    count = 0
    for info in site.glob("*.dist-info"):
        sources = _sources(info)
        alike = (other for other in known if sources and sources == _sources(other / info.name))
        came = (_package(site, other, sources) for other in alike)
        count += next(filter(None, came), 0)
    return count


def _package(site: Path, other: Path, sources: Iterable[bytes]) -> int:
    """Bring what was compiled of one package; how many files."""
    modules = _modules(sources).items()
    return sum(_brought(f"{site}/{at}", f"{other}/{at}", names) for at, names in modules)


def _sources(info: Path) -> frozenset[bytes]:
    """The lines on Python's files in the record of a package: path, hash, size; none of no
    package.
    """
    try:
        lines = (info / "RECORD").read_bytes().splitlines()
    except OSError:
        return frozenset()
    return frozenset(line for line in lines if b".py,sha256=" in line)


def _modules(sources: Iterable[bytes]) -> Mapping[PurePosixPath, set[str]]:
    """The names of these files without ending, by their folder within that of packages."""
    found: dict[PurePosixPath, set[str]] = {}
    for line in sources:
        path = PurePosixPath(line.partition(b",")[0].decode("utf-8", "replace"))
        if not path.is_absolute() and not _LEFT.intersection(path.parts):
            found.setdefault(path.parent, set()).add(path.stem)
    return found


def _brought(new: str, old: str, modules: set[str]) -> int:
    """Bring what was compiled of the ``modules`` of one folder; how many files."""
    count = 0
    with suppress(OSError):  # nothing was compiled there
        compiled = [name for name in os.listdir(f"{old}/{_FOLDER}") if name.endswith(".pyc")]
        os.makedirs(f"{new}/{_FOLDER}", exist_ok=True)
        for name in compiled:
            module = name.partition(".")[0]
            if module in modules:
                with suppress(OSError, struct.error):  # no links here, or cut
                    count += _taken(new, old, f"{module}.py", f"{_FOLDER}/{name}")
    return count


def _taken(new: str, old: str, source: str, compiled: str) -> bool:
    """Whether what was compiled of a ``source`` in ``old`` is of the one in ``new``, too."""
    about, before = os.stat(f"{new}/{source}"), os.stat(f"{old}/{source}")
    if os.path.samestat(about, before):  # Python looks by itself
        os.link(f"{old}/{compiled}", f"{new}/{compiled}")
        return True
    data = _read(f"{old}/{compiled}")
    magic, flags, time, size = _HEAD.unpack_from(data)
    if (flags, time, size) != (_TIMED, int(before.st_mtime) & _WORD, before.st_size & _WORD):
        return False  # of the source as it was before somebody changed it
    if _read(f"{new}/{source}") != _read(f"{old}/{source}"):
        return False
    head = _HEAD.pack(magic, flags, int(about.st_mtime) & _WORD, size)
    with open(f"{new}/{compiled}", "wb", buffering=0) as out:
        out.write(head + data[_HEAD.size :])
    return True


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.read()
