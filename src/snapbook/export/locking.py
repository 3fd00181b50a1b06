"""The lock of a bundle with hashes, and the wheels themselves where they are wanted.

uv tells the hashes: out of its cache where that is enough, else from where packages come from. Of
what it writes only names, versions and hashes are taken: no address, no login and no option gets
into a lock. Which files a package has is told by others, and may be more tomorrow: so a lock with
hashes is not a function of the version alone. With wheels it names those and no others.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from snapbook.errors import NotRestorable
from snapbook.process import ended
from snapbook.serve import environment, recipe
from snapbook.serve.pins import Hashes, hashed, written

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Lock:
    """All that an environment needs, by version and hashes; ``wheels`` are files of it."""

    python: str
    versions: Mapping[str, str]
    hashes: Hashes
    wheels: tuple[Path, ...] = ()

    @property
    def text(self) -> str:
        """environment/locked.txt."""
        said = "the wheels in this bundle" if self.wheels else "the files that may be installed"
        head = (f"All that serving needs, with the SHA-256 of {said}", f"Python {self.python}")
        return written(self.versions, self.hashes, head)


def locked(folder: Path, wanted: recipe.Recipe, seconds: float, offline: bool) -> Lock:
    """The lock with hashes for ``wanted``, for this kind of machine; ``folder`` is for its work.
    Raises NotRestorable with the reason.
    """
    uv = environment.program()
    if uv is None:
        raise NotRestorable("No hashes were had", "uv is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    out, log = folder / "out.txt", folder / "log.txt"
    (folder / "needed.txt").write_text(written(wanted.needed, {}))
    (folder / "held.txt").write_text(written(wanted.locked, {}))
    command = [uv, "pip", "compile", "--no-config", "--only-binary", ":all:", "--generate-hashes",
               "--no-header", "--no-annotate", "--no-emit-index-url", "--quiet", "--python",
               sys.executable, "--python-version", wanted.python, "-c", str(folder / "held.txt"),
               "-o", str(out), str(folder / "needed.txt")]  # fmt: skip
    why = ended([*command, "--offline"], log, folder, seconds)
    if why and not offline:
        why = ended(command, log, folder, seconds)
    if why:
        raise NotRestorable("No hashes were had", why)
    versions, hashes = hashed(out.read_text("utf-8"))
    if not set(wanted.needed) <= set(versions):
        raise NotRestorable("No hashes were had", "uv told of none")
    return Lock(wanted.python, versions, hashes)


def with_wheels(folder: Path, lock: Lock, seconds: float) -> Lock:
    """The same lock with the wheels themselves, fetched by pip into ``folder``, and their hashes
    alone. Raises NotRestorable.
    """
    log, wheels, wanted = folder / "log.txt", folder / "wheels", folder / "wanted.txt"
    index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL")
    head = f"--index-url {index}\n" if index else ""  # in a file: others read our command's words
    wanted.touch(mode=0o600)
    wanted.write_text(head + written(lock.versions, lock.hashes))
    python, why = _pip(folder, lock.python, seconds)
    fetch = [python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
             "--no-deps", "--require-hashes", "--only-binary", ":all:",
             "-d", str(wheels), "-r", str(wanted)]  # fmt: skip
    if why := why or ended(fetch, log, folder, seconds):
        raise NotRestorable("No wheels were had", why)
    found = tuple(sorted(wheels.glob("*.whl")))
    return Lock(lock.python, lock.versions, _only(lock, found), found)


def _pip(folder: Path, python: str, seconds: float) -> tuple[str, str]:
    """An interpreter of that version that has pip, and why there is none: this one where it will
    do, else one in an environment of its own.
    """
    if python == ".".join(map(str, sys.version_info[:2])) and _has_pip():
        return sys.executable, ""
    uv, env, log = str(environment.program()), folder / "pip", folder / "log.txt"
    made = str(environment.interpreter(env))
    create = [uv, "venv", "--no-config", "--no-project", "--offline", "--python", python, str(env)]
    tool = [uv, "pip", "install", "--no-config", "--only-binary", ":all:", "--python", made, "pip"]
    why = ended(create, log, folder, seconds)
    if not why and ended([*tool, "--offline"], log, folder, seconds):
        why = ended(tool, log, folder, seconds)
    return made, why


def _has_pip() -> bool:
    """Whether this interpreter has pip. To look for the module would be too much: a finder of
    setuptools takes that for an import of pip, and lets go of its own distutils.
    """
    try:
        distribution("pip")
    except PackageNotFoundError:
        return False
    return True


def _only(lock: Lock, wheels: tuple[Path, ...]) -> Hashes:
    """By name the hash of its wheel."""
    there = {_sha256(path) for path in wheels}
    hashes = {name: tuple(sorted(there & set(found))) for name, found in lock.hashes.items()}
    if absent := sorted(name for name, found in hashes.items() if not found):
        raise NotRestorable("No wheels were had", f"there is none of {absent[0]}")
    return hashes


def _sha256(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.hexdigest()
