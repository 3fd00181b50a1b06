"""The files of a bundle, in a folder or in one archive: their names, sizes and bytes.

A bundle comes from anywhere. So a name is taken only if no path can hide in it, a link is no file,
and an archive is read only if nothing in it is packed: then it cannot be larger than it is.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from snapbook.errors import Damaged, NotFound

_NAME = re.compile(r"[\w-][\w.-]{0,199}(/[\w-][\w.-]{0,199}){0,15}")
_MOST_FILES = 20_000


class Files(Protocol):
    """Where the files are."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Bytes by name; names are parted by slashes."""

    def read(self, name: str) -> bytes:
        """The bytes of a file that is there. Raises Damaged."""


def opened(path: Path) -> Files:
    """The files of the bundle at ``path``. Raises NotFound, Damaged."""
    try:
        if path.is_dir():
            return Folder(path)
        if path.is_file():
            return Archive(path)
    except OSError as error:
        raise Damaged("Not a bundle", f"{path.name} cannot be read ({error.strerror})") from error
    raise NotFound(
        f"There is no bundle {path.name}", act="It is a folder, or a file that ends .zip"
    )


class Folder:
    """A bundle as a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        sizes: dict[str, int] = {}
        for place in sorted(path.rglob("*")):
            name = place.relative_to(path).as_posix()
            if place.is_symlink() or not (place.is_dir() or place.is_file()):
                raise Damaged("The bundle is not whole", f"{_shown(name)} is no file")
            if place.is_file():
                sizes[checked(name)] = place.stat().st_size
            if len(sizes) > _MOST_FILES:
                raise Damaged("The bundle is not whole", f"it has more than {_MOST_FILES} files")
        self.sizes: Mapping[str, int] = sizes

    def read(self, name: str) -> bytes:
        """See `Files.read`."""
        try:
            return (self._path / checked(name)).read_bytes()
        except OSError as error:
            raise Damaged("The bundle is not whole", f"{name} cannot be read") from error


class Archive:
    """A bundle as one zip archive without packing."""

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise Damaged("Not a bundle", f"{path.name} is no archive, or a part of one") from error
        sizes: dict[str, int] = {}
        for member in self._archive.infolist():
            name = checked(member.filename)
            if name in sizes:
                raise Damaged("The bundle is not whole", f"{name} is in it twice")
            if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
                raise Damaged("The bundle is not whole", f"{name} is packed, which no bundle's is")
            sizes[name] = member.file_size
        if sum(sizes.values()) > path.stat().st_size:
            raise Damaged("The bundle is not whole", "its files would be larger than itself")
        self.sizes: Mapping[str, int] = sizes

    def read(self, name: str) -> bytes:
        """See `Files.read`."""
        try:
            return self._archive.read(name)
        except (zipfile.BadZipFile, KeyError, OSError, EOFError, RuntimeError) as error:
            raise Damaged("The bundle is not whole", f"{name} cannot be read") from error


def checked(name: str) -> str:
    """``name``, if it is one that leads to a place within the bundle. Raises Damaged."""
    if _NAME.fullmatch(name) is None:
        raise Damaged("The bundle is not whole", f"no file in it can be called {_shown(name)}")
    return name


def _shown(name: str) -> str:
    return ascii(name[:60])
