"""export --to nnef and --to savedmodel: a version's network as a folder of files that other engines
run.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook import settings
from snapbook.export import agreeing, network
from snapbook.export.files import whole
from snapbook.export.mlflow import DIGEST, REF
from snapbook.export.tensors import Told
from snapbook.verbs import deriving, release
from snapbook.verbs.bundling import lay
from snapbook.verbs.here import Here
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.repository import Repository
    from snapbook.verbs.table import Asked


def export(here: Here, asked: Asked) -> Done:
    """Write the version's network as it was converted, or convert it now if it says there what it
    says here.
    """
    if (target := release.target(here, asked)) is not None:
        release.check_free(target, folder=True)
    made = deriving.export(here, asked, asked.to, lambda *given: _converted(asked.to, *given), _put)
    told = Told(**made.told)
    lines = (
        *made.echo,
        f"wrote {made.path.name}: {told.made}",
        f"on {told.rows:,} rows it says what {made.ref} says: no number differs by more than "
        f"{told.largest:.1e} ({agreeing.NUMBER:.2%} of itself is allowed)",
        made.line,
    )
    about: dict[str, Json] = {
        "files": [str(made.path)], "ref": made.ref, "rows": told.rows, "largest": told.largest,
        "made": told.made, "inputs": dict(told.inputs), "outputs": list(told.outputs),
    }  # fmt: skip
    return Done(lines, about)


def _converted(
    form: str, here: Here, repository: Repository, version: VersionRow
) -> tuple[bytes, dict[str, Json]]:
    made = network.converted(
        form,
        version.ref,
        {REF: version.ref, DIGEST: version.manifest},
        repository.parts(version.manifest),
        repository.store.get,
        here.folder,
        settings.number("judge.max_seconds"),
        str(settings.get("export.tensorflow")),
    )
    return made.data, asdict(made.told)


def _put(target: Path, data: bytes) -> None:
    """The files of the archive ``data`` as a folder, whole or not at all. Raises Damaged, ReadOnly
    and DiskFull.
    """
    lay(target, (whole(name, held) for name, held in network.files(data)))
