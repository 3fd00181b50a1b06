"""export --to onnx: a version's model as one file that needs neither Python nor its framework."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from snapbook import settings
from snapbook.export import agreeing, onnx
from snapbook.export.converting import Told
from snapbook.export.mlflow import DIGEST, REF
from snapbook.flavors.onnxed import Onnx, Telling
from snapbook.verbs import deriving
from snapbook.verbs.here import Here
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.repository import Repository
    from snapbook.verbs.table import Asked

FORM = "onnx"


def export(here: Here, asked: Asked) -> Done:
    """Write the version's model as it was converted, or convert it now if it says there what it
    says here. One that is ONNX already is copied.
    """
    if (copied := deriving.copied(here, asked, FORM)) is not None:
        return copied
    hold = deriving.as_either(here.folder, FORM, _opened)
    made = deriving.export(here, asked, FORM, _converted, hold=hold)
    told = Told(**made.told)
    allowed = f"{agreeing.PROBABILITY:g}" if told.probable else f"{agreeing.NUMBER:.2%} of itself"
    lines = [
        *made.echo,
        f"wrote {made.path.name}: {told.floats}-bit numbers, opset {told.opset}",
        f"on {told.rows:,} rows it says what {made.ref} says: no number differs by more than "
        f"{told.largest:.1e} ({allowed} is allowed)",
    ]
    if told.beyond:
        lines.append(f"it is kept as a file and not as a model that is served: {told.beyond}")
    about: dict[str, Json] = {
        "files": [str(made.path)], "ref": made.ref, "rows": told.rows, "largest": told.largest,
        "floats": told.floats, "opset": told.opset, "inputs": dict(told.inputs),
        "outputs": list(told.outputs), "beyond": told.beyond,
    }  # fmt: skip
    return Done((*lines, made.line), about)


def _opened(data: bytes, told: Mapping[str, Any]) -> Onnx:
    return (Telling if told["probable"] else Onnx)(data, str(told["label"]))


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
