"""What a model takes and answers, in MLflow's words: columns of simple types, or nothing at all.

A signature is enforced where it is given, so a half-known one would refuse what the model takes:
one column of a type that MLflow has no word for, or a tensor, and none is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from snapbook.canonical import Json
from snapbook.parts.base import Part

Field = Mapping[str, Json]
_TYPES = {
    "float64": "double", "float32": "float", "Float64": "double", "Float32": "float",
    "int64": "long", "int32": "integer", "int16": "integer", "int8": "integer",
    "uint16": "integer", "uint8": "integer", "Int64": "long", "Int32": "integer",
    "bool": "boolean", "boolean": "boolean", "str": "string", "string": "string",
}  # fmt: skip


def signature(model: Part) -> dict[str, list[Json] | None] | None:
    """``inputs`` and ``outputs`` as MLflow lists columns; None where the inputs are not known."""
    inputs = _columns(model.facts.get("inputs"), named=True)
    if inputs is None:
        return None
    return {"inputs": inputs, "outputs": _columns(model.facts.get("outputs"), named=False)}


def fields(columns: object) -> list[Json]:
    """Inputs or outputs as a part of ours has them, of what MLflow lists; none for tensors."""
    found: list[Json] = []
    for number, column in enumerate(columns if isinstance(columns, list) else ()):
        if not isinstance(column, dict) or not isinstance(kind := column.get("type"), str):
            return []
        name = column.get("name")
        found.append({"name": name if isinstance(name, str) else f"x{number}", "type": kind})
    return found


def _columns(listed: Any, *, named: bool) -> list[Json] | None:
    known: Sequence[Field] = [one for one in listed or () if isinstance(one, Mapping)]
    types = [_TYPES.get(str(one.get("type") or "")) for one in known]
    if not known or not all(types) or any("shape" in one for one in known):
        return None
    if not named:
        return [{"type": kind, "required": True} for kind in types]
    return [
        {"type": kind, "name": str(one.get("name")), "required": True}
        for one, kind in zip(known, types, strict=True)
    ]
