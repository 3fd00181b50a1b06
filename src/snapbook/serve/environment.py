"""The environment of a bundle, made by uv out of pins and wheels alone: in a folder, or once for
all in the user's cache.

A bundle comes from anywhere, so its lock is read and not handed on: only what has the form of a pin
reaches uv, and no source of packages that it names. Where packages come from is uv's own default or
what the user's environment says (UV_DEFAULT_INDEX); no file of settings that lies about is read.
Whether packages that the bundle's author chose may be imported is the caller's question.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import snapbook
from snapbook import canonical
from snapbook.errors import Damaged, NotRestorable, Unreachable
from snapbook.process import ended
from snapbook.serve import wheels
from snapbook.serve.load import Bundle, open_bundle
from snapbook.serve.pins import Hashes, hashed, pins, written

# What of others' `snapbook-serve` needs beside the model, and `serve.trying` alone.
SERVING = (
    "blake3", "cryptography", "httptools", "numpy", "pandas", "prometheus-client", "uvicorn",
    *(() if sys.platform == "win32" else ("uvloop",)),
)  # fmt: skip
TRYING = ("blake3",)
_PYTHON = re.compile(r"3\.[0-9]{1,2}")
LOCK = "environment/locked.txt"
_OURS = "ours"  # in an environment: the folder in which it finds this package, and nothing else
_FORM = 1  # of what lies in the cache


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an environment is made of: its Python ("3.11"), what has to be in it, and the versions
    that all that this needs in turn is held to; "" where any will do. With ``hashes`` it is whole:
    there is one for each that is needed, and nothing else is.
    """

    python: str
    needed: Mapping[str, str]
    locked: Mapping[str, str]
    hashes: Hashes = field(default_factory=dict)


def python_for(
    bundle: Path,
    *,
    offline: bool = False,
    seconds: float = 900.0,
    own_wheels: bool = False,
    also: Sequence[str] = (),
) -> Path:
    """The interpreter of an environment that serves ``bundle``: `-m snapbook.serve.start`.

    Made in the user's cache where it is not there yet, whole or not at all, once for all bundles
    with the same lock; from uv's cache where that is enough, and without the network where
    ``offline``; with ``own_wheels`` from those in the bundle, about whose signer the caller has
    asked trust (`wheels.signer`). Finds this very package, and has ``also`` what is named so
    ("pyarrow"), where the bundle's lock is without hashes. Raises NotRestorable with the reason
    where it cannot be made, Unreachable where the disk refuses.
    """
    opened = open_bundle(bundle)
    wanted = recipe(opened, (*SERVING, *also))
    place = _cache() / _digest(wanted)[:32]
    if _whole(place):
        return interpreter(place)
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(place):
            if not _whole(place):
                _put(place, wanted, opened, seconds, offline, own_wheels)
    except OSError as error:
        if isinstance(error, Unreachable):
            raise
        raise Unreachable(
            "No environment was made", f"{place.parent} says {error.strerror or error}"
        ) from error
    return interpreter(place)


def misfits(bundle: Bundle) -> tuple[str, ...]:
    """Why this very process is no place for the model: each package that it needs and that is
    absent or of another version here, and another Python. () where it fits.
    """
    wanted = recipe(bundle, ())
    here = ".".join(map(str, sys.version_info[:2]))
    found = [] if wanted.python == here else [f"Python {wanted.python}"]
    for name, version in sorted(wanted.needed.items()):
        try:
            there = importlib.metadata.version(name).partition("+")[0]
        except importlib.metadata.PackageNotFoundError:
            there = ""
        if there != version:
            found.append(f"{name} {version}")
    return tuple(found)


def recipe(bundle: Bundle, also: Sequence[str]) -> Recipe:
    """What the environment of ``bundle`` is made of, with what of ours is needed ``also``.
    Raises NotRestorable where nothing is known of it.
    """
    if "environment/needed.txt" not in bundle.facts["files"]:
        raise NotRestorable("No environment was made", "nothing is known of it")
    python = str(bundle.facts.get("python"))
    needed, locked = (pins(_text(bundle, name)) for name in ("needed", "requirements"))
    if LOCK in bundle.facts["files"]:
        versions, hashes = hashed(_text(bundle, "locked"))
        _agree(needed, locked, versions)
        return Recipe(python, versions, {}, hashes)
    ours = {name: _version(name, locked) for name in also if name not in needed}
    rest = {name: version for name, version in locked.items() if name not in ours}
    return Recipe(python, {**ours, **needed}, rest)


def make(
    folder: Path, wanted: Recipe, seconds: float, offline: bool = False, here: Path | None = None
) -> str:
    """Make the environment ``folder``/env; why it could not be made, "" where it was. From uv's
    cache where that is enough, without the network where ``offline``; or from the wheels that lie
    in the folder ``here`` and from nowhere else.
    """
    uv = program()
    if uv is None:
        return "uv is not installed"
    if _PYTHON.fullmatch(wanted.python) is None:  # uv would take a path for one, too
        return "its Python is not known"
    folder.mkdir(parents=True, exist_ok=True)
    env, log = folder / "env", folder / "log.txt"
    create = [uv, "venv", "--no-config", "--no-project", "--relocatable", "--offline",
              "--python", wanted.python, str(env)]  # fmt: skip
    if why := ended(create, log, folder, seconds):
        return why
    install = [uv, *installing(folder, wanted), "--python", str(interpreter(env))]
    if here is not None:
        install += ["--no-index", "--find-links", str(here)]
    why = ended([*install, "--offline"], log, folder, seconds)
    if why and not offline and here is None:
        why = ended(install, log, folder, seconds)
    if not why:
        _place_ours(env, wanted.python)
    return why


