"""export --to skops: a version's model in a form that loads without a pickle."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from snapbook import settings
from snapbook.export import skops
from snapbook.export.skopsing import Told
from snapbook.flavors.skops import Skops
from snapbook.verbs import deriving
from snapbook.verbs.here import Here
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.repository import Repository
    from snapbook.verbs.table import Asked

FORM = "skops"


def export(here: Here, asked: Asked) -> Done:
    """Write the version's model as it was converted, or convert it now if it answers the same. One
    that has this form already is copied.
    """
    if (copied := deriving.copied(here, asked, FORM)) is not None:
        return copied
    hold = deriving.as_either(here.folder, FORM, _opened)
    made = deriving.export(here, asked, FORM, _converted, hold=hold)
    told = Told(**made.told)
    lines = [
        *made.echo,
        f"wrote {made.path.name}: skops {told.version}",
        f"on {told.rows:,} rows it answers byte for byte what {made.ref} does",
    ]
    if told.types:
        shown = ", ".join(told.types[:6]) + (f", +{len(told.types) - 6}" if told.types[6:] else "")
        lines.append(f"who reads it with skops has to trust {shown}")
    if told.beyond:
        lines.append(f"it is kept as a file and not as a model that is served: {told.beyond}")
    types: list[Json] = list(told.types)
    about: dict[str, Json] = {
        "files": [str(made.path)], "ref": made.ref, "rows": told.rows, "types": types,
        "beyond": told.beyond,
    }  # fmt: skip
    return Done((*lines, made.line), about)


def _opened(data: bytes, told: Mapping[str, Any]) -> Skops:
    return Skops(data, told["types"])


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
