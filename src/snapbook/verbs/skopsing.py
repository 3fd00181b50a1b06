"""export --to skops: a version's model in a form that loads without a pickle."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from snapbook import settings
from snapbook.export import skops
from snapbook.export.skopsing import Told
from snapbook.verbs import deriving
from snapbook.verbs.here import Here
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.repository import Repository
    from snapbook.verbs.table import Asked

FORM = "skops"


def export(here: Here, asked: Asked) -> Done:
    """Write the version's model as it was converted, or convert it now if it answers the same."""
    made = deriving.export(here, asked, FORM, _converted)
    told = Told(**made.told)
    lines = [
        *made.echo,
        f"wrote {made.path.name}: skops {told.version}",
        f"on {told.rows:,} rows it answers byte for byte what {made.ref} does",
    ]
    if told.types:
        shown = ", ".join(told.types[:6]) + (f", +{len(told.types) - 6}" if told.types[6:] else "")
        lines.append(f"who reads it has to trust {shown}")
    types: list[Json] = list(told.types)
    about: dict[str, Json] = {
        "files": [str(made.path)], "ref": made.ref, "rows": told.rows, "types": types,
    }  # fmt: skip
    return Done((*lines, made.line), about)


def _converted(
    here: Here, repository: Repository, version: VersionRow
) -> tuple[bytes, dict[str, Json]]:
    made = skops.converted(
        version.ref,
        repository.parts(version.manifest),
        repository.store.get,
        here.folder,
        settings.number("judge.max_seconds"),
    )
    return made.data, asdict(made.told)
