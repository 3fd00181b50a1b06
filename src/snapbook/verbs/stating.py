"""export --to state_dict: a network's tensors by name, for whoever has its module."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from snapbook.errors import NotFound, ReadOnly
from snapbook.export import state
from snapbook.export.mlflow import DIGEST, REF
from snapbook.refs import number_text
from snapbook.store import durable
from snapbook.verbs import look, release
from snapbook.verbs.here import Here
from snapbook.verbs.state import size_text
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from snapbook.verbs.table import Asked


def export(here: Here, asked: Asked) -> Done:
    """Write the tensors as one file, copied out of stored bytes."""
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref or look.default_ref(here, repository))
    parts = repository.parts(version.manifest)
    model = next((part for part in parts if part.kind == "model"), None)
    if model is None:
        raise NotFound(f"{version.ref} holds no model")
    listed = state.tensors(version.ref, model)
    about = {REF: version.ref, DIGEST: version.manifest}
    plain = f"{version.model.replace('/', '-')}-{number_text(version.number)}"
    path = release.place(here, asked, f"{plain}.safetensors")
    _write(path, state.pieces(listed, about, model, repository.store.get))
    size = path.stat().st_size
    said = f"wrote {path.name}: {len(listed)} tensors, {size_text(size)}"
    return Done(
        (*([echo] if echo else []), said),
        {"files": [str(path)], "ref": version.ref, "tensors": len(listed), "bytes": size},
    )


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    """A file, whole or absent. Raises ReadOnly, DiskFull."""
    partial = path.with_name(f".{path.name}-{os.getpid()}.tmp")
    try:
        with durable.told(path.parent):
            with partial.open("wb") as out:
                out.writelines(pieces)
            os.replace(partial, path)
    except ReadOnly as error:
        raise ReadOnly("Not written", error.why) from error
    finally:
        partial.unlink(missing_ok=True)
