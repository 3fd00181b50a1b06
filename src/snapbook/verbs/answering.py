"""serve: a version answers requests, whether it lies here, in a registry, or in a bundle.

A version is exported first, into the user's cache under its digest; what serves reads that bundle
and nothing else. A model whose loading can execute something is loaded only where its author is
trusted, as everywhere.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook import places, refs, settings
from snapbook.errors import Hint, Untrusted, Usage
from snapbook.serve import start
from snapbook.serve.load import Bundle, open_bundle
from snapbook.trust import Claim, Trust
from snapbook.verbs import bundling, look, share, travel
from snapbook.verbs.here import Here, release
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.catalog.rows import VersionRow
    from snapbook.repository import Repository
    from snapbook.verbs.table import Asked


def serve(here: Here, asked: Asked) -> Done:
    """Answer until interrupted."""
    if here.face != "cli":
        raise Usage("A model is served from a shell", act="There", hint="snapbook serve churn")
    wanted = start.serving(asked)
    path = (here.folder / Path(asked.ref or "").expanduser()) if asked.ref else None
    if path is not None and (path.suffix == ".zip" or (path / "bundle.json").is_file()):
        bundle = open_bundle(path)
        act, hint = "If you trust them for it", Hint("serve", (str(asked.ref), "--trust"))
    else:
        with _version(here, asked) as (repository, version, echo):
            if echo:
                here.say(echo)
            path = _exported(repository, version)
        bundle = open_bundle(path)
        act, hint = f"If you trust them for {version.model}", Hint("trust", (version.ref,))
    try:
        model = start.model_of(bundle, asked.trust or _trusted(bundle))
    except Untrusted as error:
        raise Untrusted(error.what, error.why, act=act, hint=hint) from error
    url = start.answer(bundle, model, wanted, release() or "unknown", here.say)
    return Done((f"stopped serving {bundle.ref}",), {"url": url, "ref": bundle.ref})


def _trusted(bundle: Bundle) -> bool:
    author = bundle.author
    claim = Claim(author.model, author.manifest, author.author, author.key, author.signature)
    return Trust(settings.folder()).allows(claim)


@contextmanager
def _version(here: Here, asked: Asked) -> Iterator[tuple[Repository, VersionRow, str]]:
    """The version that is asked for, in a repository that has its blobs."""
    if asked.ref and (registry := refs.parse(asked.ref).registry):
        with _fetched(here, asked.ref, registry) as found:
            yield found
        return
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref or look.default_ref(here, repository))
    yield repository, version, echo


@contextmanager
def _fetched(here: Here, text: str, registry: str) -> Iterator[tuple[Repository, VersionRow, str]]:
    """A version of a registry, in a repository that is gone at the end: no project is needed."""
    known = travel.book().get(registry)
    with tempfile.TemporaryDirectory(prefix="snapbook-serve-") as name:
        folder = Path(name) / "repository"
        places.create(folder)
        with (
            share.reached(here, known, "Not served") as side,
            places.open_folder(folder) as repository,
        ):
            there = side.resolve(text.removeprefix(f"{registry}::"))
            moved = travel.fetch(here, repository, side, there, known)
            literal = refs.parse(text).literal
            echo = "" if literal else f"{text} -> {known.name}::{there.ref}"
            yield repository, moved.accepted.version, echo


def _exported(repository: Repository, version: VersionRow) -> Path:
    """The bundle of a version in the user's cache, made on first use."""
    name = f"{version.ref.replace('/', '~').replace(':', '-')}-{version.manifest}"
    target = _cache() / name
    if not (target / "bundle.json").is_file():
        bundling.put(repository, version, target)
    return target


def _cache() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("snapbook", appauthor=False) / "bundles"
