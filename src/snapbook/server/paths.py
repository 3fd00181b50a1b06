"""From a path of the contents API to a folder: only inside of the server's root, part by part.

The root is the wall: a path that leaves it, by its words or by a link, is not there. Everything
that a browser sends comes through here before the disk is asked for anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from snapbook.errors import NotFound

_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the served tree: what a path stands for, and the folder that it lies in.

    ``hidden`` is whether the server shows names that begin with a dot.
    """

    root: Path
    target: Path
    folder: Path
    hidden: bool = False

    def inside(self, path: str) -> Path:
        """``path``, told from this folder on. Raises NotFound for one that leaves the root."""
        return _inside(self.root, self.folder, path, self.hidden)


def spot(root: Path, path: str, *, hidden: bool = False) -> Spot:
    """The spot of ``path`` ("a/train.ipynb", "" for the root itself). Raises NotFound.

    A file that is not there yet (an unsaved notebook) has its folder all the same. Without
    ``hidden``, what lies below a name that begins with a dot is not there, as in the contents API.
    """
    try:
        root = root.resolve(strict=True)
        target = _inside(root, root, path, hidden)
        folder = target if target.is_dir() else target.parent
        if not folder.is_dir():
            raise _absent(path)
    except (OSError, ValueError, RuntimeError):
        # Names too long, NUL, lone surrogates, links in a circle, folders that are closed to us.
        raise _absent(path) from None
    return Spot(root, target, folder, hidden)


def _inside(root: Path, base: Path, path: str, hidden: bool) -> Path:
    try:
        if len(path) > _LONGEST:
            raise ValueError("too long")
        parts = path.split("/") if path else []
        for part in parts:
            # "." and, on Windows, drives have another name than themselves.
            if not part or part == ".." or Path(part).name != part or "\0" in part:
                raise ValueError("no name")
        found = base.joinpath(*parts).resolve()
        told = found.relative_to(root)  # a ValueError where it is not below
        if not hidden and any(part.startswith(".") for part in (*parts, *told.parts)):
            raise ValueError("hidden")
    except (OSError, ValueError, RuntimeError):
        raise _absent(path) from None
    return found


def relative(root: Path, folder: Path) -> str:
    """``folder`` as the contents API names it; "" for the root and for what lies outside."""
    try:
        told = folder.relative_to(root).as_posix()
    except ValueError:
        return ""
    return "" if told == "." else told


def _absent(path: str) -> NotFound:
    shown = path if len(path) <= 80 else path[:77] + "..."
    return NotFound(f"There is no {shown!a} here", kind="no-such-path")
