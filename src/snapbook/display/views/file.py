"""The text of an attachment or a local module that a version keeps."""

from __future__ import annotations

from typing import Any

from snapbook.display.views.asking import Question
from snapbook.errors import NotFound, Usage
from snapbook.parts import attached, files
from snapbook.verbs import look

LARGEST = 1_000_000


def file(asking: Question) -> dict[str, Any]:
    """A file's text. Raises NotFound for one of which the digest alone is kept."""
    name = asking.needed("name")
    with asking.here(long=True) as here:
        repository = here.repository()
        version, _ = look.resolve(repository, asking.needed("ref"))
        known = False
        for part in repository.parts(version.manifest):
            for entry in files.entries(part) if part.kind == "files" else ():
                if entry.get("path") != name:
                    continue
                known = True
                if blobs := _blobs(entry, part.blobs):
                    if not isinstance(entry.get("size"), int) or entry["size"] > LARGEST:
                        raise Usage(f"{name} is too large to be shown", kind="too-large")
                    data = b"".join(repository.store.get(blob) for blob in blobs)
                    return {"name": name, "text": _text(name, data)}
    if known:
        raise NotFound(f"Of {name} only the digest is kept", kind="not-kept")
    raise NotFound(f"{version.ref} has no file {name}", kind="no-file")


def _blobs(entry: dict[str, Any], held: tuple[str, ...]) -> list[str]:
    """The pieces of a file, in order, of those that its part holds; [] where it is not kept."""
    pieces = entry.get("blobs")
    if not isinstance(pieces, list) or not pieces:
        pieces = [entry.get("digest")]
    return pieces if all(piece in held for piece in pieces) else []


def _text(name: str, data: bytes) -> str:
    if len(data) > LARGEST:
        raise Usage(f"{name} is too large to be shown", kind="too-large")
    text = attached.decoded(data)
    if text is None:
        raise Usage(f"{name} is no text", kind="not-text")
    return text
