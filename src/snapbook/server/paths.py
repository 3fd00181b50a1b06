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
    """A place in the served tree: ``path`` as it was asked, and the ``folder`` it stands for."""

    root: Path
    path: str
    target: Path
    folder: Path


def spot(root: Path, path: str) -> Spot:
    """The spot of ``path`` ("a/train.ipynb", "" for the root itself). Raises NotFound.

    A file that is not there yet (an unsaved notebook) has its folder all the same.
    """
    try:
        root = root.resolve(strict=True)
        target = inside(root, root, path)
        folder = target if target.is_dir() else target.parent
        if not folder.is_dir():
            raise _absent(path)
    except (OSError, ValueError, RuntimeError):
        # Names too long, NUL, lone surrogates, links in a circle, folders that are closed to us.
        raise _absent(path) from None
    return Spot(root, path, target, folder)


def inside(root: Path, base: Path, path: str) -> Path:
    """``path`` below ``base``, with links followed, still in ``root``. Raises NotFound."""
    try:
        if len(path) > _LONGEST:
            raise ValueError("too long")
        parts = path.split("/") if path else []
        for part in parts:
            # "." and, on Windows, drives have another name than themselves.
            if not part or part == ".." or Path(part).name != part or "\0" in part:
                raise ValueError("no name")
        found = base.joinpath(*parts).resolve()
        if not found.is_relative_to(root):
            raise ValueError("outside")
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
