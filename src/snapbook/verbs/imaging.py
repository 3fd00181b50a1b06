"""export --to docker, oci, modelpack: a version as an image, or as what one is built from.

The bundle is made first, as for every export; nothing of it is loaded but for its self-test. The
packages that the author's lock names get into an image, so where loading the model executes
something its author has to be one whom you trust.
"""

from __future__ import annotations

import platform
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook import settings
from snapbook.errors import BadOption, NotRestorable, Refused
from snapbook.export import container, image, installed, layout
from snapbook.export.address import Address, address, named
from snapbook.export.artifact import Artifact
from snapbook.export.base import Base, Remote, base
from snapbook.export.distribution import Registry
from snapbook.export.modelpack import modelpack
from snapbook.export.push import push
from snapbook.parts.model import check_asked
from snapbook.serve import recipe
from snapbook.serve.load import Bundle, open_bundle
from snapbook.store import durable
from snapbook.verbs import bundling, locks, look, release, trusting
from snapbook.verbs.every.imaging import PLACED
from snapbook.verbs.here import Here
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.verbs.table import Asked

_NO_IMAGE = "A ModelPack holds it (--to modelpack), an image would serve it"
_HERE = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def export(here: Here, asked: Asked) -> Done:
    """The version as a folder to build an image from, as an image, or as a ModelPack."""
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref or look.default_ref(here, repository))
    kind = asked.to.partition("://")[0]
    at = _address(asked, kind)
    if at is not None and at.digest:
        raise BadOption("An image is sent to a tag", act="Leave the digest out")
    if at is None and (target := release.target(here, asked)) is not None:
        release.check_free(target, folder=target.suffix != ".tar")
    if kind != "modelpack":  # which holds what it is, and serves nothing
        check_asked(version.ref, repository.parts(version.manifest), _NO_IMAGE)
        trusting.check(repository, version)
    lines = [echo] if echo else []
    with tempfile.TemporaryDirectory(prefix="snapbook-image-") as name:
        folder, sample = Path(name), not asked.no_sample
        lock = locks.beside(here, asked, folder / "wheels") if kind == "docker" else None
        put = bundling.put(repository, version, folder / "bundle", sample=sample, lock=lock)
        opened = open_bundle(folder / "bundle")
        if lock is not None:
            told, data = _context(here, asked, opened, folder)
            told.append(lock.told)
        else:
            told, data = _made(here, asked, opened, folder, at)
    return Done((*lines, *told, put.told), {"ref": version.ref, **data})


def _address(asked: Asked, kind: str) -> Address | None:
    """Where it is sent to; None where it is written to a place."""
    if kind not in PLACED:
        return None
    at, other = named(asked.to, kind), named(asked.output or "", kind)
    if at is not None and asked.output:
        raise BadOption("-o is for another place", act="Name either an address or a file")
    return at or other


def _context(
    here: Here, asked: Asked, opened: Bundle, folder: Path
) -> tuple[list[str], dict[str, Json]]:
    """A folder with a Containerfile."""
    target = _target(here, asked, opened, "-image")
    release.check_free(target, folder=True)
    found = str(address(asked.base)) if asked.base else _default(opened)
    with bundling.beside(target) as partial:
        brought = (folder / "wheels").is_dir()
        for file in container.files(opened, found, brought):
            bundling.write(partial, file)
        shutil.move(folder / "bundle", partial / "bundle")
        if brought:
            shutil.move(folder / "wheels", partial / "wheels")
        for path in partial.rglob("*"):  # they are copied with their modes, for another user
            program = path.is_dir() or path.name == Path(image.PROGRAM).name
            path.chmod(0o755 if program else 0o644)
        partial.chmod(0o755)
        partial.replace(target)
    said = f"wrote {target.name}: build it with buildah, podman or docker, on {found}"
    return [said], {"files": [str(target)], "base": found}


def _made(
    here: Here, asked: Asked, opened: Bundle, folder: Path, at: Address | None
) -> tuple[list[str], dict[str, Json]]:
    """An image or a ModelPack, sent to ``at`` or written to a place."""
    number = str(opened.facts["number"])
    with ExitStack() as stack:
        if asked.to.startswith("modelpack"):
            told: list[str] = []
            made = modelpack(opened, folder / "bundle")
        else:
            made, told = _image(here, asked, opened, folder, stack)
        done = _progress(here, made)
        data: dict[str, Json] = {"digest": made.digest, "bytes": made.size}
        shown = f"{durable.bytes_text(made.size)} in {len(made.blobs) - 1} layers, {made.digest}"
        if at is None:
            target = _target(here, asked, opened, "-image.tar" if not made.kind else "-modelpack")
            _written(made, number, target, done)
            return [f"wrote {target.name}: {shown}", *told], {**data, "files": [str(target)]}
        at = at.tagged(number)
        registry = stack.enter_context(Registry(at.host, asked.plain_http))
        ways = push(registry, at, made, done)
    counts = ", ".join(f"{count} {way}" for way, count in sorted(ways.items()))
    return [f"pushed {at}: {shown}", f"blobs: {counts}", *told], {
        **data, "pushed": str(at), **dict(ways),
    }  # fmt: skip


def _image(
    here: Here, asked: Asked, opened: Bundle, folder: Path, stack: ExitStack
) -> tuple[Artifact, list[str]]:
    wanted = recipe.recipe(opened, recipe.SERVING)
    found = _base(here, asked, opened, stack)
    told = [f"base: {found.name or 'a layout'}, {found.digest}"]
    if not found.python:
        told.append(f"the base does not tell its Python: it has to be {wanted.python}")
    elif found.python != wanted.python:
        raise Refused(
            "No image was made",
            f"the base has Python {found.python}, {opened.ref} needs {wanted.python}",
            act="Name another --base",
        )
    here.progress("packages", 0, 1)
    seconds = settings.number("judge.max_seconds")
    lib = installed.install(folder, wanted, found.architecture, seconds, asked.offline)
    return image.image(opened, folder / "bundle", lib, found), told


def _base(here: Here, asked: Asked, opened: Bundle, stack: ExitStack) -> Base:
    machine = _HERE.get(platform.machine().lower(), "amd64")
    if asked.base:
        path = Path(asked.base).expanduser()
        path = path if path.is_absolute() else here.folder / path
        if path.exists():
            return base(layout.Layout(path), "", machine)
    at = address(asked.base or _default(opened))
    registry = stack.enter_context(Registry(at.host, asked.plain_http))
    return base(Remote(registry, at), str(at), machine)


def _default(opened: Bundle) -> str:
    python = opened.facts.get("python")
    if not python:
        raise NotRestorable("No image was made", "nothing is known of its Python")
    return f"docker.io/library/python:{python}-slim"


def _target(here: Here, asked: Asked, opened: Bundle, tail: str) -> Path:
    name = f"{str(opened.facts['model']).replace('/', '-')}-{opened.facts['number']}{tail}"
    return release.target(here, asked) or release.free_path(here.folder / name)


def _written(made: Artifact, tag: str, target: Path, done: Any) -> None:
    packed = target.suffix == ".tar"
    release.check_free(target, folder=not packed)
    with bundling.beside(target) as partial:
        place = partial / "image.tar" if packed else partial
        layout.write(made, tag, place, packed=packed, done=done)
        place.replace(target)


def _progress(here: Here, made: Artifact) -> Any:
    held = 0

    def done(count: int) -> None:
        nonlocal held
        held += count
        here.progress("MB", held >> 20, made.size >> 20)

    return done
