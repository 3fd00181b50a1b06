"""export --to onnx: a version's model as one file that needs neither Python nor its framework."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook import settings
from snapbook.export import agreeing, onnx
from snapbook.export.converting import Told
from snapbook.export.mlflow import DIGEST, REF
from snapbook.flavors.onnxed import Onnx, Telling
from snapbook.parts import environment, model
from snapbook.verbs import deriving
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
    says here.
    """
    made = deriving.export(here, asked, FORM, _converted, hold=_model)
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


def _model(
    repository: Repository,
    version: VersionRow,
    data: bytes,
    told: Mapping[str, Any],
    writer: Writer,
) -> tuple[Part, ...]:
    """A conversion as a model that is served as any other: it takes and gives what the version's
    does, was made where we are, and has the rows that it was trained and compared on.
    """
    parts = repository.parts(version.manifest)
    source = next(part for part in parts if part.kind == "model")
    kind = Telling if told["probable"] else Onnx
    made, _ = model.capture(kind(data, str(told["label"])), source.name, writer)
    same = {name: source.facts.get(name) for name in ("inputs", "outputs")}
    surroundings, _ = environment.capture(writer, "", Path.cwd())
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
