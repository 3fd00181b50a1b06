"""Writes what was installed as a lock: pylock.toml (PEP 751) or requirements.txt.

Installed distributions keep no hashes of the wheels they came from, so a lock that is made offline
pins versions only, and says so. It names no registry and no path: where packages come from is the
decision of whoever installs them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from snapbook.parts import environment
from snapbook.parts.base import Part
from snapbook.parts.environment import Get

_UNHASHED = "Made offline from what was installed: versions only, without hashes of the files."
# What makes a virtual environment, not a model.
_TOOLS = frozenset({"pip", "setuptools", "wheel", "distribute"})
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.!+_-]{0,99}")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,100}[a-z0-9])?")


def pylock(part: Part, get: Get) -> str:
    """pylock.toml for the environment of ``part``, checked by what PEP 751 requires."""
    import tomli_w

    python: Any = part.facts.get("python") or {}
    version = str(python.get("version", ""))
    pinned, skipped = _pinned(part, get)
    document: dict[str, Any] = {"lock-version": "1.0"}
    if re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+.*", version):
        document["requires-python"] = f"=={'.'.join(version.split('.')[:2])}.*"
    document["created-by"] = "snapbook"
    document["packages"] = [{"name": name, "version": pin} for name, pin in pinned.items()]
    head = [f"# {_UNHASHED}", *(f"# not locked: {line}" for line in skipped)]
    return "\n".join(head) + "\n" + tomli_w.dumps(document)


def requirements(part: Part, get: Get) -> str:
    """requirements.txt for the environment of ``part``."""
    python: Any = part.facts.get("python") or {}
    pinned, skipped = _pinned(part, get)
    lines = [f"# {_UNHASHED}", f"# Python {_plain(python.get('version', ''))}"]
    lines += [f"# not locked: {line}" for line in skipped]
    lines += [f"{name}=={pin}" for name, pin in pinned.items()]
    return "\n".join(lines) + "\n"


def _pinned(part: Part, get: Get) -> tuple[dict[str, str], list[str]]:
    """Name -> version of what an index can give, and a line for each that it cannot.

    Names and versions are a stranger's text when a version was pulled: only what has the form of a
    name and of a version is written, so that no option or URL can stand in a lock.
    """
    origins: Any = part.facts.get("direct")
    direct = origins if isinstance(origins, Mapping) else {}
    packages = {**environment.installed(part, get), **environment.packages_used(part)}
    pinned: dict[str, str] = {}
    skipped: list[str] = []
    for name, version in sorted(packages.items()):
        if name in _TOOLS:
            continue
        if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version):
            skipped.append(f"{_plain(name)} (its name or version has another form)")
        elif name in direct:
            origin: Any = direct[name]
            commit = _plain(origin.get("commit", ""))[:40]
            skipped.append(
                f"{name} {version} from {_plain(origin.get('from', ''))}"
                + (f" at {commit}" if commit else "")
            )
        elif "+" in version:
            # a local version ("2.13.0+cpu") is known to one index only: the public part is pinned
            pinned[name] = version.partition("+")[0]
        else:
            pinned[name] = version
    return pinned, skipped


def _plain(text: object) -> str:
    """One short printable line."""
    return "".join(c for c in str(text)[:100] if c.isprintable())
