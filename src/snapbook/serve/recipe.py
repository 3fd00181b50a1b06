"""What the environment of a bundle is made of, told by its lists of packages.

They come from anywhere: only what has the form of a pin is seen, and a lock with hashes has to say
what the signed lists say. What serving needs beside the model is ours to choose: the versions of
the lock where they will do, else those that are installed here.
"""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from snapbook.errors import Damaged, NotRestorable
from snapbook.serve.load import Bundle
from snapbook.serve.pins import Hashes, hashed, pins

# What of others' `snapbook-serve` needs beside the model, and `serve.trying` alone.
SERVING = (
    "blake3", "cryptography", "httptools", "numpy", "pandas", "prometheus-client", "uvicorn",
    *(() if sys.platform == "win32" else ("uvloop",)),
)  # fmt: skip
TRYING = ("blake3",)
_OWN = "snapbook"  # of training that imported it; an environment finds this very package instead
LOCK = "environment/locked.txt"


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


def recipe(bundle: Bundle, also: Sequence[str]) -> Recipe:
    """What the environment of ``bundle`` is made of, with what of ours is needed ``also``.
    Raises NotRestorable where nothing is known of it.
    """
    if "environment/needed.txt" not in bundle.facts["files"]:
        raise NotRestorable("No environment was made", "nothing is known of it")
    python = str(bundle.facts.get("python"))
    needed, locked = (_listed(bundle, name) for name in ("needed", "requirements"))
    if LOCK in bundle.facts["files"]:
        versions, hashes = hashed(_text(bundle, "locked"))
        versions.pop(_OWN, None)
        hashes = {name: found for name, found in hashes.items() if name != _OWN}
        _agree(needed, locked, versions)
        return Recipe(python, versions, {}, hashes)
    ours = {name: _version(name, locked) for name in _also(bundle, also) if name not in needed}
    rest = {name: version for name, version in locked.items() if name not in ours}
    return Recipe(python, {**ours, **needed}, rest)


def _also(bundle: Bundle, also: Sequence[str]) -> tuple[str, ...]:
    """``also``, as a bundle of ONNX needs it: the engine, whoever made the file, and no frames."""
    if bundle.facts.get("flavor") != "onnx":
        return tuple(also)
    return (*(name for name in also if name != "pandas"), "numpy", "onnxruntime")


def model_needs(bundle: Bundle) -> tuple[str, Mapping[str, str]]:
    """The Python and the packages that the model itself needs, as far as that is known."""
    if "environment/needed.txt" not in bundle.facts["files"]:
        return "", {}
    return str(bundle.facts.get("python") or ""), _listed(bundle, "needed")


def _listed(bundle: Bundle, name: str) -> dict[str, str]:
    """The pins of one of its lists, without this package."""
    found = pins(_text(bundle, name))
    found.pop(_OWN, None)
    return found


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
