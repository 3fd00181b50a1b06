"""What was converted of a version, kept as a version of its own, so that it is converted once.

It is called as the model with the form behind it (churn.onnx), holds the file with what its
comparison showed, and names the Manifest that it was made of; one that can be served is a model
like any other. Who exports again copies it: the same bytes, whatever converters are installed by
then, and nothing is loaded. One that a stranger made is not taken for it: anybody could write such
a version.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook import canonical, refs, settings
from snapbook.capture import Draft
from snapbook.errors import ReadOnly, Usage
from snapbook.parts import environment, files, model
from snapbook.parts.base import Part
from snapbook.repository import Wish
from snapbook.trust import Trust
from snapbook.verbs import look, release, trusting, who
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.repository import Repository
    from snapbook.store.base import Writer
    from snapbook.verbs.here import Here
    from snapbook.verbs.table import Asked

    Convert = Callable[[Here, Repository, VersionRow], tuple[bytes, Mapping[str, Json]]]
    Put = Callable[[Path, bytes], None]
    Told = Mapping[str, Json]
    # What is kept of a conversion: the part that holds its bytes, then others that belong to it.
    Hold = Callable[[Repository, VersionRow, bytes, Told, Writer], tuple[Part, ...]]

_FACT = "derived"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written of the version ``ref``: where, what is told of it, and where it is kept."""

    ref: str
    echo: tuple[str, ...]
    path: Path
    told: Mapping[str, Any]
    line: str


@dataclass(frozen=True, slots=True)
class Derived:
    """A conversion that is kept: where, its bytes, and what was told when it was made."""

    ref: str
    data: bytes
    told: Mapping[str, Any]


def export(
    here: Here,
    asked: Asked,
    form: str,
    convert: Convert,
    folder: Put | None = None,
    hold: Hold | None = None,
) -> Exported:
    """Write the conversion of a version that is kept, else what ``convert`` gives, kept from now
    on; ``form`` is also how the file's name ends. ``folder`` writes what is an archive as a folder,
    ``hold`` says what is kept of it, where that is more than a file.
    """
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref or look.default_ref(here, repository))
    plain = f"{version.model.replace('/', '-')}-{refs.number_text(version.number)}"
    named = f"{plain}.{form}" if folder is None else f"{plain}-{form}"
    path = release.place(here, asked, named, folder=folder is not None)
    if (held := kept(repository, version, form)) is not None:
        data, told, line = held.data, held.told, f"as it was kept in {held.ref}"
    else:
        trusting.check(repository, version)
        data, told = convert(here, repository, version)
        ending = form if folder is None else f"{form}.tar"
        line = keep(repository, version, form, data, told, here.folder, hold or as_file(ending))
    (folder or release.write_bytes)(path, data)
    return Exported(version.ref, (echo,) if echo else (), path, told, line)


def copied(here: Here, asked: Asked, form: str) -> Done | None:
    """Write the file of a version whose model is one of this ``form``; None of any other."""
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref or look.default_ref(here, repository))
    parts = repository.parts(version.manifest)
    held = next((part for part in parts if part.kind == "model"), None)
    if held is None or held.facts.get("flavor") != form:
        return None
    name = f"{version.model.replace('/', '-')}-{refs.number_text(version.number)}.{form}"
    path = release.place(here, asked, name)
    release.write_bytes(path, b"".join(map(repository.store.get, held.blobs)))
    said = f"wrote {path.name}: the file that {version.ref} is"
    return Done((*([echo] if echo else []), said), {"files": [str(path)], "ref": version.ref})


