"""What registries of images hold: a manifest, and the blobs that it names.

An image is one, a model as a ModelPack is another; whoever writes or sends one needs no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.errors import Damaged
from snapbook.export.layer import Blob, blob

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True, slots=True)
class Artifact:
    """``blobs`` are the configuration and the layers, in the manifest's order; ``kind`` is what it
    is where it is no image.
    """

    manifest: Blob
    blobs: Sequence[Blob]
    kind: str = ""

    @property
    def digest(self) -> str:
        """What it is known by."""
        return self.manifest.digest

    @property
    def size(self) -> int:
        """Bytes of all that it is."""
        return self.manifest.size + sum(one.size for one in self.blobs)


def artifact(
    config: Blob,
    layers: Sequence[Blob],
    annotations: Mapping[str, str],
    kind: str = "",
    each: Sequence[Mapping[str, str]] = (),
) -> Artifact:
    """The artifact of a configuration and layers, which have the annotations in ``each``."""
    listed: list[Json] = []
    for place, one in enumerate(layers):
        said: dict[str, Json] = {"annotations": dict(each[place])} if each else {}
        listed.append({**one.described, **said})
    told: dict[str, Json] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": dict(config.described),
        "layers": listed,
        "annotations": dict(annotations),
    }
    if kind:
        told["artifactType"] = kind
    return Artifact(blob(MANIFEST, canonical.encode(told)), (config, *layers), kind)


def parsed(data: bytes, name: str) -> dict[str, Any]:
    """A JSON object that came from elsewhere. Raises Damaged."""
    import json

    try:
        found: Any = json.loads(data)
    except ValueError as error:
        raise Damaged("Not an image", f"{name} is no JSON") from error
    if not isinstance(found, dict):
        raise Damaged("Not an image", f"{name} says nothing")
    return found