def installing(folder: Path, wanted: Recipe) -> list[str]:
    """What tells uv to install ``wanted``, whose lists are written into ``folder``."""
    (folder / "needed.txt").write_text(written(wanted.needed, wanted.hashes))
    (folder / "locked.txt").write_text(written(wanted.locked, {}))
    return ["pip", "install", "--no-config", "--only-binary", ":all:",
            *(("--require-hashes", "--no-deps") if wanted.hashes else ()),
            "-r", str(folder / "needed.txt"), "-c", str(folder / "locked.txt")]  # fmt: skip


def program() -> str | None:
    """Where uv is; None where it is not installed."""
    beside = Path(sys.executable).parent  # of an environment that nobody activated
    return shutil.which("uv") or shutil.which("uv", path=str(beside))


def interpreter(env: Path) -> Path:
    """The interpreter of the environment in the folder ``env``."""
    place = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
    return env.joinpath(*place)


def _put(
    place: Path, wanted: Recipe, opened: Bundle, seconds: float, offline: bool, own_wheels: bool
) -> None:
    """Make it beside ``place`` and move it there, which either happens or does not."""
    for left in place.parent.glob(f"tmp-{place.name}-*"):  # by one that was killed: we are alone
        shutil.rmtree(left, ignore_errors=True)
    partial = Path(tempfile.mkdtemp(prefix=f"tmp-{place.name}-", dir=place.parent))
    try:
        here = wheels.unpack(opened, partial / "wheels") if own_wheels else None
        if why := make(partial, wanted, seconds, offline, here):
            raise NotRestorable(f"No environment was made for {opened.ref}", why)
        shutil.rmtree(place, ignore_errors=True)  # whose Python was taken away
        with suppress(FileExistsError):  # on a disk without locks another was faster
            os.rename(partial / "env", place)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _place_ours(env: Path, python: str) -> None:
    """Let the environment find this package, and nothing that lies beside it."""
    own = Path(snapbook.__file__).resolve().parent
    (env / _OURS).mkdir()
    try:
        (env / _OURS / "snapbook").symlink_to(own, target_is_directory=True)
    except OSError:  # a system that has no links for everybody
        shutil.copytree(own, env / _OURS / "snapbook")
    within = ("Lib",) if sys.platform == "win32" else ("lib", f"python{python}")
    site = env.joinpath(*within, "site-packages")
    up = os.path.relpath(env / _OURS, site)  # so that it can be moved
    (site / "snapbook-ours.pth").write_text(f"{up}\n")


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Nobody else on this machine makes ``place`` meanwhile, where the disk has locks."""
    with open(place.with_name(f"{place.name}.lock"), "ab") as file:
        with suppress(ImportError, OSError):
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _whole(place: Path) -> bool:
    return interpreter(place).exists()  # follows the link to the Python it was made of


def _digest(wanted: Recipe) -> str:
    own = Path(snapbook.__file__).resolve().parent
    return canonical.digest(
        canonical.encode(
            {
                "form": _FORM,
                "python": wanted.python,
                "platform": sysconfig.get_platform(),
                "needed": dict(wanted.needed),
                "locked": dict(wanted.locked),
                "hashes": {name: list(found) for name, found in wanted.hashes.items()},
                "ours": str(own),
            }
        )
    )


def _cache() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("snapbook", appauthor=False) / "environments"


def _text(bundle: Bundle, name: str) -> str:
    return bundle.read(f"environment/{name}.txt").decode("utf-8", "replace")


def _agree(
    needed: Mapping[str, str], locked: Mapping[str, str], versions: Mapping[str, str]
) -> None:
    """Raise Damaged unless the lock with hashes says what the signed lists say."""
    wrong = {name for name, version in needed.items() if versions.get(name) != version}
    wrong |= {name for name, version in versions.items()
              if name not in SERVING and locked.get(name, version) != version}  # fmt: skip
    if wrong:
        raise Damaged("The bundle is not whole", f"{LOCK} has another {min(wrong)} than was signed")


def _version(name: str, locked: Mapping[str, str]) -> str:
    """The version of what is ours to choose: the lock's where we can use it, else that of here."""
    if name in locked and _usable(name, locked[name]):
        return locked[name]
    try:
        return importlib.metadata.version(name).partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return ""


def _usable(name: str, version: str) -> bool:
    """Whether this package is content with that version of what it requires."""
    from packaging.requirements import Requirement

    try:
        listed = importlib.metadata.requires("snapbook") or []
    except importlib.metadata.PackageNotFoundError:
        return True
    known = [one for one in map(Requirement, listed) if one.name == name]
    return all(one.specifier.contains(version, prereleases=True) for one in known)
