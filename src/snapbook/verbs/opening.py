"""A version opened as a bundle, whether it lies here, in a registry, or is a bundle already.

A version is exported first, into the user's cache under its digest; what answers reads that bundle
and nothing else. A model whose loading can execute something is loaded only where its author is
trusted, as everywhere.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook import places, refs, settings
from snapbook.errors import Hint, Untrusted
from snapbook.parts.model import check_asked
from snapbook.serve import start
from snapbook.serve.load import Bundle, open_bundle
from snapbook.trust import Claim, Trust
from snapbook.verbs import bundling, look, share, travel
from snapbook.verbs.here import Here, release

if TYPE_CHECKING:
    from snapbook.catalog.rows import VersionRow
    from snapbook.repository import Repository


@dataclass(frozen=True, slots=True)
class Opened:
    """A ``bundle`` and where it lies; ``act`` and ``hint`` say how its author becomes trusted."""

    bundle: Bundle
    path: Path
    act: str
    hint: Hint

    @property
    def trusted(self) -> bool:
        """Whether its author may execute something here."""
        author = self.bundle.author
        claim = Claim(author.model, author.manifest, author.author, author.key, author.signature)
        return Trust(settings.folder()).allows(claim)

    def model(self, trust: bool) -> Any:
        """Its model. Raises Untrusted where it is not trusted, neither at all nor for this time."""
        try:
            return start.model_of(self.bundle, trust or self.trusted)
        except Untrusted as error:
            raise Untrusted(error.what, error.why, act=self.act, hint=self.hint) from error


def opened(here: Here, text: str | None, verb: str) -> Opened:
    """What ``text`` names: a version, or a bundle's folder or archive. ``verb`` asks for it.

    Raises NotRestorable for a version that cannot be asked anything.
    """
    path = (here.folder / Path(text).expanduser()) if text else None
    if path is not None and (path.suffix == ".zip" or (path / "bundle.json").is_file()):
        act, hint = "If you trust them for it", Hint(verb, (str(text), "--trust"))
        return Opened(open_bundle(path), path, act, hint)
    with _version(here, text, verb) as (repository, version, echo):
        check_asked(version.ref, repository.parts(version.manifest))
        if echo:
            here.say(echo)
        path = _exported(repository, version)
    act, hint = f"If you trust them for {version.model}", Hint("trust", (version.ref,))
    return Opened(open_bundle(path), path, act, hint)


@contextmanager
def _version(
    here: Here, text: str | None, verb: str
) -> Iterator[tuple[Repository, VersionRow, str]]:
    """The version that is asked for, in a repository that has its blobs."""
    if text and (registry := refs.parse(text).registry):
        with _fetched(here, text, registry, verb) as found:
            yield found
        return
    repository = here.repository()
    version, echo = look.resolve(repository, text or look.default_ref(here, repository))
    yield repository, version, echo


@contextmanager
def _fetched(
    here: Here, text: str, registry: str, verb: str
) -> Iterator[tuple[Repository, VersionRow, str]]:
    """A version of a registry, in a repository that is gone at the end: no project is needed."""
    known = travel.book().get(registry)
    with tempfile.TemporaryDirectory(prefix=f"snapbook-{verb}-") as name:
        folder = Path(name) / "repository"
        places.create(folder)
        with (
            share.reached(here, known, _NOT[verb]) as side,
            places.open_folder(folder) as repository,
        ):
            there = side.resolve(text.removeprefix(f"{registry}::"))
            moved = travel.fetch(here, repository, side, there, known)
            literal = refs.parse(text).literal
            echo = "" if literal else f"{text} -> {known.name}::{there.ref}"
            yield repository, moved.accepted.version, echo


_NOT = {"serve": "Not served", "predict": "Not predicted"}


def _exported(repository: Repository, version: VersionRow) -> Path:
    """The bundle of a version in the user's cache, made on first use, and anew by each release:
    what one knew of a version another may tell better.
    """
    plain = version.ref.replace("/", "~").replace(":", "-")
    name = f"{plain}-{version.manifest}-{release() or 'sources'}"
    target = _cache() / name
    if not (target / "bundle.json").is_file():
        bundling.put(repository, version, target)
    return target


def _cache() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("snapbook", appauthor=False) / "bundles"
