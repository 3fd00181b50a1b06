"""The file `format` of a repository, which is checked before anything else is read.

Knows which forms this program reads, and what an older repository has to say before it gets what
an older program cannot read: events with a salt, since 2. Pure: text in, text out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snapbook import canonical
from snapbook.errors import Damaged, NewerFormat

FORMAT = 2
_NAME = "snapbook"
_CHAIN = {"chain": "database"}


def text(beside: Mapping[str, Any] | None = None) -> bytes:
    """What the file says of a repository that is made now; ``beside`` are members of others."""
    return canonical.encode({**(beside or {}), _NAME: FORMAT}) + b"\n"


def check(data: bytes, where: str) -> int:
    """The form of the repository at ``where`` whose file holds ``data``.

    Raises NewerFormat, or Damaged for what is no such file.
    """
    return int(_members(data, where)[_NAME])


def raised(data: bytes, where: str) -> bytes | None:
    """What the file has to say from now on, None where it says so. Raises as `check` does."""
    members = _members(data, where)
    return text(members) if members[_NAME] < FORMAT else None


def is_apart(data: bytes, where: str) -> bool:
    """Whether the chain of these packs is in a database. Raises as `check` does."""
    return _CHAIN.items() <= _members(data, where).items()


def apart(data: bytes | None, where: str) -> bytes:
    """What the file has to say of packs whose chain is in a database. Raises as `check` does."""
    return text({**(_members(data, where) if data is not None else {}), **_CHAIN})


def _members(data: bytes, where: str) -> Mapping[str, Any]:
    try:
        value: Any = canonical.decode(data)
        form = value[_NAME]
        if type(form) is not int:
            raise TypeError("no number")
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(
            "The repository's format file cannot be read",
            where,
            act=f'If this is a repository, write {{"{_NAME}": {FORMAT}}} into its file format',
        ) from error
    if form > FORMAT:
        raise NewerFormat(
            f"A newer snapbook wrote these versions (format {form}, known here: {FORMAT})",
            act="Nothing was changed. Update",
            hint="pip install --upgrade snapbook",
        )
    return dict(value)
