"""Who may do what in a registry: roles, granted for models by pattern, to people and to services.

Pure: a Principal and a model's name go in, yes or no comes out. Does not know how a principal was
recognised (tokens.py) nor which route asks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from snapbook.errors import BadOption

READ, WRITE, APPROVE, ADMINISTER = "read", "write", "approve", "administer"
RIGHTS: Mapping[str, frozenset[str]] = {
    "reader": frozenset({READ}),
    "writer": frozenset({READ, WRITE}),
    "approver": frozenset({READ, APPROVE}),
    "admin": frozenset({READ, WRITE, APPROVE, ADMINISTER}),
}
PERSON, SERVICE = "person", "service"
_PATTERN = re.compile(r"[A-Za-z0-9._*-]{1,128}(/[A-Za-z0-9._*-]{1,128})?")


@dataclass(frozen=True, slots=True)
class Grant:
    """A role for the models whose names match ``pattern``: "*" all, "risk/*" a namespace."""

    role: str
    pattern: str

    def __str__(self) -> str:
        return f"{self.role}:{self.pattern}"

    def covers(self, model: str) -> bool:
        """Whether it is about ``model``; names have no case."""
        return self.pattern == "*" or fnmatchcase(model.lower(), self.pattern.lower())


@dataclass(frozen=True, slots=True)
class Principal:
    """Who was recognised, what it was granted, the id of its token, and whether it is a person.

    A service does not approve, whatever it was granted: an approval is a person's word.
    """

    name: str
    grants: tuple[Grant, ...]
    token: str = ""
    kind: str = PERSON

    def may(self, right: str, model: str) -> bool:
        """Whether it has ``right`` for ``model``."""
        return any(self._has(right, g) and g.covers(model) for g in self.grants)

    def may_all(self, right: str) -> bool:
        """Whether it has ``right`` for every model there is or will be."""
        return any(self._has(right, g) and g.pattern == "*" for g in self.grants)

    def _has(self, right: str, grant: Grant) -> bool:
        return right in RIGHTS[grant.role] and (right in (READ, WRITE) or self.kind == PERSON)


def parse_grant(text: str) -> Grant:
    """The grant that "writer", "writer:churn" or "approver:risk/*" spells. Raises BadOption."""
    role, _, pattern = text.partition(":")
    if role not in RIGHTS:
        *most, last = RIGHTS
        raise BadOption(f"{role or text!r} is no role", act=f"It is {', '.join(most)} or {last}")
    if not _PATTERN.fullmatch(pattern or "*"):
        raise BadOption(
            f"{pattern!r} is no pattern of models", act="Like these: *, churn, risk/*, churn-*"
        )
    return Grant(role, pattern or "*")
