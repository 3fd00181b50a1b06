"""A layer of an image: files as one tar archive that is the same bytes whoever writes it, wherever.

Names are sorted, times are nought, everything is root's, modes are two. Nothing is packed, because
compressors differ from one machine to the next: so a layer's digest is also that of its contents.
It is read twice, once for its digest and once to send it, and never lies anywhere as a whole.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from snapbook.export.files import File

LAYER = "application/vnd.oci.image.layer.v1.tar"
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes with a digest ("sha256:..."), read from a place on: all of them, or what is missing.

    ``origin`` is the repository that has it already ("registry.example.com/python"), "" where none.
    """

    media: str
    digest: str
    size: int
    read: Callable[[], Iterator[bytes]]
    origin: str = ""

    @property
    def described(self) -> dict[str, str | int]:
        """As manifests tell of it."""
        return {"mediaType": self.media, "digest": self.digest, "size": self.size}


def blob(media: str, data: bytes) -> Blob:
    """What is in memory."""
    return Blob(
        media, f"sha256:{hashlib.sha256(data).hexdigest()}", len(data), lambda: iter((data,))
    )


def layer(files: Iterable[File], programs: frozenset[str] = frozenset()) -> Blob:
    """The layer with these files, of which ``programs`` may be run."""
    kept = tuple(files)
    found, size = hashlib.sha256(), 0
    for piece in archive(kept, programs):
        found.update(piece)
        size += len(piece)
    return Blob(LAYER, f"sha256:{found.hexdigest()}", size, lambda: archive(kept, programs))


def archive(files: Iterable[File], programs: frozenset[str] = frozenset()) -> Iterator[bytes]:
    """The tar archive with these files, of which ``programs`` may be run."""
    known = {one.path: one for one in files}
    for name in sorted({*known, *_folders(known)}):
        yield from _entry(name, known.get(name), name in programs)
    yield bytes(2 * tarfile.BLOCKSIZE)


def tree(folder: Path, below: str) -> Iterator[File]:
    """The files in ``folder`` as files below ``below``. Links are not followed and not taken."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            name = f"{below}/{path.relative_to(folder).as_posix()}"
            yield File(name, path.stat().st_size, partial(pieces, path))


def pieces(path: Path) -> Iterator[bytes]:
    """The bytes of a file."""
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_PIECE):
            yield piece


def _folders(names: Iterable[str]) -> set[str]:
    parents = {parent.as_posix() for name in names for parent in PurePosixPath(name).parents}
    return parents - {"."}


def _entry(name: str, file: File | None, program: bool) -> Iterator[bytes]:
    told = tarfile.TarInfo(name)
    if file is None:
        told.type, told.mode = tarfile.DIRTYPE, 0o755
        yield told.tobuf(tarfile.PAX_FORMAT)
        return
    told.size, told.mode = file.size or 0, 0o755 if program else 0o644
    yield told.tobuf(tarfile.PAX_FORMAT)
    yield from file.read()
    if rest := told.size % tarfile.BLOCKSIZE:
        yield bytes(tarfile.BLOCKSIZE - rest)
