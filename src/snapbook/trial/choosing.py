"""Which stored frames a model is tried on, told from facts alone: rows, and what should come out.

What the policy names; else the test data of the version, as its code used them. Loads nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snapbook.canonical import Json
from snapbook.errors import NotFound
from snapbook.parts.base import Part
from snapbook.parts.frame.names import name_text

_ACT = "In a notebook: %snapbook judge REF ALIAS --data X_test --target y_test"


@dataclass(frozen=True, slots=True)
class Chosen:
    """``rows`` is a frame; ``target`` another one, or None; ``column`` the name of a column of
    ``rows`` that is the target, or "". ``inputs`` are the columns that the model takes, where
    ``rows`` has more than these, else none.
    """

    rows: Part
    target: Part | None
    column: str
    inputs: tuple[str, ...]

    def facts(self) -> dict[str, Json]:
        """What a verdict says of them."""
        named = self.target.name if self.target is not None else self.column
        return {
            "rows": self.rows.name,
            "rows_digest": self.rows.facts.get("digest"),
            "count": self.rows.facts.get("rows"),
            "target": named,
        }


def choose(frames: Sequence[Part], model: Part, settings: Mapping[str, Any]) -> Chosen:
    """The frames for ``model``. Raises NotFound where none fits, or its rows were not kept."""
    kept = [part for part in frames if part.facts.get("stored")]
    rows = _rows(frames, kept, model, settings.get("rows", ""))
    inputs = tuple(_inputs(model))
    there = columns(rows)
    named = settings.get("target", "")
    target = _target(kept, rows, named)
    column = named if target is None and named in there else ""
    if named and target is None and not column:
        raise NotFound(f"No frame and no column of {rows.name} is called {named}", act=_ACT)
    more = bool(inputs) and set(inputs) < set(there)
    return Chosen(rows, target, column, inputs if more else ())


def _rows(frames: Sequence[Part], kept: Sequence[Part], model: Part, named: str) -> Part:
    if named:
        found = next((part for part in kept if part.name == named), None)
        if found is None:
            there = any(part.name == named for part in frames)
            why = "its rows were not kept" if there else "it has no frame of that name"
            raise NotFound(f"Nothing to judge on: {named}", why, act=_ACT)
        return found
    tests = [part for part in frames if part.facts.get("role") == "test"]
    tables = [part for part in tests if part.facts.get("stored") and _is_table(part)]
    wanted = set(_inputs(model))
    held = [part for part in tests if part.facts.get("stored") and wanted]
    fitting = [part for part in held if wanted <= set(columns(part))]
    best = next(iter(fitting or tables), None)
    if best is None:
        lost = any(not part.facts.get("stored") for part in tests)
        why = "the rows of its test data were not kept" if lost else "no test data are known of it"
        raise NotFound("Nothing to judge on", why, act=_ACT)
    return best


def _target(kept: Sequence[Part], rows: Part, named: str) -> Part | None:
    if named:
        return next((part for part in kept if part.name == named), None)
    count = rows.facts.get("rows")
    alike = [
        part
        for part in kept
        if part is not rows
        and part.facts.get("role") == "test"
        and part.facts.get("rows") == count
        and not _is_table(part)
    ]
    return alike[0] if len(alike) == 1 else next((p for p in alike if p.name[:1] == "y"), None)


def _is_table(part: Part) -> bool:
    shape: Any = part.facts.get("shape") or ()
    return len(shape) == 2 and shape[1] != 1


def columns(part: Part) -> list[str]:
    """The names of a frame's columns."""
    listed: Any = part.facts.get("columns") or ()
    return [name_text(column["name"]) for column in listed]


def _inputs(model: Part) -> list[str]:
    fields: Any = model.facts.get("inputs") or ()
    return [str(field.get("name")) for field in fields if isinstance(field, Mapping)]
