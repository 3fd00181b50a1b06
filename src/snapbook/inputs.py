"""What a model takes, where it does not say so itself: told from the frame it was trained on.

Only fills what is empty: names where the model has none (an array's numbered features count as
none), types where it gives names alone. Knows parts, no objects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from snapbook.canonical import Json
from snapbook.parts.base import Part
from snapbook.parts.frame.names import name_text

_NUMBERED = re.compile(r"x[0-9]+")
_TABLES = ("pandas.DataFrame", "polars.DataFrame", "pyarrow.Table", "pyarrow.RecordBatch",
           "dask.DataFrame")  # fmt: skip
_MOST = 500
Field = Mapping[str, Json]


def with_inputs(model: Part, frames: Sequence[Part]) -> Part:
    """``model`` with the inputs that its training frame tells; ``frames`` in the code's order."""
    known: Any = model.facts.get("inputs") or ()
    fields = [field for field in known if isinstance(field, Mapping)]
    if fields and all(field.get("type") for field in fields):
        return model
    for frame in frames:
        if frame.facts.get("role") == "train" and frame.facts.get("type") in _TABLES:
            filled = _filled(fields, frame, len(frames) > 1)
            if filled is not None:
                return replace(model, facts={**model.facts, "inputs": filled})
    return model


def _filled(fields: Sequence[Field], frame: Part, beside_target: bool) -> list[Json] | None:
    """The inputs as ``frame`` completes them; None where it is not the frame of these inputs."""
    columns = _columns(frame)
    if not fields:
        # A table that may hold the target as well tells nothing.
        whole = beside_target and 0 < len(columns) <= _MOST
        return [{"name": name, "type": kind} for name, kind in columns.items()] if whole else None
    names = [str(field.get("name")) for field in fields]
    if all(name in columns for name in names):
        return [
            {**field, "type": field.get("type") or columns[name]}
            for name, field in zip(names, fields, strict=True)
        ]
    if len(columns) == len(names) and all(_NUMBERED.fullmatch(name) for name in names):
        return [
            {**field, "type": field.get("type") or kind, "name": name}
            for (name, kind), field in zip(columns.items(), fields, strict=True)
        ]
    return None


def _columns(frame: Part) -> dict[str, str]:
    listed: Any = frame.facts.get("columns") or ()
    return {name_text(column["name"]): str(column.get("dtype", "")) for column in listed}