def as_model(folder: Path, opened: Callable[[bytes, Told], object]) -> Hold:
    """A conversion as a model that is served as any other: what ``opened`` makes of it takes and
    gives what the version's does, was made where we are, in ``folder``, and has its rows.
    """

    def hold(
        repository: Repository, version: VersionRow, data: bytes, told: Told, writer: Writer
    ) -> tuple[Part, ...]:
        parts = repository.parts(version.manifest)
        source = next(part for part in parts if part.kind == "model")
        made, _ = model.capture(opened(data, told), source.name, writer)
        same = {name: source.facts.get(name) for name in ("inputs", "outputs")}
        same["inputs"] = same["inputs"] or made.facts.get("inputs")  # few networks tell theirs
        surroundings, _ = environment.capture(writer, "", folder)
        frames = [part for part in parts if part.kind == "frame" and writer.rely(part.blobs)]
        return (replace(made, facts={**made.facts, **same}), surroundings, *frames)

    return hold


def as_either(folder: Path, ending: str, opened: Callable[[bytes, Told], object]) -> Hold:
    """A conversion as a model, or as a file where ``beyond`` is told: why none could ask it."""
    model_of, file_of = as_model(folder, opened), as_file(ending)

    def hold(
        repository: Repository, version: VersionRow, data: bytes, told: Told, writer: Writer
    ) -> tuple[Part, ...]:
        keep = file_of if told["beyond"] else model_of
        return keep(repository, version, data, told, writer)

    return hold


def as_file(ending: str) -> Hold:
    """A conversion as a file whose name ends so, and nothing else."""

    def hold(
        repository: Repository,  # noqa: ARG001 - one shape for all
        version: VersionRow,
        data: bytes,
        told: Told,  # noqa: ARG001 - one shape for all
        writer: Writer,
    ) -> tuple[Part, ...]:
        with tempfile.TemporaryDirectory(prefix="snapbook-kept-") as place:
            path = Path(place) / f"{version.ref.replace('/', '-').replace(':', '-')}.{ending}"
            path.write_bytes(data)
            held, _ = files.capture_attachments([path], writer, place)
        return (held,)

    return hold


def kept(repository: Repository, version: VersionRow, form: str) -> Derived | None:
    """The conversion of ``version`` that is kept and that its maker may be believed; or None."""
    for row in repository.index.of_key(_name(version, form), _key(version, form)):
        if row.deleted or not Trust(settings.folder()).allows(repository.claim(row)):
            continue
        for part in repository.parts(row.manifest):
            told: Any = part.facts.get(_FACT)
            if isinstance(told, Mapping) and told.get("of") == version.manifest:
                data = b"".join(map(repository.store.get, part.blobs))
                return Derived(row.ref, data, told["told"])
    return None


def keep(
    repository: Repository,
    version: VersionRow,
    form: str,
    data: bytes,
    told: Told,
    folder: Path,
    hold: Hold | None = None,
) -> str:
    """Keep a conversion as a version of the person in ``folder``, as a file unless ``hold`` says
    otherwise; the line that says so.
    """
    name = _name(version, form)
    try:
        refs.check_model_name(name)
    except Usage as error:
        return f"not kept: {error.sentence}"
    newest = repository.index.newest(name)
    if newest is not None and not any(
        _FACT in one.facts for one in repository.parts(newest.manifest)
    ):
        return f"not kept: {name} is a model of its own"
    about: dict[str, Json] = {"of": version.manifest, "ref": version.ref, "told": dict(told)}
    writer = repository.store.writer()
    try:
        held, *others = (hold or as_file(form))(repository, version, data, told, writer)
        parts = (Part(held.kind, held.name, {**held.facts, _FACT: about}, held.blobs), *others)
        digests = tuple(writer.add(part.encode()) for part in parts)
        draft = Draft(name, parts, digests, _key(version, form))
        wish = Wish(
            message=f"{form.upper()} of {version.ref}", tags={"of": version.ref}, again=True
        )
        made = repository.save(draft, writer, wish, who.author(folder))
    except ReadOnly as error:
        return f"not kept: {error.why}"
    finally:
        writer.close()
    return f"kept as {made.version.ref}: exported again it is the same bytes"


def _name(version: VersionRow, form: str) -> str:
    return f"{version.model}.{form}"


def _key(version: VersionRow, form: str) -> str:
    """The content key of a conversion: what it was made of, and into what."""
    return canonical.digest(canonical.encode([_FACT, form, version.manifest]))
