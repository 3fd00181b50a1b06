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
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import snapbook
from snapbook import canonical
from snapbook.errors import NotRestorable, Unreachable
from snapbook.process import ended
from snapbook.serve import compiled, wheels
from snapbook.serve.load import Bundle, open_bundle
from snapbook.serve.pins import written
from snapbook.serve.recipe import SERVING, Recipe, model_needs, recipe

_PYTHON = re.compile(r"3\.[0-9]{1,2}")
_OURS = "ours"  # in an environment: the folder in which it finds this package, and nothing else
_FORM = 1  # of what lies in the cache
_LOOKED_AT = 8  # environments that are looked at for what was compiled in them


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
    absent or of another version here, and another Python. () where it fits, or nothing is known.
    """
    python, needed = model_needs(bundle)
    here = ".".join(map(str, sys.version_info[:2]))
    found = [f"Python {python}"] if python not in ("", here) else []
    for name, version in sorted(needed.items()):
        try:
            there = importlib.metadata.version(name).partition("+")[0]
        except importlib.metadata.PackageNotFoundError:
            there = ""
        if there != version:
            found.append(f"{name} {version}")
    return tuple(found)


def make(
    folder: Path,
    wanted: Recipe,
    seconds: float,
    offline: bool = False,
    here: Path | None = None,
    beside: Iterable[Path] = (),
) -> str:
    """Make the environment ``folder``/env; why it could not be made, "" where it was. From uv's
    cache where that is enough, without the network where ``offline``; or from the wheels that lie
    in the folder ``here`` and from nowhere else. What was compiled in the environments ``beside``
    is taken along.
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
        _take_along(env, wanted.python, beside)
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
        if why := make(partial, wanted, seconds, offline, here, _beside(place)):
            raise NotRestorable(f"No environment was made for {opened.ref}", why)
        shutil.rmtree(place, ignore_errors=True)  # whose Python was taken away
        try:
            os.rename(partial / "env", place)
        except OSError:
            if not _whole(place):  # else, on a disk without locks, another was faster
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _take_along(env: Path, python: str, beside: Iterable[Path]) -> None:
    """Let ``env`` have what was compiled in those ``beside``, and in the one that we run in."""
    sites = [_site(one, python) for one in beside]
    if python == ".".join(map(str, sys.version_info[:2])):
        own = sysconfig.get_paths()
        sites += map(Path, dict.fromkeys([own["purelib"], own["platlib"]]))
    with suppress(OSError):  # what does not come is compiled anew
        compiled.share(_site(env, python), sites)


def _beside(place: Path) -> list[Path]:
    """The newest of the environments that lie where ``place`` is to lie."""
    with suppress(OSError):  # one that goes meanwhile
        there = [one for one in place.parent.iterdir() if _whole(one)]
        return sorted(there, key=lambda one: one.stat().st_mtime, reverse=True)[:_LOOKED_AT]
    return []


def _site(env: Path, python: str) -> Path:
    """The folder of packages of an environment."""
    within = ("Lib",) if sys.platform == "win32" else ("lib", f"python{python}")
    return env.joinpath(*within, "site-packages")


def _place_ours(env: Path, python: str) -> None:
    """Let the environment find this package, and nothing that lies beside it."""
    own = Path(snapbook.__file__).resolve().parent
    (env / _OURS).mkdir()
    try:
        (env / _OURS / "snapbook").symlink_to(own, target_is_directory=True)
    except OSError:  # a system that has no links for everybody
        shutil.copytree(own, env / _OURS / "snapbook")
    site = _site(env, python)
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
