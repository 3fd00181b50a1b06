"""Lists of packages as a bundle has them: lines that are nothing but a name and a version, and in a
lock with hashes those of the files that may be taken for it.

They come from anywhere, so whatever else stands in one (an option, a URL, a path) is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Hashes = Mapping[str, tuple[str, ...]]
_PIN = re.compile(r"([a-z0-9][a-z0-9.-]*)==([0-9A-Za-z][0-9A-Za-z.!+_-]*)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def pins(text: str) -> dict[str, str]:
    """Name -> version of each line of a requirements file that is nothing but a pin."""
    found = (_PIN.fullmatch(line.strip()) for line in text.split("\n"))
    return {match[1]: match[2] for match in found if match}


def hashed(text: str) -> tuple[dict[str, str], Hashes]:
    """Name -> version, and name -> SHA-256 of its files, of each pin that has any."""
    versions: dict[str, str] = {}
    hashes: dict[str, tuple[str, ...]] = {}
    for line in text.replace("\\\n", " ").split("\n"):
        head, *rest = line.split() or [""]
        match, found = _PIN.fullmatch(head), [_HASH.fullmatch(word) for word in rest]
        if match and found and all(found):
            versions[match[1]] = match[2]
            hashes[match[1]] = tuple(sorted({one[1] for one in found if one}))
    return versions, hashes


def written(versions: Mapping[str, str], hashes: Hashes, head: Sequence[str] = ()) -> str:
    """A requirements file of them; a name without a version stands alone."""
    lines = [f"# {line}" for line in head]
    for name, version in sorted(versions.items()):
        words = [f"{name}=={version}" if version else name]
        words += [f"--hash=sha256:{one}" for one in hashes.get(name, ())]
        lines.append(" \\\n    ".join(words))
    return "\n".join([*lines, ""])
