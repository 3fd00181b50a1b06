"""A question of a browser: its values by name, and the repository that it is about.

Knows text and JSON as they come from a browser, and trusts none of it; knows nothing of HTTP.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from snapbook.errors import Usage
from snapbook.repository import Repository
from snapbook.verbs.here import Here
from snapbook.verbs.who import Me

LONGEST = 100_000
"""Characters of one value that a request may carry."""


@dataclass(frozen=True, slots=True)
class Lent(Here):
    """Surroundings of a verb that reads a repository which somebody else opened and will close."""

    lent: Repository | None = None

    def repository(self) -> Repository:
        """The repository that was lent."""
        assert self.lent is not None
        return self.lent


@dataclass(frozen=True, slots=True)
class Question(ABC):
    """What is asked: ``values`` by name, as text from a query or JSON from a body."""

    values: Mapping[str, Any]

    @abstractmethod
    def here(self, *, long: bool = False) -> AbstractContextManager[Lent]:
        """The surroundings for reading verbs, with a repository that is open already.

        ``long`` for what may last: it does not keep others waiting.
        """

    @property
    def quiet(self) -> bool:
        """Whether an expression must not be answered with names that other models have."""
        return False

    @abstractmethod
    def me(self) -> Me:
        """Whose versions are "mine" in the answer."""

    def text(self, name: str, default: str = "") -> str:
        """A text. Raises Usage for anything else, or one that is too long."""
        value = self.values.get(name, default)
        if value is None:
            return default
        if not isinstance(value, str):
            raise Usage(f"{name} is no text", kind="argument")
        if len(value) > LONGEST:
            raise Usage(f"{name} is longer than {LONGEST:,} characters", kind="argument")
        return value

    def needed(self, name: str) -> str:
        """A text that is there. Raises Usage."""
        value = self.text(name)
        if not value:
            raise Usage(f"{name} is missing", kind="argument")
        return value

    def flag(self, name: str) -> bool:
        """Whether something was asked for: true or 1."""
        return self.text(name).lower() in ("1", "true", "yes", "on")

    def count(self, name: str, default: int, most: int) -> int:
        """A whole number from 1, cut at ``most``. Raises Usage."""
        text = self.text(name)
        if not text:
            return default
        return min(whole(name, text, 1), most)

    def choice(self, name: str, *known: str) -> str:
        """One of ``known``, the first if nothing is asked for. Raises Usage."""
        value = self.text(name, known[0]) or known[0]
        if value not in known:
            raise Usage(f"{name} is none of {', '.join(known)}", kind="argument")
        return value


def whole(name: str, text: str, least: int = 0) -> int:
    """The whole number that ``text`` is. Raises Usage."""
    if not (text.isascii() and text.isdigit() and len(text) < 16) or int(text) < least:
        raise Usage(f"{name} is no number", kind="argument")
    return int(text)
