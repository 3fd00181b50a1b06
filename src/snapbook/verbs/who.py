"""Who the user is: the name that events carry, and the key that signs them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from snapbook import settings, signing
from snapbook.errors import Damaged
from snapbook.repository import Author, login


@dataclass(frozen=True, slots=True)
class Me:
    """Who asks: the name that his events carry, and the public half of his key, "" for none."""

    name: str
    key: str = ""


def author(folder: Path) -> Author:
    """Who makes an event in ``folder``, with the key that signs, which is made on first use."""
    return Author(name(folder), signing.own_key(settings.folder()))


def me(folder: Path) -> Me:
    """Who looks at ``folder``. Makes no key."""
    try:
        key = signing.existing_public(settings.folder())
    except (Damaged, OSError):
        key = ""
    return Me(name(folder), key)


def name(folder: Path) -> str:
    """The setting, else git's user.name, else the login."""
    return (str(settings.get("author")) or _git_name(folder) or login())[:200]


@lru_cache(maxsize=8)
def _git_name(folder: Path) -> str:
    try:
        done = subprocess.run(
            ["git", "config", "user.name"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=2,
            check=False,
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return ""
    return done.stdout.strip()
