"""One call of MLflow's client: who asks, and what stands in its query or body.

Knows the types that MLflow's messages have, and that its client writes numbers as texts here and
there. What is of another type is said in a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from snapbook.errors import NotFound, Refused, Usage
from snapbook.export.mlflow import model_of
from snapbook.registry.asked import json_object, limited, service_of
from snapbook.registry.roles import READ, Principal
from snapbook.registry.service import Service
from snapbook.repository import Author, Repository
from snapbook.store.base import Writer

MOST_BYTES = 4 << 20
_LONGEST = 100_000  # of a text
_MOST = 1000  # of tags, parameters or metrics in one call
_INTEGER = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Call:
    """``given`` are the members of the body, or of the query, where repeated ones are lists."""

    service: Service
    who: Principal
    given: Mapping[str, Any]
    url: str

    @property
    def repository(self) -> Repository:
        """The repository of this registry."""
        return self.service.repository

    @property
    def author(self) -> Author:
        """Whoever asks, as the author of what is done."""
        return Author(self.who.name)

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """A writer of the repository's store; what it wrote is safe until its event is made."""
        writer = self.repository.store.writer()
        try:
            yield writer
        finally:
            writer.close()

    def text(self, name: str, *, empty: bool = False) -> str:
        """The text ``name``. Raises Usage where it is none, or absent and not let be ``empty``."""
        value = self.given.get(name)
        if value is None or value == "":
            if empty:
                return ""
            raise _wrong(name, "is missing")
        if not isinstance(value, str) or len(value) > _LONGEST:
            raise _wrong(name, "is no text, or too long a one")
        return value

    def model(self, name: str = "name") -> str:
        """The name of a model of ours that the text ``name`` is."""
        return model_of(self.text(name))

    def number(self, name: str, default: int | None = None, most: int = 1 << 53) -> int:
        """The whole number ``name``, perhaps written as a text."""
        value = self.given.get(name)
        if value is None and default is not None:
            return default
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            value = int(value)
        if type(value) is not int or not 0 <= value <= most:
            raise _wrong(name, f"is no whole number from 0 to {most:,}")
        return value

    def texts(self, name: str) -> list[str]:
        """The list of texts ``name``, or the one text that stands there."""
        value = self.given.get(name) or []
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise _wrong(name, "is no list of texts")
        return listed

    def tables(self, name: str) -> list[Mapping[str, Any]]:
        """The list of objects ``name``."""
        value = self.given.get(name) or []
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise _wrong(name, "is no list of objects")
        if len(value) > _MOST:
            raise _wrong(name, f"has more than {_MOST:,}")
        return value

    def pairs(self, name: str) -> dict[str, str]:
        """The list of keys and values ``name``, as a table."""
        return dict(pair(one) for one in self.tables(name))

    def need(self, right: str, model: str) -> None:
        """Raise unless who asks has ``right`` for ``model``; what he may not read is not there."""
        if self.who.may(right, model):
            return
        if right != READ and self.who.may(READ, model):
            raise Refused(f"Not allowed: {self.who.name} may not {right} {model} here", kind="role")
        raise NotFound(f"There is no model {model} here")

    def readable(self, name: str) -> str:
        """How the model is written that ``name`` means, if who asks may read it."""
        known = self.repository.index.model(name)
        if known is None or not self.who.may(READ, known):
            raise NotFound(f"There is no model {name} here")
        return known


def pair(table: Mapping[str, Any]) -> tuple[str, str]:
    """A key and its value. Raises Usage."""
    key, value = table.get("key"), table.get("value", "")
    if not isinstance(key, str) or not key or len(key) > 250 or not key.isprintable():
        raise Usage("A key is a text of at most 250 printable characters", kind="argument")
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise Usage(f"The value of {key} is no text, or too long a one", kind="argument")
    return key, value


async def called(request: Request) -> Call:
    """The call that ``request`` is. Raises Usage."""
    if request.method in ("GET", "PUT"):  # what is put is bytes
        query = request.query_params
        found = {name: query.getlist(name) for name in query}
        given: Mapping[str, Any] = {
            name: values[0] if len(values) == 1 else values for name, values in found.items()
        }
    else:
        given = json_object(await limited(request, MOST_BYTES))
    url = str(request.base_url).rstrip("/")
    return Call(service_of(request), request.state.who, {**given, **request.path_params}, url)


def _wrong(name: str, why: str) -> Usage:
    return Usage(f"{name} {why}", kind="argument")
