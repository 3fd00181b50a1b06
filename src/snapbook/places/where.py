"""Where the repository of a folder is, or would be: found by walking up, like git does.

In the git root, else beside the notebook; in the user's data folder where the project's folder
belongs to somebody else or cannot be written. Asks the disk alone and opens nothing.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from snapbook import canonical

NAME = ".snapbook"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a project's repository is or would be; ``why``, where that is not the project."""

    project: Path
    folder: Path
    why: str = ""

    @property
    def exists(self) -> bool:
        """Whether it was made."""
        return is_there(self.folder / "format")


def place(start: Path) -> Place:
    """The place for ``start``: the nearest repository above it, else where one would be made."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if is_there(folder / NAME / "format") and _mine(folder / NAME):
            return Place(folder, folder / NAME)
        if (outside := _outside(folder)) is not None and is_there(outside / "format"):
            return Place(folder, outside, "kept outside the project")
    root = next((f for f in (start, *start.parents) if is_there(f / ".git")), start)
    if os.environ.get("SNAPBOOK_HOME"):
        return Place(root, _home() / _slug(root), "SNAPBOOK_HOME is set")
    if not _mine(root) or (is_there(root / NAME) and not _mine(root / NAME)):
        return Place(root, _home() / _slug(root), "the folder belongs to somebody else")
    if not os.access(root, os.W_OK):
        return Place(root, _home() / _slug(root), "the folder cannot be written")
    return Place(root, root / NAME)


def has_versions(start: Path) -> bool:
    """Whether something was ever kept for ``start``; asks the disk alone and opens nothing."""
    try:
        with os.scandir(place(start).folder / "events") as events:
            return any(True for _ in events)
    except OSError:
        return False


def outside_folder(project: Path) -> Path:
    """Where `init --outside` puts the repository of ``project``."""
    return _home() / _slug(project.resolve())


def cache_folder(url: str) -> Path:
    """Where what is remembered of the bucket at ``url`` lies: the user's cache folder."""
    import platformdirs

    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", url).strip("-.")
    name = f"{plain[:40]}-{canonical.digest(url.encode())[:12]}"
    return platformdirs.user_cache_path("snapbook", appauthor=False) / "registries" / name


def is_there(path: Path) -> bool:
    """Whether the path can be seen; what lies in somebody else's closed folder cannot."""
    return os.path.exists(path)  # Path.exists raises there


def _mine(folder: Path) -> bool:
    """Whether the folder is the user's own. Root owns what it can write; Windows has no owners."""
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        return True
    try:
        return folder.stat().st_uid == os.geteuid()
    except OSError:
        return False


def _home() -> Path:
    if chosen := os.environ.get("SNAPBOOK_HOME"):
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_data_path("snapbook", appauthor=False) / "repositories"


def _outside(project: Path) -> Path | None:
    home = _home()
    return home / _slug(project) if home.is_dir() else None


def _slug(project: Path) -> str:
    """A folder name for a project: readable, and unique by the digest of its whole path."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", project.name).strip("-.") or "project"
    return f"{plain[:40]}-{canonical.digest(str(project).encode('utf-8', 'surrogateescape'))[:12]}"
