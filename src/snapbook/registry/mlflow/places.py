"""Where an artifact is: in a version, in a logged model or in a run. Pure.

Paths come from clients, so they are taken apart and checked here and nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from snapbook.errors import NotFound
from snapbook.registry.mlflow import drafts
from snapbook.registry.mlflow.entities import ROOT

_VERSION = re.compile(rf"{ROOT}/([0-9a-f]{{64}})(?:/(.*))?")
_MODEL = re.compile(r"[0-9a-z]+/models/(m-[0-9a-f]{32})/artifacts(?:/(.*))?")
_RUN = re.compile(r"[0-9a-z]+/([0-9a-f]{32})/artifacts(?:/(.*))?")


@dataclass(frozen=True, slots=True)
class Place:
    """A file or a folder of a ``draft``, or of the version that ``manifest`` is."""

    draft: str = ""
    path: str = ""
    manifest: str = ""

    @property
    def source(self) -> str:
        """How a version remembers that it was made of this."""
        if self.draft.startswith("m-"):
            return f"models:/{self.draft}"
        return f"runs:/{self.draft}/{self.path}"


def at(path: str) -> Place:
    """The place that ``path`` names. Raises NotFound, or Usage for what is no path."""
    if found := _VERSION.fullmatch(path):
        return Place(manifest=found[1], path=_inside(found[2]))
    if found := _MODEL.fullmatch(path) or _RUN.fullmatch(path):
        return Place(found[1], _inside(found[2]))
    raise NotFound("There is no such artifact here", kind="no-artifact")


def _inside(path: str | None) -> str:
    return drafts.checked(path.rstrip("/")) if path and path.rstrip("/") else ""
