"""What of a version is written to disk: its cells as a notebook, attachments, lock files.

Never over a file that is there, named or not; each file whole or absent.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook import refs, settings
from snapbook.catalog.rows import VersionRow
from snapbook.errors import BadOption, Conflict, NotFound, ReadOnly
from snapbook.parts import cells, files, lock
from snapbook.parts.base import Part
from snapbook.repository import Repository
from snapbook.store import durable
from snapbook.verbs import look
from snapbook.verbs.every import rolling, upkeep
from snapbook.verbs.every.imaging import IMAGES
from snapbook.verbs.here import Here
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.trust import Claim
    from snapbook.verbs.table import Asked


def files_wanted(
    here: Here, version: VersionRow, parts: Sequence[Part], wanted: set[str]
) -> list[Path]:
    """The paths that a restore will write, none of which exists."""
    paths = []
    number = refs.number_text(version.number)
    plain = version.model.replace("/", "-")
    if "cells" in wanted and any(part.kind == "cells" for part in parts):
        paths.append(free_path(here.folder / f"{plain}-{number}.ipynb"))
    if "files" in wanted and any(part.name == "attachments" for part in parts):
        paths.append(free_path(here.folder / f"{plain}-{number}-files"))
    return paths


def free_path(path: Path) -> Path:
    """``path``, or the first of path-2, path-3, ... that is not taken."""
    count = 2
    wanted = path
    # What stands behind the last point of churn-0.2.0-bundle is no ending.
    ending = path.suffix if path.suffix[1:2].isalpha() else ""
    while wanted.exists():
        wanted = path.with_name(f"{path.name.removesuffix(ending)}-{count}{ending}")
        count += 1
    return wanted


def check_free(path: Path, *, folder: bool = False) -> None:
    """Raise Conflict where something is at ``path``; a ``folder`` may be there if it is empty.

    Raises ReadOnly where that cannot be seen.
    """
    try:
        with durable.told(path.parent, what="Not written"):
            empty = folder and path.is_dir() and not any(path.iterdir())
            taken = not empty and (path.exists() or path.is_symlink())
    except ReadOnly as error:
        raise ReadOnly("Not written", error.why, act="Name another place with -o") from error
    if taken:
        raise Conflict(f"{path.name} is there already", act="Name another place with -o")


def write_files(repository: Repository, parts: Sequence[Part], paths: Sequence[Path]) -> list[Path]:
    """Write the cells as a notebook and the attachments as a folder, to ``paths``."""
    get = repository.store.get
    for path in paths:
        if path.suffix == ".ipynb":
            part = next(part for part in parts if part.kind == "cells")
            write_notebook(part, get, path, "made")
        else:
            part = next(part for part in parts if part.name == "attachments")
            files.restore(part, path, get)
    return list(paths)


def write_notebook(part: Part, get: Any, path: Path, what: str) -> None:
    """The executed cells as a new notebook at ``path``."""
    import json

    document = cells.as_notebook(cells.restore(part, get), cells.made(part, get), what)
    write_text(path, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def target(here: Here, asked: Asked) -> Path | None:
    """Where --output says that it goes; None where nothing was said."""
    return here.folder / Path(asked.output).expanduser() if asked.output else None


def place(here: Here, asked: Asked, name: str, *, folder: bool = False) -> Path:
    """Where a file, or a ``folder``, is to be written: as --output says, else under ``name`` or
    one like it that is free. Raises Conflict where what was named is there already.
    """
    path = target(here, asked)
    if path is None:
        return free_path(here.folder / name)
    check_free(path, folder=folder)
    return path


def write_text(path: Path, text: str) -> None:
    """A text file: see `write_bytes`."""
    write_bytes(path, text.encode("utf-8", "replace"))


def write_bytes(path: Path, data: bytes) -> None:
    """A file, whole or absent. Raises ReadOnly or what the disk says, as one of ours."""
    partial = path.with_name(f".{path.name}-{os.getpid()}.tmp")
    try:
        with durable.told(path.parent, len(data)):
            partial.write_bytes(data)
            os.replace(partial, path)
    except ReadOnly as error:
        raise ReadOnly("Not written", error.why) from error
    finally:
        partial.unlink(missing_ok=True)


def export(here: Here, asked: Asked) -> Done:
    """A version leaves the repository: as a bundle, its model as ONNX, its environment as lock
    files, its cells as a notebook, or what is known of it as a report. Perhaps signed.
    """
    if asked.to.endswith(upkeep.ARCHIVE):
        if asked.output:
            raise BadOption("-o is for another place", act="Name the archive once")
        asked = replace(asked, values={**asked.values, "to": "bundle", "output": asked.to})
    if not asked.sign:
        return _export(here, asked)
    repository = here.repository()
    ref = asked.ref or look.default_ref(here, repository)
    if asked.registry or refs.parse(ref).registry:
        raise BadOption("--sign is for a version of this project", act="Pull it first")
    version, _ = look.resolve(repository, ref)
    return _signed(repository.claim(version), _export(here, asked))


def _signed(claim: Claim, done: Done) -> Done:
    """What was written, and its signature in the form of OpenSSF beside it."""
    from snapbook.export.openssf import Signer

    names: Any = done.data["files"]
    written = [Path(name) for name in names]
    target = written[0] if len(written) == 1 else written[0].parent
    path = target.with_name(f"{target.name}.sig")
    write_text(path, Signer(settings.folder()).sign(target, claim))
    said = f"signed in {path.name}; the key that verifies it: snapbook key openssf"
    return Done((*done.lines, said), {**done.data, "signature": str(path)})


def _export(here: Here, asked: Asked) -> Done:
    if asked.to == "report":
        from snapbook.verbs import compliance

        return compliance.export(here, asked)
    if asked.to == "bundle":
        from snapbook.verbs import bundling

        return bundling.export(here, asked)
    if asked.to == "onnx":
        from snapbook.verbs import onnxing

        return onnxing.export(here, asked)
    if asked.to.partition("://")[0] in IMAGES:
        from snapbook.verbs import imaging

        return imaging.export(here, asked)
    if asked.to == "skops":
        from snapbook.verbs import skopsing

        return skopsing.export(here, asked)
    if asked.to == "state_dict":
        from snapbook.verbs import stating

        return stating.export(here, asked)
    if asked.to == upkeep.MLFLOW:
        from snapbook.verbs import mlflow

        return mlflow.export(here, asked)
    if asked.to in upkeep.NETWORKS:
        from snapbook.verbs import networking

        return networking.export(here, asked)
    if asked.to in rolling.PLATFORMS:
        from snapbook.verbs import platforming

        return platforming.export(here, asked)
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref or look.default_ref(here, repository))
    parts = repository.parts(version.manifest)
    get = repository.store.get
    number = refs.number_text(version.number)
    plain = version.model.replace("/", "-")
    lines = [echo] if echo else []
    if asked.to == "notebook":
        path = place(here, asked, f"{plain}-{number}.ipynb")
        part = _only(parts, "cells", version)
        write_notebook(part, get, path, "all" if asked.all else "made")
        return Done((*lines, f"wrote {path.name}"), {"files": [str(path)]})
    part = _only(parts, "environment", version)
    folder = target(here, asked) or free_path(here.folder / f"{plain}-{number}-env")
    for name in ("pylock.toml", "requirements.txt"):
        check_free(folder / name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReadOnly("Not written", f"{folder} cannot be made ({error.strerror})") from error
    written = []
    for name, text in (
        ("pylock.toml", lock.pylock(part, get)),
        ("requirements.txt", lock.requirements(part, get)),
    ):
        write_text(folder / name, text)
        written.append(str(folder / name))
    said = f"wrote {folder.name}/pylock.toml and requirements.txt, without hashes (made offline)"
    return Done((*lines, said), {"files": written})


def _only(parts: Sequence[Part], kind: str, version: VersionRow) -> Part:
    for part in parts:
        if part.kind == kind:
            return part
    raise NotFound(f"{version.ref} holds no {kind}")
