"""A bundle as a ModelPack: the form in which the CNCF's specification puts models into registries.

Each file is a layer of its own, as it is, with its path: tools that know the specification tell
weights, code and documents apart; tools that know OCI alone write the files where they belong.
https://github.com/modelpack/model-spec, media types and annotations of its version 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.export.artifact import Artifact, artifact
from snapbook.export.image import told_of
from snapbook.export.layer import Blob, blob, tree
from snapbook.serve.load import Bundle

KIND = "application/vnd.cncf.model.manifest.v1+json"
CONFIG = "application/vnd.cncf.model.config.v1+json"
_LAYER = "application/vnd.cncf.model.{}.v1.raw"
_PATH = "org.cncf.model.filepath"
_TITLE = "org.opencontainers.image.title"  # where generic tools look for a path
_KINDS: Mapping[str, str] = {
    "model": "weight", "code": "code", "card.md": "doc", "sample.json": "dataset",
}  # fmt: skip


def modelpack(opened: Bundle, bundle: Path) -> Artifact:
    """The bundle in the folder ``bundle`` as an artifact."""
    listed: Mapping[str, Mapping[str, object]] = opened.facts["files"]
    layers, said = [], []
    for file in tree(bundle, "."):
        name = file.path.removeprefix("./")
        media = _LAYER.format(_KINDS.get(name.partition("/")[0], "weight.config"))
        if name == "bundle.json":
            layers.append(blob(media, b"".join(file.read())))
        else:
            entry = listed[name]
            digest = f"sha256:{entry['sha256']}"
            layers.append(Blob(media, digest, int(str(entry["bytes"])), file.read))
        said.append({_PATH: name, _TITLE: name})
    config = blob(CONFIG, canonical.encode(_config(opened, layers)))
    return artifact(config, layers, told_of(opened), KIND, said)


def _config(opened: Bundle, layers: list[Blob]) -> dict[str, Json]:
    facts = opened.facts
    descriptor: dict[str, Json] = {
        "name": str(facts["model"]),
        "version": str(facts["number"]),
        "revision": str(facts["manifest"]),
        "family": str(facts.get("framework") or facts.get("flavor") or ""),
    }
    if opened.author.author:
        descriptor["authors"] = [opened.author.author]
    form = Path(str(facts["load"].get("file") or facts["load"].get("form") or "")).suffix
    return {
        "descriptor": descriptor,
        "config": {"format": form.lstrip(".") or str(facts.get("flavor"))},
        "modelfs": {"type": "layers", "diffIds": [one.digest for one in layers]},
    }
