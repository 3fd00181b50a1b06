"""What the served model takes and gives, as its bundle says it: columns with their types.

Knows signature.json and the names of types (numpy's, pandas', polars'). Checks no values and knows
no model; what a type means on the wire stands here for all that ask: OpenAPI, V2, the checks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from snapbook.canonical import Json
from snapbook.errors import Damaged, Unclear

Kind: TypeAlias = Literal["float", "int", "bool", "text", "category", "time", "any"]
PREDICT, PROBA = "predict", "predict_proba"  # what a model may be asked
_NUMBERED = re.compile(r"x[0-9]+")  # a place in an array, and nobody's own name
_SIZED = re.compile(r"(u?int|float)(8|16|32|64)")
_KINDS: Mapping[str, Kind] = {
    "bool": "bool", "boolean": "bool", "str": "text", "string": "text", "utf8": "text",
    "category": "category", "categorical": "category", "enum": "category",
    "object": "any", "": "any",
}  # fmt: skip
_NEVER_NULL = {"bool", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))}
_INDEPENDENT = {PREDICT: "rows_independent", PROBA: "probabilities_independent"}
_V2 = {"float16": "FP16", "float32": "FP32", "float64": "FP64", "bool": "BOOL"}


@dataclass(frozen=True, slots=True)
class Column:
    """One input: ``type`` as it was in training, ``stored`` the numpy dtype its values are held in.

    ``categories`` are those that were seen, none where that is not known; ``ordered`` if one comes
    before another.
    """

    name: str
    type: str
    kind: Kind
    stored: str
    nullable: bool
    categories: tuple[Any, ...]
    ordered: bool

    @property
    def datatype(self) -> str:
        """Its type in the V2 protocol."""
        return _V2.get(self.stored) or ("BYTES" if self.stored == "object" else self.stored.upper())

    @property
    def takes(self) -> str:
        """What it takes, in words."""
        words = {
            "float": "a number", "int": "a whole number", "bool": "true or false", "text": "text",
            "category": "text", "time": "a time as ISO 8601 text", "any": "text or a number",
        }  # fmt: skip
        if self.kind == "category" and self.categories:
            return " or ".join(sorted({_word(one) for one in self.categories}))
        return words[self.kind]


@dataclass(frozen=True, slots=True)
class Schema:
    """The inputs of ``model`` in its order; ``classes`` that it tells apart, none for numbers.

    ``container`` is what it was trained on: an "array", else a frame. ``independent`` are
    the methods whose answer to a row was shown not to depend on the rows beside it.
    """

    model: str
    number: str
    manifest: str
    columns: tuple[Column, ...]
    classes: tuple[Any, ...]
    container: str
    independent: frozenset[str]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)


def schema(facts: Mapping[str, Any], signature: Mapping[str, Any]) -> Schema:
    """The schema that a bundle's facts and signature tell.

    Raises Damaged where they are none, Unclear where no inputs are known.
    """
    try:
        columns = tuple(_column(one) for one in signature["inputs"] or ())
        found = Schema(
            str(facts["model"]),
            str(facts["number"]),
            str(facts["manifest"]),
            columns,
            _classes(signature.get("outputs")),
            str(signature.get("container") or ""),
            frozenset(one for one, told in _INDEPENDENT.items() if signature.get(told) is True),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise Damaged("The bundle cannot be read", "its signature is none") from error
    if len(set(found.names)) != len(columns):
        raise Damaged("The bundle cannot be read", "its signature names a column twice")
    if not columns:
        raise Unclear(
            f"Not served: {found.model}:{found.number} does not say what it takes",
            act="Make a version whose training data is a table",
        )
    return found


def _column(told: Mapping[str, Json]) -> Column:
    name, type = str(told["name"]), str(told.get("type") or "")
    known = told.get("categories")
    categories = tuple(known) if isinstance(known, Sequence) and not isinstance(known, str) else ()
    if not type and _NUMBERED.fullmatch(name):
        type = "float64"
    kind = _kind(type)
    # Numbers and truths of numpy's have no null. Where nothing is known, the model decides.
    nullable = told.get("nullable") is not False and type not in _NEVER_NULL
    stored, ordered = _stored(type, kind, nullable), told.get("ordered") is True
    return Column(name, type, kind, stored, nullable, categories, ordered)


def _classes(outputs: Any) -> tuple[Any, ...]:
    """All classes of a model that tells them apart; none where they are not all known."""
    fields = outputs.get("fields") if isinstance(outputs, Mapping) else None
    if not fields or len(fields) != 1:
        return ()
    (told,) = fields
    values = tuple(told.get("values") or ())
    return values if len(values) == told.get("count", len(values)) else ()


def _kind(type: str) -> Kind:
    lower = type.lower()
    if sized := _SIZED.fullmatch(lower):
        return "float" if sized[1] == "float" else "int"
    if lower.startswith(("datetime64", "datetime", "timestamp")):
        return "time"
    return _KINDS.get(lower.partition("[")[0], "any")


def _stored(type: str, kind: Kind, nullable: bool) -> str:
    """What holds the values: numpy has no null among whole numbers and truths."""
    if kind == "float":
        return type.lower()
    if kind in ("int", "bool") and not nullable:
        return type.lower() if kind == "int" else "bool"
    return "object"


def _word(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
