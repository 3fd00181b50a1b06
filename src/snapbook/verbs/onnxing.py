"""export --to onnx: a version's model as one file that needs neither Python nor its framework."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook import refs, settings
from snapbook.export import agreeing, onnx
from snapbook.export.converting import Told
from snapbook.export.mlflow import DIGEST, REF
from snapbook.flavors.onnx import flavor
from snapbook.flavors.onnxed import Onnx, Telling
from snapbook.parts import environment, model
from snapbook.verbs import deriving, look, release
from snapbook.verbs.here import Here
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.parts.base import Part
    from snapbook.repository import Repository
    from snapbook.store.base import Writer
    from snapbook.verbs.table import Asked

FORM = "onnx"


def export(here: Here, asked: Asked) -> Done:
    """Write the version's model as it was converted, or convert it now if it says there what it
    says here. One that is ONNX already is copied.
    """
    if (copied := _copied(here, asked)) is not None:
        return copied
    made = deriving.export(here, asked, FORM, _converted, hold=partial(_model, here.folder))
    told = Told(**made.told)
    lines = (
        *made.echo,
        f"wrote {made.path.name}: {told.floats}-bit numbers, opset {told.opset}",
        f"on {told.rows:,} rows it says what {made.ref} says: no number differs by more than "
        f"{told.largest:.1e} ({agreeing.PROBABILITY:g} is allowed)",
        made.line,
    )
    about: dict[str, Json] = {
        "files": [str(made.path)], "ref": made.ref, "rows": told.rows, "largest": told.largest,
        "floats": told.floats, "opset": told.opset, "inputs": dict(told.inputs),
        "outputs": list(told.outputs),
    }  # fmt: skip
    return Done(lines, about)


def _copied(here: Here, asked: Asked) -> Done | None:
    """The file of a version whose model is one of ONNX; None of any other."""
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref or look.default_ref(here, repository))
    parts = repository.parts(version.manifest)
    held = next((part for part in parts if part.kind == "model"), None)
    if held is None or held.facts.get("flavor") != flavor.name:
        return None
    name = f"{version.model.replace('/', '-')}-{refs.number_text(version.number)}.onnx"
    path = release.place(here, asked, name)
    release.write_bytes(path, b"".join(map(repository.store.get, held.blobs)))
    said = f"wrote {path.name}: the file that {version.ref} is"
    return Done((*([echo] if echo else []), said), {"files": [str(path)], "ref": version.ref})


def _model(
    folder: Path,
    repository: Repository,
    version: VersionRow,
    data: bytes,
    told: Mapping[str, Any],
    writer: Writer,
) -> tuple[Part, ...]:
    """A conversion as a model that is served as any other: it takes and gives what the version's
    does, was made where we are, in ``folder``, and has the rows of the other.
    """
    parts = repository.parts(version.manifest)
    source = next(part for part in parts if part.kind == "model")
    kind = Telling if told["probable"] else Onnx
    made, _ = model.capture(kind(data, str(told["label"])), source.name, writer)
    same = {name: source.facts.get(name) for name in ("inputs", "outputs")}
    surroundings, _ = environment.capture(writer, "", folder)
    frames = [part for part in parts if part.kind == "frame" and writer.rely(part.blobs)]
    return (replace(made, facts={**made.facts, **same}), surroundings, *frames)


def _converted(
    here: Here, repository: Repository, version: VersionRow
) -> tuple[bytes, dict[str, Json]]:
    made = onnx.converted(
        version.ref,
        {REF: version.ref, DIGEST: version.manifest},
        repository.parts(version.manifest),
        repository.store.get,
        here.folder,
        settings.number("judge.max_seconds"),
    )
    return made.data, asdict(made.told)
