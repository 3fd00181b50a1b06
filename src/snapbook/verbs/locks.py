"""What --hashes and --with-wheels add to a bundle: a lock with hashes, the wheels, a signature.

The signature is the exporter's: wheels are programs, and who installs them has to know whose word
it is that these are the right ones.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook import settings, signing
from snapbook.errors import BadOption, NotRestorable
from snapbook.export import locking
from snapbook.export.layer import pieces
from snapbook.serve import recipe, wheels
from snapbook.serve.load import open_bundle

if TYPE_CHECKING:
    from snapbook.export.bundle import Writing
    from snapbook.trust import Claim
    from snapbook.verbs.here import Here
    from snapbook.verbs.table import Asked


class Adding:
    """Adds a lock to a bundle that is being written. ``told`` is what came of it, afterwards."""

    def __init__(
        self, here: Here, *, wheels: bool, offline: bool, apart: Path | None = None
    ) -> None:
        self._here, self._wheels, self._offline = here, wheels, offline
        self._apart = apart  # a folder for the wheels, where they do not go into the bundle
        self.told = ""

    def __call__(self, writing: Writing, claim: Claim) -> None:
        """Write what was asked for. Raises NotRestorable where wheels were, and are not to be had.
        Hashes that are not to be had are told of.
        """
        seconds = settings.number("judge.max_seconds")
        with tempfile.TemporaryDirectory(prefix="snapbook-lock-") as name:
            work = Path(name)
            self._here.progress("hashes", 0, 1)
            try:
                wanted = recipe.recipe(open_bundle(writing.folder), recipe.SERVING)
                lock = locking.locked(work, wanted, seconds, self._offline)
            except NotRestorable as error:
                if self._wheels:
                    raise
                self.told = f"lock: versions only, without hashes ({error.why})"
                return
            self.told = f"lock: {len(lock.versions)} packages with their hashes"
            if self._wheels:
                self._here.progress("wheels", 0, len(lock.versions))
                lock = locking.with_wheels(work, lock, seconds)
                self.told += ", and their wheels"
            self._put(writing, claim, lock)

    def _put(self, writing: Writing, claim: Claim, lock: locking.Lock) -> None:
        if self._apart is not None:
            if lock.wheels:
                self._apart.mkdir(parents=True)
            for path in lock.wheels:
                shutil.move(path, self._apart / path.name)
            lock = replace(lock, wheels=())
        text = lock.text.encode()
        writing.put(recipe.LOCK, (text,))
        if not lock.wheels:
            return
        for path in lock.wheels:
            if "+" in path.name or "!" in path.name:
                raise NotRestorable(
                    "No wheels were had", f"{path.name} has a version of one place alone"
                )
            writing.put(f"{wheels.FOLDER}{path.name}", pieces(path))
        key = signing.own_key(settings.folder())
        said = wheels.statement(claim.model, claim.manifest, text)
        signature = key.sign(wheels.PURPOSE, said)
        writing.json(wheels.SIGNED, {"key": key.public, "signature": signature})


def asked_for(here: Here, asked: Asked) -> Adding | None:
    """What the options of an export to a bundle ask for; None where they ask for neither."""
    _possible(asked)
    if not asked.hashes and not asked.with_wheels:
        return None
    return Adding(here, wheels=asked.with_wheels, offline=asked.offline)


def beside(here: Here, asked: Asked, folder: Path) -> Adding:
    """The same for what an image is built from: always a lock, and wheels into ``folder``."""
    _possible(asked)
    return Adding(here, wheels=asked.with_wheels, offline=asked.offline, apart=folder)


def _possible(asked: Asked) -> None:
    if asked.with_wheels and asked.offline:
        raise BadOption("--with-wheels goes without --offline", act="Wheels are fetched")
