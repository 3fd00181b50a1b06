"""export --to onnx: a version's model as one file that needs neither Python nor its framework."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from snapbook import settings
from snapbook.export import agreeing, onnx
from snapbook.export.converting import Told
from snapbook.export.mlflow import DIGEST, REF
from snapbook.flavors import codeless
from snapbook.parts import model
from snapbook.refs import number_text
from snapbook.trust import Trust
from snapbook.verbs import deriving, look, release
from snapbook.verbs.here import Here
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.repository import Repository
    from snapbook.verbs.table import Asked

FORM = "onnx"


def export(here: Here, asked: Asked) -> Done:
    """Write the version's model as it was converted, or convert it now if it says there what it
    says here.
    """
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref or look.default_ref(here, repository))
    plain = f"{version.model.replace('/', '-')}-{number_text(version.number)}"
    path = release.target(here, asked) or release.free_path(here.folder / f"{plain}.onnx")
    data, said, kept = deriving.once(
        repository, version, FORM, here.folder, lambda: _converted(here, repository, version)
    )
    told = Told(**said)
    release.write_bytes(path, data)
    lines = (
        *([echo] if echo else []),
        f"wrote {path.name}: {told.floats}-bit numbers, opset {told.opset}",
        f"on {told.rows:,} rows it says what {version.ref} says: no number differs by more than "
        f"{told.largest:.1e} ({agreeing.PROBABILITY:g} is allowed)",
        kept,
    )
    about: dict[str, Json] = {
        "files": [str(path)], "ref": version.ref, "rows": told.rows, "largest": told.largest,
        "floats": told.floats, "opset": told.opset, "inputs": dict(told.inputs),
        "outputs": list(told.outputs),
    }  # fmt: skip
    return Done(lines, about)


def _converted(
    here: Here, repository: Repository, version: VersionRow
) -> tuple[bytes, dict[str, Json]]:
    trusted(repository, version)
    made = onnx.converted(
        version.ref,
        {REF: version.ref, DIGEST: version.manifest},
        repository.parts(version.manifest),
        repository.store.get,
        here.folder,
        settings.number("judge.max_seconds"),
    )
    return made.data, asdict(made.told)


def trusted(repository: Repository, version: VersionRow) -> None:
    """Raise Untrusted where loading the model could run what nobody vouches for."""
    part = next((one for one in repository.parts(version.manifest) if one.kind == "model"), None)
    if part is None or not codeless.executes(part.facts):
        return
    imports = model.imports(part, repository.store.get)
    tops = tuple(dict.fromkeys(one.partition(":")[0].partition(".")[0] for one in imports))
    Trust(settings.folder()).check(repository.claim(version), version.ref, tops)
