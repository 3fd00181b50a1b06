"""A version made of what MLflow logged, or of a version that is here already.

The files of the model become blobs and its part; what the run said becomes parameters and metrics,
what MLmodel and requirements.txt say the signature and the environment. Nothing is unpickled. The
same source gives the same version of a model, however often it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from snapbook import canonical, chunk
from snapbook.canonical import Json
from snapbook.capture import Draft as Version
from snapbook.catalog import ordinals
from snapbook.catalog.rows import VersionRow
from snapbook.errors import Damaged, NotFound, Usage
from snapbook.export.files import File
from snapbook.export.mlflow import model_of
from snapbook.flavors import mlflow, opcodes
from snapbook.offers import checked, renamed
from snapbook.parts import params
from snapbook.parts.base import Part
from snapbook.registry.finding import resolved
from snapbook.registry.mlflow import drafts, entities, mlmodel
from snapbook.registry.mlflow.call import Call
from snapbook.registry.mlflow.drafts import Draft
from snapbook.registry.mlflow.places import Place, at
from snapbook.registry.roles import READ
from snapbook.repository import Wish
from snapbook.store.base import Writer
from snapbook.transfer import Local, accept

_MODEL = re.compile(r"models:/(m-[0-9a-f]{32})/?")
_VERSION = re.compile(r"models:/(?P<name>[^@]+?)(?:/(?P<ordinal>[0-9]{1,9})|@(?P<alias>[^@/]+))")
_RUN = re.compile(r"runs:/(?P<run>[0-9a-f]{32})/(?P<path>.+)")
_PICKLES = (".pkl", ".pickle")
_MOST_PICKLE = 64 << 20
_MOST_IMPORTS = 500
_WHOLE_BYTES = 256 << 10  # up to here a file is one blob
_PIECE_BYTES = 64 << 10
# What differs each time that the same model is logged says nothing of the model.
_ABOUT = frozenset({mlmodel.NAME, "conda.yaml", mlmodel.PYTHON, mlmodel.REQUIREMENTS})


@dataclass(frozen=True, slots=True)
class _Logged:
    """The files of a logged model, and the drafts that tell of it."""

    source: str
    files: Mapping[str, File]
    drafts: list[Draft]


def make(call: Call, name: str) -> str:
    """The manifest of the version of ``name`` that ``source`` of the call gives. Raises Usage."""
    source = call.text("source")
    place = _place(call, source)
    if isinstance(place, VersionRow):
        return _copied(call, name, place)
    if (manifest := _known(call, name, place.source)) is not None:
        return manifest
    with drafts.alone(drafts.load(call, place.draft)):
        # Two that ask for the same at once: the second finds what the first made.
        return _known(call, name, place.source) or _made(call, name, _logged(call, place))


def _known(call: Call, name: str, source: str) -> str | None:
    """The version of ``name`` that was made of ``source``, perhaps of that of another model."""
    places = call.repository.index.ask(lambda db: ordinals.with_tag(db, entities.SOURCE, source))
    rows = call.repository.known.rows(places)
    for row in rows:
        if row.model == name:
            return row.manifest
    for row in rows:
        if call.who.may(READ, row.model):
            return _copied(call, name, row)  # its files are with the version by now
    return None


def _place(call: Call, source: str) -> Place | VersionRow:
    if found := _MODEL.fullmatch(source):
        return Place(found[1])
    if found := _RUN.fullmatch(source):
        return Place(found["run"], found["path"].strip("/"))
    if found := _VERSION.fullmatch(source):
        if found["alias"]:
            return resolved(call.service, call.who, f"{model_of(found['name'])}@{found['alias']}")
        model = call.readable(model_of(found["name"]))
        return entities.by_ordinal(call, model, int(found["ordinal"]))[1]
    path = _path(call, source)
    if path is not None:
        place = at(path)
        if place.manifest:
            return resolved(call.service, call.who, place.manifest)
        return place
    raise Usage(
        "The model's files are not here",
        "a version is made of what was logged to this registry",
        act="Log the model with this registry as tracking server",
        kind="argument",
    )


def _path(call: Call, source: str) -> str | None:
    """The path of an address of artifacts of this registry."""
    for start in ("mlflow-artifacts:/", f"{call.url}/api/2.0/mlflow-artifacts/artifacts/"):
        if source.startswith(start) and not source.startswith("mlflow-artifacts://"):
            return source.removeprefix(start).strip("/")
    return None


def _copied(call: Call, name: str, row: VersionRow) -> str:
    """The same Manifest as a version of another model."""
    repository = call.repository
    offer = Local(repository).offer(row)
    with call.writing() as writer:
        writer.rely(offer.needed)
        body = checked(renamed(offer.body, name, None))
        made = accept(repository, writer, body, call.author).version
    if tags := _asked_tags(call):
        repository.tag(made, tags, (), call.author)
    return made.manifest


def _logged(call: Call, place: Place) -> _Logged:
    draft = drafts.load(call, place.draft)
    start = f"{place.path}/" if place.path else ""
    files = {
        path.removeprefix(start): kept
        for path, kept in drafts.files(draft).items()
        if path.startswith(start)
    }
    if mlmodel.NAME not in files:
        raise Usage("There is no model", f"{mlmodel.NAME} is not among its files", kind="argument")
    found = [draft]
    if run := str(draft.head.get("run") or ""):
        with suppress(NotFound):  # a model may be logged without a run, or long after it
            found.insert(0, drafts.load(call, run))
    return _Logged(place.source, files, found)


def _made(call: Call, name: str, given: _Logged) -> str:
    with call.writing() as writer:
        parts = _parts(given, writer)
        digests = tuple(writer.add(part.encode()) for part in parts)
        version = Version(name, tuple(parts), digests, "", "", str(parts[0].facts["class_name"]))
        tags = {**_tags(given), **_asked_tags(call), **_origin(call, given)}
        wish = Wish(message=call.text("description", empty=True), tags=tags)
        made = call.repository.save(version, writer, wish, call.author)
    if given.source.startswith("models:/"):
        drafts.empty(given.drafts[-1])
    return made.version.manifest


def _asked_tags(call: Call) -> dict[str, str]:
    """The tags that were asked for; where a version comes from is not for its maker to say."""
    return {n: text for n, text in call.pairs("tags").items() if n not in entities.ORIGIN}


def _tags(given: _Logged) -> dict[str, str]:
    """What was said of the run and the model, but for what MLflow says itself."""
    said = {name: text for draft in given.drafts for name, text in draft.tags.items()}
    return {name: text for name, text in said.items() if not name.startswith("mlflow.")}


def _origin(call: Call, given: _Logged) -> dict[str, str]:
    """Where the version comes from, by which it is found again."""
    first = given.drafts[0]
    run = call.text("run_id", empty=True) or (first.id if not first.id.startswith("m-") else "")
    told = {
        entities.SOURCE: given.source,
        entities.RUN: run,
        entities.RUN_NAME: str(first.status.get("name") or first.head.get("name") or ""),
        entities.EXPERIMENT: str(first.head.get("experiment") or ""),
    }
    return {key: text for key, text in told.items() if text}


def _parts(given: _Logged, writer: Writer) -> list[Part]:
    told = mlmodel.read(_small(given.files, mlmodel.NAME))
    kept: list[mlflow.Kept] = []
    content: list[Json] = []
    for path, file in sorted(given.files.items()):
        size, blobs = _keep(file, writer)
        kept.append(mlflow.Kept(path, size, blobs))
        if path not in _ABOUT:
            content.append([path, list(blobs)])
    facts: dict[str, Json] = {
        "class_name": told.framework or "pyfunc",
        "framework": told.framework or "mlflow",
        "framework_version": told.version,
        "flavor": mlflow.flavor.name,
        "layout": mlflow.layout(kept, told.loader),
        "digest": canonical.digest(canonical.encode(content)),
        "canonical": False,
        "executes": True,
        "imports": _imports(given.files),
        "params": {},
        "set_params": [],
        "structure": {"files": len(kept)},
        "inputs": told.inputs,
        "outputs": told.outputs,
        "search": None,
        "stored_bytes": sum(file.size for file in kept),
    }
    blobs = tuple(blob for file in kept for blob in file.blobs)
    return [Part("model", "model", facts, blobs), *_said(given), _environment(given, writer)]


def _imports(files: Mapping[str, File]) -> list[Json]:
    """What the pickles among the files would import, read and not executed."""
    found: set[str] = set()
    for path, file in files.items():
        if path.endswith(_PICKLES) and (file.size or 0) <= _MOST_PICKLE:
            with suppress(Damaged):
                found.update(opcodes.imports(b"".join(file.read())))
    return [*sorted(found)[:_MOST_IMPORTS]]


def _said(given: _Logged) -> Iterator[Part]:
    """Parameters and metrics of the run and of the model."""
    values = {name: text for draft in given.drafts for name, text in draft.params.items()}
    yield params.capture_params(values)
    numbers = {n: found[0] for draft in given.drafts for n, found in draft.metrics.items()}
    if numbers:
        yield params.capture_metrics(numbers)


def _environment(given: _Logged, writer: Writer) -> Part:
    pinned = mlmodel.pinned(_small(given.files, mlmodel.REQUIREMENTS))
    facts: dict[str, Json] = {
        "kernel": "",
        "imported": dict(pinned),
        "installed_count": len(pinned),
    }
    if version := mlmodel.python(_small(given.files, mlmodel.PYTHON)):
        facts["python"] = {"version": version, "implementation": "CPython"}
    blob = writer.add(canonical.encode(dict(pinned)))
    return Part("environment", "environment", facts, (blob,))


def _small(files: Mapping[str, File], name: str) -> bytes:
    """A file that is read whole; nothing where it is absent or larger than such a one."""
    file = files.get(name)
    if file is None or (file.size or 0) > mlmodel.MOST_BYTES:
        return b""
    return b"".join(file.read())


def _keep(file: File, writer: Writer) -> tuple[int, tuple[str, ...]]:
    """The size of a file and the blobs that it is; read piece by piece."""
    size = 0
    blobs: list[str] = []
    for block in file.read():
        size += len(block)
        small = len(block) <= _WHOLE_BYTES
        pieces = [memoryview(block)] if small else chunk.cut(block, _PIECE_BYTES)
        blobs += [writer.add(piece) for piece in pieces]
    return size, tuple(blobs)
