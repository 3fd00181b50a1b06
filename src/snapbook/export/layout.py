"""An image without a registry: the OCI image layout, as a folder or as one tar archive.

Written for who carries it elsewhere; read as what an image is built on. Digests are compared as it
is read, for a folder comes from anywhere.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.errors import Damaged, NotFound
from snapbook.export.artifact import Artifact, parsed
from snapbook.export.files import File, whole
from snapbook.export.layer import Blob, archive

_MARK = canonical.encode({"imageLayoutVersion": "1.0.0"})
_INDEX = "application/vnd.oci.image.index.v1+json"
_REF = "org.opencontainers.image.ref.name"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MOST_JSON = 16 << 20
_PIECE = 1 << 20
Progress = Callable[[int], None]


def files(made: Artifact, tag: str) -> Iterator[File]:
    """The layout of ``made`` as files. ``tag`` is what tools know it by."""
    manifest = made.manifest
    entry: dict[str, Json] = {**manifest.described, "annotations": {_REF: tag}}
    if made.kind:
        entry["artifactType"] = made.kind
    index: Json = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [entry]}
    yield whole("oci-layout", _MARK)
    yield whole("index.json", canonical.encode(index))
    for one in {one.digest: one for one in (manifest, *made.blobs)}.values():
        yield File(f"blobs/{one.digest.replace(':', '/')}", one.size, one.read)


def write(made: Artifact, tag: str, target: Path, *, packed: bool, done: Progress) -> None:
    """Write the layout into the empty folder ``target``, or as the archive ``target``."""
    if packed:
        with target.open("wb") as out:
            for piece in archive(files(made, tag)):
                out.write(piece)
                done(len(piece))
        return
    for file in files(made, tag):
        path = target / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as out:
            for piece in file.read():
                out.write(piece)
                done(len(piece))


class Layout:
    """A layout that is read. Raises NotFound, Damaged."""

    def __init__(self, path: Path) -> None:
        self._files: _Read = _Folder(path) if path.is_dir() else _Archive(path)
        self._index = parsed(self._files.small("index.json"), "index.json")

    def manifest(self, digest: str = "") -> bytes:
        """Its only manifest or index; with ``digest`` one of those that the index names."""
        if digest:
            return self.document(digest)
        listed = self._index.get("manifests")
        entry = listed[0] if isinstance(listed, list) and len(listed) == 1 else None
        if not isinstance(entry, dict):
            raise NotFound("The base is not one image", act="Name a layout that holds one image")
        return self.document(str(entry.get("digest")))

    def document(self, digest: str) -> bytes:
        """A manifest or a configuration."""
        data = self._files.small(_place(digest))
        if f"sha256:{hashlib.sha256(data).hexdigest()}" != digest:
            raise Damaged("The base is not whole", f"{digest} has other bytes")
        return data

    def blob(self, described: Mapping[str, Any], media: str) -> Blob:
        """A layer of it."""
        digest = str(described.get("digest"))
        place, size = _place(digest), int(described.get("size", 0))
        return Blob(media, digest, size, lambda: checked(self._files.pieces(place), digest, size))


class _Read(Protocol):
    def small(self, name: str) -> bytes: ...

    def pieces(self, name: str) -> Iterator[bytes]: ...


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path

    def small(self, name: str) -> bytes:
        try:
            with (self._path / name).open("rb") as file:
                return file.read(_MOST_JSON)
        except OSError as error:
            raise NotFound(f"{self._path.name} is no layout of an image: no {name}") from error

    def pieces(self, name: str) -> Iterator[bytes]:
        with (self._path / name).open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece


class _Archive:
    def __init__(self, path: Path) -> None:
        self._path = path

    def small(self, name: str) -> bytes:
        return b"".join(self.pieces(name))[:_MOST_JSON]

    def pieces(self, name: str) -> Iterator[bytes]:
        try:
            with tarfile.open(self._path, "r:") as archive:
                file = archive.extractfile(name)
                while file is not None and (piece := file.read(_PIECE)):
                    yield piece
        except (KeyError, OSError, tarfile.TarError) as error:
            raise NotFound(f"{self._path.name} is no layout of an image: no {name}") from error


def checked(pieces: Iterator[bytes], digest: str, size: int) -> Iterator[bytes]:
    """The ``pieces``, and Damaged at their end where they are not what ``digest`` says."""
    found, count = hashlib.sha256(), 0
    for piece in pieces:
        found.update(piece)
        count += len(piece)
        if count > size:
            break
        yield piece
    if count != size or f"sha256:{found.hexdigest()}" != digest:
        raise Damaged("The base is not whole", f"{digest} has other bytes")


def _place(digest: str) -> str:
    if _DIGEST.fullmatch(digest) is None:
        raise Damaged("The base is not whole", "it names something that has no SHA-256")
    return f"blobs/{digest.replace(':', '/')}"
