"""Our own package as far as serving needs it: the rooms `serve` and `flavors` and what they import.

Told from the sources, so that what is not needed (faces, registry, catalog) is not in an image, and
what a later release needs is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import snapbook
from snapbook.export.files import File, whole

_ROOMS = ("serve", "flavors")
_IMPORTS = re.compile(
    r"^\s*(?:import (snapbook\.[\w.]+)|from (snapbook[\w.]*) import (\([^)]*\)|[^\n]*))",
    re.MULTILINE,
)
_NAME = re.compile(r"\w+")


def files(below: str) -> Iterator[File]:
    """The files, below ``below``, in which Python finds the package and its release."""
    root = Path(snapbook.__file__).resolve().parent
    for path in sorted(_needed(root)):
        yield whole(f"{below}/snapbook/{path.relative_to(root).as_posix()}", path.read_bytes())
    number = _release()
    told = f"Metadata-Version: 2.1\nName: snapbook\nVersion: {number}\n"
    yield whole(f"{below}/snapbook-{number}.dist-info/METADATA", told.encode())


def _needed(root: Path) -> set[Path]:
    found = {path for room in _ROOMS for path in (root / room).rglob("*")
             if path.is_file() and "__pycache__" not in path.parts}  # fmt: skip
    found.add(root / "__init__.py")
    queue = [path for path in found if path.suffix == ".py" and path.parent != root]
    while queue:
        for path in _imported(queue.pop(), root):
            if path not in found:
                found.add(path)
                queue.append(path)
    return found


def _imported(path: Path, root: Path) -> Iterator[Path]:
    """The files of this package that a file imports, wherever in it; perhaps one more that a
    sentence in it names as an import.
    """
    for plain, module, names in _IMPORTS.findall(path.read_text("utf-8")):
        words = (plain or module).split(".")[1:]
        yield from _files(root, words)
        for name in _NAME.findall(names):
            yield from _files(root, [*words, name])


def _files(root: Path, words: list[str]) -> Iterator[Path]:
    for count in range(1, len(words) + 1):  # a package's own __init__ is imported with it
        place = root.joinpath(*words[:count])
        yield from (
            one for one in (place / "__init__.py", place.with_suffix(".py")) if one.is_file()
        )


def _release() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("snapbook")
    except PackageNotFoundError:
        return "0"
