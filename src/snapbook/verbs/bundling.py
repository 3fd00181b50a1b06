"""export --to bundle: a version leaves for production, as a folder or one archive.

Written beside its place and moved there when it is whole. For the self-test the model is run where
its author is trusted, in a process of its own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook import refs, settings
from snapbook.canonical import Json
from snapbook.errors import NotFound, ReadOnly
from snapbook.export import bundle, schema, selftest
from snapbook.flavors import codeless, weights
from snapbook.store import durable
from snapbook.trust import Trust
from snapbook.verbs import locks, look
from snapbook.verbs.here import Here
from snapbook.verbs.release import check_free, place
from snapbook.verbs.state import size_text
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.catalog.rows import VersionRow
    from snapbook.export.files import File
    from snapbook.repository import Repository
    from snapbook.trust import Claim
    from snapbook.verbs.table import Asked

Locking = Callable[["bundle.Writing", "Claim"], None]


@dataclass(frozen=True, slots=True)
class Put:
    """A bundle that was written: how many files and bytes, the SHA-256 of its bundle.json, whether
    it has a self-test, and the line that says so.
    """

    files: int
    bytes: int
    digest: str
    sampled: bool
    told: str


def export(here: Here, asked: Asked) -> Done:
    """The version as a bundle: a folder, or one archive where the name given ends in .zip."""
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref or look.default_ref(here, repository))
    name = f"{version.model.replace('/', '-')}-{refs.number_text(version.number)}-bundle"
    target = place(here, asked, name, folder=True)
    lock = locks.asked_for(here, asked)
    made = put(repository, version, target, sample=not asked.no_sample, lock=lock)
    said = f"wrote {target.name}: {made.files} files, {size_text(made.bytes)}"
    data: dict[str, Json] = {
        "files": [str(target)],
        "ref": version.ref,
        "digest": made.digest,
        "bytes": made.bytes,
        "sample": made.sampled,
    }
    told = [lock.told] if lock is not None else []
    return Done((*([echo] if echo else []), said, made.told, *told), data)


def put(
    repository: Repository,
    version: VersionRow,
    target: Path,
    *,
    sample: bool = True,
    lock: Locking | None = None,
) -> Put:
    """Write the bundle of ``version`` to ``target``, whole or not at all; with a self-test where it
    can be made, unless ``sample`` is False, and with hashes and wheels as ``lock`` has them. Raises
    Conflict where something is there, ReadOnly, DiskFull, and what `export.bundle.write` raises.
    """
    packed = target.suffix == ".zip"
    check_free(target, folder=not packed)
    claim, number = repository.claim(version), refs.number_text(version.number)
    with beside(target) as partial:
        writing = bundle.Writing(partial)
        facts = bundle.write(writing, number, claim, version.model, repository.store.get)
        if lock is not None:
            lock(writing, claim)
            writing.seal(facts)
        told = "no self-test: it was not asked for"
        if sample:
            told = _sampled(repository, version, writing, facts)
        digest = hashlib.sha256((partial / "bundle.json").read_bytes()).hexdigest()
        _place(partial, target, packed)
    size = sum(int(str(entry["bytes"])) for entry in writing.files.values())
    return Put(len(writing.files) + 1, size, digest, "sample.json" in writing.files, told)


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """An empty folder beside ``target``, gone at the end. Raises ReadOnly, DiskFull."""
    partial = target.with_name(f".{target.name}-{os.getpid()}.tmp")
    try:
        with durable.told(target.parent, what="Not written"):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            yield partial
    except ReadOnly as error:
        raise ReadOnly("Not written", error.why) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def lay(target: Path, files: Iterable[File]) -> int:
    """Write ``files`` as the folder ``target``, whole or not at all; gives their bytes. Raises
    Conflict where something is there, ReadOnly, DiskFull.
    """
    check_free(target, folder=True)
    with beside(target) as partial:
        size = sum(write(partial, file) for file in files)
        os.replace(partial, target)
    return size


def write(folder: Path, file: File) -> int:
    """Write one file of what is exported below ``folder``; gives its bytes."""
    path = folder / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        return sum(map(out.write, file.read()))


def _place(partial: Path, target: Path, packed: bool) -> None:
    """The finished bundle to its place, whole or not at all."""
    if not packed:
        os.replace(partial, target)
        return
    archive = partial.with_name(f"{partial.name}.zip")
    try:
        bundle.pack(partial, archive)
        os.replace(archive, target)
    finally:
        archive.unlink(missing_ok=True)


def _sampled(
    repository: Repository, version: VersionRow, writing: bundle.Writing, facts: Mapping[str, Json]
) -> str:
    """Put the self-test into the bundle where it can be made; the line that says so."""
    load: Any = facts["load"]
    if load.get("form") == weights.STATE:
        return "no self-test: tensors without their module answer nothing"
    get = repository.store.get
    parts = repository.parts(version.manifest)
    model = next(part for part in parts if part.kind == "model")
    trusted = not codeless.executes(model.facts) or Trust(settings.folder()).allows(
        repository.claim(version)
    )
    try:
        named, rows = selftest.rows(parts, get)
    except NotFound:
        return "no self-test: no rows that it takes were kept"
    said = selftest.tried(
        writing.folder, rows, settings.number("judge.max_seconds"), plain=not trusted
    )
    if isinstance(said, str):
        return f"no self-test: {said if trusted else 'its author is not one whom you trust'}"
    told = schema.signature(parts)
    outputs: Any = told["outputs"]
    told["rows_independent"] = said["independent"]["answers"]
    told["probabilities_independent"] = said["independent"].get("probabilities")
    told["outputs"] = {**outputs, "probabilities": "probabilities" in said}
    writing.json("signature.json", told)
    writing.json("sample.json", selftest.sample(named, rows, said))
    writing.seal({**facts, "sample": len(rows)})
    apart = "independent of each other" if told["rows_independent"] else "not shown independent"
    return f"self-test: {len(rows)} rows of {named}, {apart}"
