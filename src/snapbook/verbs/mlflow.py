"""push --to mlflow+http://...: a version into an MLflow server that is there already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapbook.errors import BadOption
from snapbook.export import mlflow, mlflow_server
from snapbook.registry.http import checked_url
from snapbook.verbs import look
from snapbook.verbs.here import Here
from snapbook.verbs.state import size_text
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.verbs.table import Asked

_PREFIX = "mlflow+"
_KINDS = (f"{_PREFIX}http://", f"{_PREFIX}https://")


def push(here: Here, asked: Asked) -> Done:
    """Write the version there as one that MLflow loads; twice is once. No rows of frames travel."""
    if not asked.to.startswith(_KINDS):
        raise BadOption(f"--to cannot be {asked.to!r}", act="Like: --to mlflow+http://host:5000")
    if given := [name for name in ("registry", "later", "strict") if getattr(asked, name)]:
        raise BadOption(f"--{given[0]} has no meaning with --to", act="Leave it out")
    url = checked_url(asked.to.removeprefix(_PREFIX))
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref or look.default_ref(here, repository))
    manifest = repository.manifest(version.manifest)
    get = repository.store.get
    parts = manifest.load(get)
    files = mlflow.folder(version.manifest, manifest.time, parts, get)
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
