"""The environment of a bundle, built anew in a folder by uv: from pins and wheels alone.

A bundle comes from anywhere, so its lock is read and not handed on: only what has the form of a pin
reaches uv, and no source of packages that it names. Where packages come from is uv's own default or
what the user's environment says (UV_DEFAULT_INDEX); no file of settings that lies about is read.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import snapbook
from snapbook.trial import running

_PYTHON = re.compile(r"3\.[0-9]{1,2}")
_OWN = "blake3"  # what `serve.trying` needs of ours
_TRY = """
import sys
sys.path.insert(0, {path!r})
from snapbook.serve import trying
trying.main(*sys.argv[1:])
"""


def build(
    folder: Path,
    python: str,
    needed: Mapping[str, str],
    locked: Mapping[str, str],
    seconds: float,
    offline: bool = False,
) -> str:
    """Make an environment in ``folder``/env with what is ``needed``, and what that needs by the
    versions that are ``locked``; why it could not be made, "" where it was. From the cache where
    that is enough; without the network where ``offline``.
    """
    beside = Path(sys.executable).parent  # of an environment that nobody activated
    uv = shutil.which("uv") or shutil.which("uv", path=str(beside))
    if uv is None:
        return "uv is not installed"
    if _PYTHON.fullmatch(python) is None:  # uv would take a path for one, too
        return "its Python is not known"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "needed.txt").write_text(_lines({_OWN: locked.get(_OWN, ""), **needed}))
    (folder / "locked.txt").write_text(_lines(locked))
    make = [uv, "venv", "--no-config", "--no-project", "--python", python, str(folder / "env")]
    install = [uv, "pip", "install", "--no-config", "--only-binary", ":all:",
               "--python", str(_interpreter(folder)), "-r", str(folder / "needed.txt"),
               "-c", str(folder / "locked.txt")]  # fmt: skip
    if why := running.ended([*make, "--offline"], folder / "log.txt", folder, seconds):
        return why
    why = running.ended([*install, "--offline"], folder / "log.txt", folder, seconds)
    if why and not offline:
        why = running.ended(install, folder / "log.txt", folder, seconds)
    return why


def words(folder: Path) -> Sequence[str]:
    """What starts `serve.trying` there: our package is found, and nothing that lies beside it."""
    path = folder / "path"
    path.mkdir(exist_ok=True)
    own = Path(snapbook.__file__).resolve().parent
    try:
        (path / "snapbook").symlink_to(own, target_is_directory=True)
    except OSError:  # a system that has no links for everybody
        shutil.copytree(own, path / "snapbook")
    return (str(_interpreter(folder)), "-I", "-c", _TRY.format(path=str(path)))


def _interpreter(folder: Path) -> Path:
    place = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
    return folder.joinpath("env", *place)


def _lines(pins: Mapping[str, str]) -> str:
    return "".join(
        f"{name}=={version}\n" if version else f"{name}\n" for name, version in sorted(pins.items())
    )
