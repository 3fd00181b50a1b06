"""The wheels that lie in a bundle: packages that are installed from there and from nowhere else.

Whoever can change a bundle can change them, and a package that is imported runs. So a bundle with
wheels carries a signature over its lock, which names each of them by its hash; whether that signer
is trusted is the caller's question.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from snapbook import canonical, signing
from snapbook.canonical import Json
from snapbook.serve.load import Bundle

PURPOSE = "wheels"
SIGNED = "environment/locked.json"
FOLDER = "wheels/"


def statement(model: str, manifest: str, lock: bytes) -> Mapping[str, Json]:
    """What is signed: this lock, for this version."""
    found = hashlib.sha256(lock).hexdigest()
    return {"model": model, "manifest": manifest, "lock": found}


def names(bundle: Bundle) -> list[str]:
    """The wheels in ``bundle``, as files of it."""
    return sorted(name for name in bundle.facts["files"] if name.startswith(FOLDER))


def signer(bundle: Bundle) -> str:
    """The key that signed its lock, "" where that is nobody's. Raises Damaged."""
    if SIGNED not in bundle.facts["files"] or "environment/locked.txt" not in bundle.facts["files"]:
        return ""
    try:
        told = canonical.decode(bundle.read(SIGNED))
    except ValueError:
        return ""
    said = told if isinstance(told, dict) else {}
    key, signature = str(said.get("key", "")), str(said.get("signature", ""))
    lock = bundle.read("environment/locked.txt")
    author = bundle.author
    signed = statement(author.model, author.manifest, lock)
    return key if signing.verify(key, signature, PURPOSE, signed) else ""


def unpack(bundle: Bundle, folder: Path) -> Path:
    """Write the wheels into ``folder``, which is given back. Raises Damaged."""
    folder.mkdir(parents=True)
    for name in names(bundle):
        (folder / name.removeprefix(FOLDER)).write_bytes(bundle.read(name))
    return folder
