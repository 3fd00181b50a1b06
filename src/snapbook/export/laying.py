"""Rows of a version's own to compare a conversion on, laid down beside its model for a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from snapbook.errors import NotFound
from snapbook.parts.base import Part
from snapbook.trial import choosing
from snapbook.trial.job import Folder

Get = Callable[[str], bytes]


def laid(
    named: str, form: str, folder: Folder, model: Part, parts: Sequence[Part], get: Get
) -> tuple[str, list[str]]:
    """Lay down the rows to compare on: the digest of their part, and the columns to take.

    Raises NotFound where the version keeps none that its model takes; ``form`` is what it becomes.
    """
    for part, inputs in _fitting(model, parts):
        try:
            return folder.add_part(part, get), inputs
        except NotFound:
            continue  # its rows stayed with its author
    raise NotFound(
        f"Not exported: {named} keeps no rows to compare {form} with it on",
        act="Version it again with the data that it is tested on",
    )


def _fitting(model: Part, parts: Sequence[Part]) -> Iterator[tuple[Part, list[str]]]:
    """Stored frames that the model takes, its test data first; and the columns, [] for all."""
    fields: Any = model.facts.get("inputs") or ()
    names = [str(field.get("name")) for field in fields if isinstance(field, Mapping)]
    frames = [part for part in parts if part.kind == "frame" and part.facts.get("stored")]
    for role in ("test", "train"):
        for part in frames:
            if part.facts.get("role") != role or not names:
                continue
            shape: Any = part.facts.get("shape") or ()
            if set(names) <= set(choosing.columns(part)):
                yield part, names
            elif len(shape) == 2 and shape[1] == len(names):
                yield part, []
