"""What a model takes and answers, and what its training data looked like: for who serves it.

Told from parts alone. What only a trial can show (whether rows are independent of each other,
whether there are probabilities) is null until one was made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from snapbook.canonical import Json
from snapbook.parts.base import Part
from snapbook.parts.frame.names import name_text

_ARRAYS = ("numpy", "scipy")
TELL = 'snapbook.save(..., train="X")'  # of a version that knows no training
# XGBoost's words for its features, which it holds as numbers of 32 bits: what it takes for them.
_BOOSTED = {"float": "float64", "q": "float64", "int": "float64", "i": "bool", "c": "category"}
_NUMBERED = re.compile(r"x[0-9]+")
_CUT = 40  # characters at which a profile cuts a category's text


def signature(parts: Sequence[Part]) -> dict[str, Json]:
    """Inputs with types, whether they may be missing, and categories; outputs."""
    model = next(part for part in parts if part.kind == "model")
    frame = trained_on(parts)
    columns = _columns(frame) if frame is not None else {}
    listed = _fields(model, "inputs")
    if frame is None and (frame := _like(parts, listed)) is not None:
        # What the model was trained on is not known: so it is the type alone that is told of it.
        columns = {name: {"dtype": column.get("dtype")} for name, column in _columns(frame).items()}
    array = frame is not None and _is_array(frame)
    named = dict(zip((str(field.get("name")) for field in listed), columns.values(), strict=False))
    inputs: list[Json] = []
    for field in listed:
        name = str(field.get("name"))
        column = named.get(name) if array else columns.get(name)
        inputs.append(_input(name, str(field.get("type") or ""), column))
    return {
        "inputs": inputs,
        "container": "array" if array else "table",
        "outputs": _outputs(_fields(model, "outputs")),
        "rows_independent": None,
        "probabilities_independent": None,
    }


def profile(parts: Sequence[Part]) -> dict[str, Json]:
    """The profile of each column of the training data, and of the target beside it."""
    frame = trained_on(parts)
    if frame is None:
        return {"frame": None, "rows": None, "columns": {}, "target": {}}
    target = next(
        (part for part in _trained(parts) if part is not frame and _beside(part, frame)), None
    )
    return {
        "frame": frame.name,
        "rows": frame.facts.get("rows"),
        "columns": {
            name: column["profile"]
            for name, column in _columns(frame).items()
            if column.get("profile")
        },
        "target": _target(target),
    }


def trained_on(parts: Sequence[Part]) -> Part | None:
    """The training frame that has the model's inputs; None where none is known."""
    model = next(part for part in parts if part.kind == "model")
    names = [str(field.get("name")) for field in _fields(model, "inputs")]
    for frame in _trained(parts):
        shape: Any = frame.facts.get("shape") or ()
        if len(shape) == 2 and (set(names) <= set(_columns(frame)) or shape[1] == len(names)):
            return frame
    return None


def _like(parts: Sequence[Part], inputs: Sequence[Mapping[str, Any]]) -> Part | None:
    """An array as wide as a model whose inputs have numbers for names, and no training data."""
    if not inputs or not all(_NUMBERED.fullmatch(str(field.get("name"))) for field in inputs):
        return None
    for part in parts:
        shape: Any = part.facts.get("shape") or ()
        if part.kind == "frame" and _is_array(part) and shape[1:] == [len(inputs)]:
            return part
    return None


def _is_array(frame: Part) -> bool:
    return str(frame.facts.get("type")).partition(".")[0] in _ARRAYS


def _trained(parts: Sequence[Part]) -> list[Part]:
    return [part for part in parts if part.kind == "frame" and part.facts.get("role") == "train"]


def _beside(part: Part, frame: Part) -> bool:
    shape: Any = part.facts.get("shape") or ()
    return part.facts.get("rows") == frame.facts.get("rows") and (
        len(shape) == 1 or shape[1:] == [1]
    )


def _target(part: Part | None) -> dict[str, Json]:
    columns = list(_columns(part).values()) if part is not None else []
    found = columns[0].get("profile") if columns else None
    return {"name": part.name, "profile": found} if part is not None and found else {}


def _columns(part: Part) -> dict[str, Mapping[str, Any]]:
    listed: Any = part.facts.get("columns") or ()
    return {name_text(column["name"]): column for column in listed}


def _fields(model: Part, name: str) -> list[Mapping[str, Any]]:
    listed: Any = model.facts.get(name) or ()
    return [field for field in listed if isinstance(field, Mapping)]


def _input(name: str, kind: str, column: Mapping[str, Any] | None) -> dict[str, Json]:
    if column is None:
        return {"name": name, "type": _BOOSTED.get(kind, kind), "nullable": None}
    seen: Mapping[str, Any] = column.get("profile") or {}
    told: dict[str, Json] = {
        "name": name,
        "type": _told(kind) or str(column.get("dtype") or "") or kind,
        "nullable": seen["nulls"] > 0 if "nulls" in seen else None,
    }
    form: Any = column.get("type")
    if isinstance(form, Mapping) and "category" in form:
        told["ordered"] = bool(form.get("ordered"))
        texts = [str(text) for text, _ in seen.get("top", ())]
        # Of other values than texts a profile has no more than how they look.
        known = isinstance(form["category"], Mapping) and "string" in form["category"]
        if (
            known
            and not told["ordered"]
            and "rest" not in seen
            and max(map(len, texts), default=0) < _CUT
        ):
            told["categories"] = sorted(texts)
    return told


def _told(kind: str) -> str:
    """The type that a model tells, "" where its word says less than the training column."""
    return "" if kind in _BOOSTED else kind


def _outputs(fields: Sequence[Mapping[str, Any]]) -> dict[str, Json]:
    if not fields:
        return {"kind": None, "fields": [], "probabilities": None}
    labels = any("values" in field for field in fields)
    return {
        "kind": "labels" if labels else "numbers",
        "fields": [dict(field) for field in fields],
        "probabilities": None if labels else False,
    }
