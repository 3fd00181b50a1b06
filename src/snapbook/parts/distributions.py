"""Which distributions are installed, and which of them this process has imported.

Reads names and versions from the names of ``*.dist-info`` folders, as importlib.metadata does but
without parsing a file for each: 300 packages in a few milliseconds. The outcome is kept while the
folders of ``sys.path`` are unchanged. Knows nothing of parts.
"""

from __future__ import annotations

import json
import os
import re
import sys
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from types import ModuleType

_SUFFIXES = (".dist-info", ".egg-info")
_MOST_RECORD_BYTES = 64_000_000
# Packages that several distributions share.
_SHARED = {"google", "azure", "jaraco", "zope", "sphinxcontrib", "backports", "ruamel", "nvidia"}
# Where the common ones come from whose name is another: a guess that is always checked.
_USUAL = {
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "cv2": "opencv-python",
    "PIL": "pillow",
    "yaml": "pyyaml",
    "bs4": "beautifulsoup4",
    "git": "gitpython",
    "_distutils_hack": "setuptools",
    "zmq": "pyzmq",
    "IPython": "ipython",
    "mpl_toolkits": "matplotlib",
    "pylab": "matplotlib",
    "lightning_fabric": "pytorch-lightning",
    "attr": "attrs",
    "pkg_resources": "setuptools",
    "_polars_runtime_32": "polars-runtime-32",
}
_OURSELVES = "snapbook"
# What Jupyter's kernel and we ourselves are made of.
# fmt: off
_TOOLS = frozenset((
    _OURSELVES, "argcomplete", "blake3", "cffi", "cloudpickle", "cryptography", "platformdirs",
    "pycparser", "tomli-w", "zstandard", "packaging", "rich", "markdown-it-py", "mdurl",
    "ipykernel", "ipython", "ipython-pygments-lexers", "ipywidgets", "widgetsnbextension",
    "jupyterlab-widgets", "jupyter-client", "jupyter-core", "nbformat", "nbclient", "traitlets",
    "fastjsonschema", "jsonschema", "jsonschema-specifications", "referencing", "rpds-py", "attrs",
    "asttokens", "comm", "debugpy", "decorator", "executing", "jedi", "matplotlib-inline",
    "nest-asyncio", "nest-asyncio2", "parso", "pexpect", "prompt-toolkit", "psutil", "ptyprocess",
    "pure-eval", "pygments", "pyzmq", "stack-data", "tornado", "wcwidth", "appnope", "colorama",
    "pip", "setuptools", "wheel", "typing-extensions", "exceptiongroup", "importlib-metadata",
    "zipp", "pytest", "pluggy", "iniconfig", "coverage", "pywin32",
))
# fmt: on


@dataclass(frozen=True, slots=True)
class Installed:
    """One distribution: its canonical name (PEP 503), version, and the folder that says so."""

    name: str
    version: str
    info: str


@dataclass(slots=True)
class _Scan:
    fingerprint: tuple[object, ...] = ()
    installed: dict[str, Installed] = field(default_factory=dict)
    owners: dict[str, tuple[str, ...]] = field(default_factory=dict)
    direct: dict[str, dict[str, object]] | None = None
    imported: dict[str, str] = field(default_factory=dict)
    state: tuple[object, ...] = ()


_scan = _Scan()
# The version that stood on disk when a distribution was first seen imported: an upgrade in a
# running kernel changes the disk, not the code that is loaded.
_loaded: dict[tuple[str, str], str] = {}


