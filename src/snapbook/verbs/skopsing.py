"""export --to skops: a version's model in a form that loads without a pickle."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from snapbook import settings
from snapbook.export import skops
from snapbook.export.skopsing import Told
from snapbook.refs import number_text
from snapbook.verbs import deriving, look, release
from snapbook.verbs.here import Here
from snapbook.verbs.onnxing import trusted
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.repository import Repository
    from snapbook.verbs.table import Asked

FORM = "skops"


def export(here: Here, asked: Asked) -> Done:
    """Write the version's model as it was converted, or convert it now if it answers the same."""
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref or look.default_ref(here, repository))
    plain = f"{version.model.replace('/', '-')}-{number_text(version.number)}"
    path = release.target(here, asked) or release.free_path(here.folder / f"{plain}.skops")
    data, said, kept = deriving.once(
        repository, version, FORM, here.folder, lambda: _converted(here, repository, version)
    )
    told = Told(**said)
    release.write_bytes(path, data)
    lines = [
        *([echo] if echo else []),
        f"wrote {path.name}: skops {told.version}",
        f"on {told.rows:,} rows it answers byte for byte what {version.ref} does",
    ]
    if told.types:
        shown = ", ".join(told.types[:6]) + (f", +{len(told.types) - 6}" if told.types[6:] else "")
        lines.append(f"who reads it has to trust {shown}")
    types: list[Json] = list(told.types)
    about: dict[str, Json] = {
        "files": [str(path)], "ref": version.ref, "rows": told.rows, "types": types,
    }  # fmt: skip
    return Done((*lines, kept), about)


def _converted(
    here: Here, repository: Repository, version: VersionRow
) -> tuple[bytes, dict[str, Json]]:
    trusted(repository, version)
    made = skops.converted(
        version.ref,
        repository.parts(version.manifest),
        repository.store.get,
        here.folder,
        settings.number("judge.max_seconds"),
    )
    return made.data, asdict(made.told)
