"""Rows that stay with the author: which blobs of a version may be absent, and which may not.

A version travels without the rows of some of its frames: its Manifest and its Parts are the same
bytes, so its digest and its author's signature hold, and only the blobs that nothing but these
frames needs are left behind. Knows Manifests and Parts; no Repository and no network.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from snapbook.errors import BadOption
from snapbook.manifest import Manifest
from snapbook.parts.base import Part

Get = Callable[[str], bytes]


def frames(manifest: Manifest, get: Get) -> dict[str, str]:
    """Digest -> name of those frames of ``manifest`` whose rows are kept."""
    return {
        ref.digest: ref.name
        for ref in manifest.parts
        if ref.kind == "frame" and Part.decode(get(ref.digest)).facts.get("stored")
    }


def blobs(manifest: Manifest, parts: Collection[str], get: Get) -> frozenset[str]:
    """The blobs that only the frames ``parts`` (digests) need: these may be absent.

    What a model, a cell or another frame needs as well may not. Raises BadOption for what is no
    frame of ``manifest``.
    """
    if not parts:
        return frozenset()
    named = {ref.digest for ref in manifest.parts if ref.kind == "frame"}
    needed = {ref.digest for ref in manifest.parts}
    rows: set[str] = set()
    for ref in manifest.parts:
        part = Part.decode(get(ref.digest))
        held = ref.digest in parts and ref.digest in named and part.kind == "frame"
        (rows if held else needed).update(part.blobs)
        if ref.digest in parts and not held:
            raise _no_frame(ref.name)
    if strange := set(parts) - named:
        raise _no_frame(min(strange)[:12])
    return frozenset(rows - needed)


def _no_frame(name: str) -> BadOption:
    return BadOption(
        f"Not copied: {name} is no frame of this version", "only rows of frames may stay behind"
    )