def canonical_name(name: str) -> str:
    """``name`` as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed() -> dict[str, Installed]:
    """Every distribution on sys.path by canonical name; the first on the path wins."""
    found = _fingerprint()
    if found != _scan.fingerprint:
        _scan.installed = _list(sys.path)
        _scan.owners = {}
        _scan.direct = None
        _scan.fingerprint = found
    return _scan.installed


def imported() -> dict[str, str]:
    """Name -> version of the distributions from which modules are loaded now.

    Not those that run the kernel and us: they are loaded sooner or later and make no model.
    """
    installed()
    state = (loaded_state(), _scan.fingerprint)
    if state != _scan.state:
        _scan.imported = _versions(list(_foreign_modules()))
        _scan.state = state
    return dict(_scan.imported)


def behind(modules: Iterable[str]) -> dict[str, str]:
    """Of those, the ones that gave ``modules`` (dotted names; the first word counts)."""
    wanted = {name.partition(".")[0] for name in modules}
    return _versions([place for place, top in _foreign_modules().items() if top in wanted])


def _versions(tops: list[str]) -> dict[str, str]:
    known = installed()
    missing = [top for top in tops if top not in _scan.owners]
    if missing:
        _scan.owners.update(_find_owners(missing, known))
    versions = {}
    for top in tops:
        for name in _scan.owners[top]:
            one = known.get(name)
            if one is not None and name not in _TOOLS:
                place = (name, os.path.dirname(one.info))
                versions[name] = _loaded.setdefault(place, one.version)
    return dict(sorted(versions.items()))


def loaded_state() -> tuple[int, object]:
    """Changes whenever a module is loaded: how many there are, and the newest."""
    return len(sys.modules), next(reversed(sys.modules), None)


def direct() -> dict[str, dict[str, object]]:
    """Name -> the content of direct_url.json (PEP 610), for those that came from no index.

    Ourselves left out: a checkout of snapbook made no model.
    """
    known = installed()
    if _scan.direct is None:
        _scan.direct = {}
        for one in known.values():
            if one.name == _OURSELVES:
                continue
            origin = _origin(one.info)
            if origin:
                _scan.direct[one.name] = origin
    return _scan.direct


def path_of(url: object) -> str:
    """The folder that a file: URL names, "" for any other."""
    parsed = urllib.parse.urlsplit(url if isinstance(url, str) else "")
    path = urllib.parse.unquote(parsed.path) if parsed.scheme == "file" else ""
    # file:///C:/work stands for C:/work
    return path[1:] if len(path) > 2 and path[2] == ":" else path


def _fingerprint() -> tuple[object, ...]:
    marks: list[object] = []
    for entry in sys.path:
        try:
            marks.append((entry, os.stat(entry or ".").st_mtime_ns))
        except (OSError, ValueError, TypeError):
            continue
    return tuple(marks)


def _list(paths: Iterable[object]) -> dict[str, Installed]:
    found: dict[str, Installed] = {}
    for entry in paths:
        if not isinstance(entry, str) or entry.endswith(".zip"):
            continue
        try:
            names = os.listdir(entry or ".")
        except (OSError, ValueError):
            continue
        # sorted, so that a half-removed twin beside the whole one gives the same outcome always
        for info in sorted(names):
            if not info.endswith(_SUFFIXES) or info.startswith("~"):
                continue
            one = _named(os.path.join(entry or ".", info), info)
            if one is not None:
                found.setdefault(one.name, one)
    return dict(sorted(found.items()))


def _named(path: str, info: str) -> Installed | None:
    """The distribution that a metadata folder stands for, from its name where that says all."""
    stem = info.rpartition(".")[0]
    name, dash, version = stem.partition("-")
    if info.endswith(".egg-info"):
        version = re.sub(r"-py[23](\.[0-9]+)?$", "", version)
        if not dash:
            return _from_metadata(path)
    if not name or not version:
        return _from_metadata(path)
    return Installed(canonical_name(name), version, path)


def _from_metadata(path: str) -> Installed | None:
    """Old layouts name no version: an .egg-info folder or file holds it in its head."""
    for place in (os.path.join(path, "PKG-INFO"), os.path.join(path, "METADATA"), path):
        try:
            with open(place, encoding="utf-8", errors="replace") as file:
                head = file.read(8192)
        except OSError:
            continue
        name = re.search(r"(?m)^Name:[ \t]*(\S+)", head)
        version = re.search(r"(?m)^Version:[ \t]*(\S+)", head)
        if name and version:
            return Installed(canonical_name(name[1]), version[1], path)
    return None


def _foreign_modules() -> dict[str, str]:
    """What loaded modules are called in a folder of installed packages: "sklearn", "six.py",
    "google/protobuf" (packages that share one name are told apart by the second); each with the
    name that it is imported by.

    Extension modules that registered under a bare name count for the package they lie in.
    """
    folders = _folders()
    tops: dict[str, str] = {}
    for name, module in list(sys.modules.items()):
        if type(name) is not str:
            continue  # programs put what they like into sys.modules
        top, _, rest = name.partition(".")
        if top in sys.stdlib_module_names or top == "__main__":
            continue
        if top in _SHARED:
            if rest:
                tops[f"{top}/{rest.partition('.')[0]}"] = top
        elif not rest:
            place = _place(module, folders)
            if place:
                tops.setdefault(place, top)
    return tops


def _folders() -> tuple[str, ...]:
    return tuple({os.path.dirname(one.info) + os.sep for one in installed().values()})


def _place(module: object, folders: tuple[str, ...]) -> str:
    """The first part of a module's path below the folder it is installed in, "" elsewhere."""
    if not issubclass(type(module), ModuleType):
        return ""
    # not by getattr: that would load a lazy module
    spec = object.__getattribute__(module, "__dict__").get("__spec__")
    if not issubclass(type(spec), ModuleSpec):
        return ""
    origin = spec.origin
    if not isinstance(origin, str):
        parts = list(spec.submodule_search_locations or ())
        origin = next((f"{part}/" for part in parts if isinstance(part, str)), "")
    for folder in folders:
        if origin.startswith(folder):
            return origin[len(folder) :].partition(os.sep)[0]
    return ""


def _find_owners(tops: list[str], known: dict[str, Installed]) -> dict[str, tuple[str, ...]]:
    """Which distributions own the modules: likely ones are asked first, else all by their files."""
    owners: dict[str, tuple[str, ...]] = {}
    for top in tops:
        stem = top.partition(".")[0]
        guesses = [canonical_name(stem), _USUAL.get(stem, ""), canonical_name(stem.split("/")[-1])]
        short = [name for name in known if name.endswith("-" + stem) or stem.startswith(name)]
        likely = [known[name] for name in dict.fromkeys([*guesses, *short]) if name in known]
        owner = next((one.name for one in likely if _claims(one, [top])), "")
        if owner:
            owners[top] = (owner,)
    unclear = [top for top in tops if top not in owners]
    found: dict[str, list[str]] = {top: [] for top in unclear}
    for one in known.values() if unclear else ():
        for top in _claims(one, unclear):
            found[top].append(one.name)
    owners.update({top: tuple(names) for top, names in found.items()})
    return owners


def _claims(one: Installed, tops: list[str]) -> list[str]:
    """Those of ``tops`` that ``one`` installs, by its list of files."""
    for name in ("RECORD", "installed-files.txt", "SOURCES.txt"):
        try:
            with open(os.path.join(one.info, name), "rb") as file:
                record = b"\n" + file.read(_MOST_RECORD_BYTES)
        except OSError:
            continue
        # a folder's files stand under it, a module's file is followed by its hash
        return [top for top in tops if any(f"\n{top}{end}".encode() in record for end in "/,")]
    return []


def _origin(info: str) -> dict[str, object]:
    if not info.endswith(".dist-info"):
        return {}
    try:
        with open(os.path.join(info, "direct_url.json"), "rb") as file:
            value = json.loads(file.read(100_000))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
