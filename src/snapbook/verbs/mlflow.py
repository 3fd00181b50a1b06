"""A version for MLflow: as a folder that it loads (export --to mlflow), or into a server of it
(push --to mlflow+http://...). Nothing of the version is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from snapbook import refs
from snapbook.errors import BadOption
from snapbook.export import mlflow, mlflow_server
from snapbook.flavors import codeless
from snapbook.registry.http import checked_url
from snapbook.verbs import bundling, look, release
from snapbook.verbs.here import Here
from snapbook.verbs.state import size_text
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.export.files import File
    from snapbook.parts.base import Part
    from snapbook.repository import Repository
    from snapbook.verbs.table import Asked

_PREFIX = "mlflow+"
_KINDS = (f"{_PREFIX}http://", f"{_PREFIX}https://")


def export(here: Here, asked: Asked) -> Done:
    """Write the version as a folder for `mlflow.pyfunc.load_model` and `mlflow models serve`."""
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref or look.default_ref(here, repository))
    plain = f"{version.model.replace('/', '-')}-{refs.number_text(version.number)}-mlflow"
    target = release.place(here, asked, plain, folder=True)
    parts, files = _folder(repository, version)
    size = bundling.lay(target, files)
    executes = any(codeless.executes(part.facts) for part in parts if part.kind == "model")
    named = asked.output or target.name
    lines = (
        *([echo] if echo else []),
        f"wrote {target.name}: {len(files)} files, {size_text(size)}",
        f'mlflow.pyfunc.load_model("{named}") loads it'
        + ("; MLflow unpickles without asking" if executes else ""),
    )
    return Done(lines, {"files": [str(target)], "ref": version.ref, "bytes": size})


def push(here: Here, asked: Asked) -> Done:
    """Write the version there as one that MLflow loads; twice is once. No rows of frames travel."""
    if not asked.to.startswith(_KINDS):
        raise BadOption(f"--to cannot be {asked.to!r}", act="Like: --to mlflow+http://host:5000")
    if given := [name for name in ("registry", "later", "strict") if getattr(asked, name)]:
        raise BadOption(f"--{given[0]} has no meaning with --to", act="Leave it out")
    url = checked_url(asked.to.removeprefix(_PREFIX))
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref or look.default_ref(here, repository))
    parts, files = _folder(repository, version)
    host = url.partition("://")[2]
    said = (echo,) if echo else ()
    if asked.dry_run:
        line = f"would push {version.ref} to MLflow at {host}"
        return Done((*said, line), {"dry_run": True, "ref": version.ref})
    pushed = mlflow_server.push(
        url, version, parts, files, lambda done, of: here.progress("files", done, of)
    )
    there = f"models:/{pushed.name}/{pushed.version}"
    line = f"{version.ref} is {there} at {host} already"
    if pushed.new:
        line = f"pushed as {there} at {host}, {size_text(pushed.sent_bytes)}"
    data: dict[str, Json] = {
        "ref": version.ref,
        "there": there,
        "new": pushed.new,
        "bytes": pushed.sent_bytes,
    }
    return Done((*said, line), data)


def _folder(repository: Repository, version: VersionRow) -> tuple[Sequence[Part], Sequence[File]]:
    """The parts of a version, and the files that MLflow wants of it."""
    manifest = repository.manifest(version.manifest)
    get = repository.store.get
    parts = manifest.load(get)
    return parts, mlflow.folder(version.manifest, manifest.time, parts, get)
