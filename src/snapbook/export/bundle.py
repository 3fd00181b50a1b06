"""A version as a bundle: the folder that leaves for production, and needs no repository to serve.

Copies stored bytes and executes nothing, so the same version is the same bytes wherever it is
exported. What only the running model can tell (`export.selftest`) is added to it afterwards. What
is in it is written down in docs/bundle.md; `serve.load` reads it.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.errors import Damaged, NotFound, NotRestorable
from snapbook.export import card, code, needed, sbom, schema, written
from snapbook.flavors import bundled, mlflow, opcodes, pickled
from snapbook.manifest import Manifest
from snapbook.parts import cells, files, lock
from snapbook.parts.base import Part
from snapbook.parts.stated import stated
from snapbook.serve.folder import checked
from snapbook.serve.load import FORMAT, module_file
from snapbook.serve.pins import pins
from snapbook.trust import Claim

Get = Callable[[str], bytes]
_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip archive can tell


class Writing:
    """A bundle that is being written into an empty folder: what was put there so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, dict[str, Json]] = {}

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write a file, or write it anew."""
        path = self.folder / checked(
            name
        )  # modules are called what a stranger may have called them
        path.parent.mkdir(parents=True, exist_ok=True)
        found, size = hashlib.sha256(), 0
        with path.open("wb") as out:
            for piece in pieces:
                out.write(piece)
                found.update(piece)
                size += len(piece)
        self.files[name] = {"bytes": size, "sha256": found.hexdigest()}

    def text(self, name: str, text: str) -> None:
        """Write a text."""
        self.put(name, (text.encode(),))

    def json(self, name: str, value: Json) -> None:
        """Write a value as canonical JSON."""
        self.put(name, (canonical.encode(value),))

    def seal(self, facts: Mapping[str, Json]) -> None:
        """Write bundle.json: ``facts`` and the list of all files."""
        told = {**facts, "bundle": FORMAT, "files": self.files}
        (self.folder / "bundle.json").write_bytes(canonical.encode(told))


def write(into: Writing, number: str, claim: Claim, named: str, get: Get) -> dict[str, Json]:
    """Write version ``number`` of the model ``named``, whose author is in ``claim``, as a bundle.

    Gives the facts that it was sealed with. Raises NotRestorable for a model that no server could
    load, NotFound where the version has none, Damaged.
    """
    stored = get(claim.manifest)
    manifest = Manifest.decode(stored)
    parts = manifest.load(get)
    model = _only(parts, "model")
    if model is None:
        raise NotFound(f"{named}:{number} holds no model")
    into.put("manifest.json", (stored,))
    into.json("author.json", {"model": claim.model, "author": claim.author,
                              "key": claim.key, "signature": claim.signature})  # fmt: skip
    for ref in manifest.parts:
        if (ref.kind, ref.name) == ("files", "modules") or ref.kind in ("model", "environment"):
            name = ref.name if ref.kind == "files" else ref.kind
            into.put(f"parts/{name}.json", (get(ref.digest),))
    load = _model(into, model, get)
    _code(into, named, parts, get)
    into.json("signature.json", schema.signature(parts))
    into.json("profile.json", schema.profile(parts))
    facts: dict[str, Json] = {
        "model": named,
        "number": number,
        "manifest": claim.manifest,
        "flavor": model.facts.get("flavor"),
        "framework": model.facts.get("framework"),
        "load": load,
        "python": _environment(into, named, number, load, parts, get),
        "sample": None,
    }
    made = card.card(f"{named}:{number}", claim, manifest, parts, stated(parts, get))
    into.text("card.md", written.markdown(made))
    into.seal(facts)
    return facts


def pack(folder: Path, target: Path) -> None:
    """The bundle in ``folder`` as one archive, which is the same bytes for the same files.

    Nothing in it is packed: compressors differ from one machine to the next.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            member = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _DATE)
            member.create_system, member.external_attr = 3, 0o644 << 16
            member.file_size = path.stat().st_size
            with path.open("rb") as source, archive.open(member, "w") as out:
                while piece := source.read(1 << 20):
                    out.write(piece)


