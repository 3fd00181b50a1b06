"""What a save is asked, and what it gives: author, wishes beside the content, what was made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapbook.catalog.rows import VersionRow
from snapbook.refs import Number
from snapbook.signing import Key

if TYPE_CHECKING:
    from snapbook.compare import Changes

Sealing = Callable[[int, VersionRow], None]
"""Told the number of an event and the version that it makes, if it is the one to get the number."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes an event: a name for people, and the key that signs (None: nothing is signed)."""

    name: str
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for beside the content of a version.

    ``again``: a version is made though its content equals the parent's.
    """

    message: str = ""
    tags: Mapping[str, str] | None = None
    bump: str = ""
    number: Number | None = None
    auto: bool = False
    dry: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a Draft: a new version or, where ``unchanged``, the one that is equal.

    ``changes`` are the differences from ``parent`` (None for a first version).
    """

    version: VersionRow
    unchanged: bool
    bump: str
    reason: str
    changes: Changes
    parent: VersionRow | None
    first_of_repository: bool = False
