"""What Python compiled of packages, taken along into an environment that has the same ones.

A package is compiled at its first import, which for scikit-learn with all it needs takes longer
than all else at the start of a server. Environments of one user mostly differ in a package or two,
and uv links their files out of its cache; so what was compiled in one of them is linked into the
next. Python itself looks at each file's time and size before it believes what was compiled of it,
so what does not fit is compiled anew, and costs what it always did.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

_FOLDER = "__pycache__"


def share(site: Path, others: Iterable[Path]) -> int:
    """Link into ``site`` what was compiled in ``others``, the folders of packages of environments
    for the same Python: of each package from the first that has it, file for file. Gives how many
    files were linked.
    """
    known = list(others)
    count = 0
    for info in site.glob("*.dist-info"):
        sources = _sources(info)
        for other in known:
            if sources and sources == _sources(other / info.name):
                modules = _modules(sources).items()
                if linked := sum(_linked(site, other, *found) for found in modules):
                    count += linked
                    break
    return count


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
        if not path.is_absolute() and ".." not in path.parts:
            found.setdefault(path.parent, set()).add(path.stem)
    return found


def _linked(site: Path, other: Path, folder: PurePosixPath, modules: set[str]) -> int:
    """Link what was compiled of the ``modules`` of one folder; how many files."""
    source, target, count = other / folder / _FOLDER, site / folder / _FOLDER, 0
    with suppress(OSError):  # nothing was compiled there, or the disk has no links
        names = [name for name in os.listdir(source) if name.partition(".")[0] in modules]
        target.mkdir(exist_ok=True)
        for name in names:
            os.link(source / name, target / name)
            count += 1
    return count