def code_name(model: str, taken: Iterable[str]) -> str:
    """What the module with the notebook's code is called: churn_model, unless that is taken."""
    plain = re.sub(r"\W", "_", model.rpartition("/")[2], flags=re.ASCII)
    wanted = f"{'' if plain[:1].isalpha() else 'm_'}{plain}_model"
    count, name, others = 2, wanted, set(taken)
    while name in others:
        name, count = f"{wanted}_{count}", count + 1
    return name


def _only(parts: Sequence[Part], kind: str, name: str = "") -> Part | None:
    return next((part for part in parts if part.kind == kind and name in ("", part.name)), None)


def _model(into: Writing, model: Part, get: Get) -> dict[str, Json]:
    layout: Any = model.facts.get("layout")
    if not isinstance(layout, Mapping):
        raise Damaged("A stored model cannot be read", "its facts say nothing of its bytes")
    if layout.get("format") == mlflow.FORMAT:
        raise NotRestorable(
            f"{model.name} was logged by MLflow",
            "it is a folder of MLflow's own",
            act="Serve it with MLflow",
        )
    return bundled.write(
        layout, model.blobs, get, lambda name, pieces: into.put(f"model/{name}", pieces)
    )


def _code(into: Writing, named: str, parts: Sequence[Part], get: Get) -> None:
    """The author's local modules, and the notebook's own functions and classes in one more."""
    modules = _only(parts, "files", "modules")
    local = [entry for entry in files.entries(modules) if entry.get("module")]
    for entry in local:
        into.put(
            module_file(str(entry["module"]), str(entry["path"])), (get(str(entry["digest"])),)
        )
    model, log = _only(parts, "model"), _only(parts, "cells")
    layout: Any = model.facts.get("layout") if model is not None else {}
    if model is None or log is None or layout.get("format") != pickled.FORMAT:
        return
    named_in_it = opcodes.texts(pickled.stream(layout, model.blobs, get))
    sources = [cell.source for cell in cells.made_cells(log, get)]
    text = code.module(sources, named_in_it, f"What {named} needs of the notebook that made it.")
    if text:
        name = code_name(named, (str(entry["module"]).partition(".")[0] for entry in local))
        into.text(f"code/{name}.py", text)


def _environment(
    into: Writing,
    named: str,
    number: str,
    load: Mapping[str, Json],
    parts: Sequence[Part],
    get: Get,
) -> Json:
    """Lock files and the list of what it is made of; gives the Python, None where none is known."""
    surroundings, model = _only(parts, "environment"), _only(parts, "model")
    if surroundings is None or model is None:
        return None
    if surroundings.blobs:
        into.put("parts/installed.json", (get(surroundings.blobs[0]),))
    texts = environment_files(model, _only(parts, "files", "modules"), surroundings, get)
    for name, text in texts.items():
        into.text(f"environment/{name}", text)
    wanted, locked = pins(texts["needed.txt"]), pins(texts["requirements.txt"])
    sha256 = str(into.files[f"model/{load['file']}"]["sha256"])
    into.text("sbom.cdx.json", sbom.sbom(named, number, sha256, wanted, locked))
    python: Any = surroundings.facts.get("python") or {}
    return ".".join(str(python.get("version", "")).split(".")[:2]) or None


def environment_files(
    model: Part, modules: Part | None, surroundings: Part, get: Get
) -> dict[str, str]:
    """The files of environment/ by name: functions of the parts alone, so they can be checked."""
    return {
        "pylock.toml": lock.pylock(surroundings, get),
        "requirements.txt": lock.requirements(surroundings, get),
        "needed.txt": needed.needed(model, modules, surroundings, get),
    }
