"""A question of the page: what it asks, who asks, and the registry's own repository.

What one may not read does not exist: references and models are looked up with the reader's rights
before a view sees them, so no view has to know of roles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snapbook.display.views.asking import Lent, Question
from snapbook.errors import NotFound, Usage
from snapbook.registry.finding import resolved
from snapbook.registry.roles import READ
from snapbook.verbs.who import Me

if TYPE_CHECKING:
    from snapbook.registry.roles import Principal
    from snapbook.registry.service import Service

_REFS = ("ref", "old", "new")


@dataclass(frozen=True, slots=True)
class Visit(Question):
    """What ``who`` asks of the registry ``service``."""

    service: Service
    who: Principal

    @property
    def quiet(self) -> bool:
        """See `Question.quiet`: names of tags and metrics are those of all models."""
        return not self.who.may_all(READ)

    def me(self) -> Me:
        """See `Question.me`: the registry knows people by name."""
        return Me(self.who.name)

    @contextmanager
    def here(self, *, long: bool = False) -> Iterator[Lent]:
        """See `Question.here`; every thread of a registry has a repository of its own."""
        del long
        yield Lent(self.service.folder, face="web", lent=self.service.repository)

    def may_read(self, model: object) -> bool:
        """Whether ``model`` exists for whoever asks."""
        return isinstance(model, str) and self.who.may(READ, model)


def visit(service: Service, who: Principal, values: Mapping[str, str]) -> Visit:
    """The question with these ``values``. Raises NotFound for what may not be read.

    It is about one model, or about versions.
    """
    known: dict[str, Any] = dict(values)
    for name in _REFS:
        if known.get(name):
            known[name] = resolved(service, who, known[name]).ref
    if not any(known.get(name) for name in ("model", *_REFS)):
        raise Usage("model is missing", kind="argument")
    if known.get("model"):
        known["model"] = readable(service, who, known["model"])
    return Visit(known, service, who)


def readable(service: Service, who: Principal, name: str) -> str:
    """The model that ``name`` means; one that may not be read does not exist."""
    model = service.repository.index.model(name)
    if model is None or not who.may(READ, model):
        raise NotFound(f"There is no model {name} here")
    return model
