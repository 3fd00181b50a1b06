"""How the columns of two frames belong together, and what changed between them.

By name (the n-th of a name with the n-th), then what is left by equal digest and type: renamed.
Knows facts only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.parts.base import Change, Part
from snapbook.parts.frame.names import name_text


@dataclass(frozen=True, slots=True)
class Pairing:
    """A column in both frames: its facts, and its places among levels and columns."""

    old: Any
    new: Any
    old_place: int
    new_place: int


@dataclass(frozen=True, slots=True)
class Columns:
    """``common`` by the new frame's order; those of one frame only; levels of the labels."""

    common: tuple[Pairing, ...]
    removed: tuple[Any, ...]
    added: tuple[Any, ...]
    levels: tuple[Pairing, ...]


def match(old: Part, new: Part) -> Columns:
    """Which columns belong together."""
    olds: Any = old.facts.get("columns", ())
    news: Any = new.facts.get("columns", ())
    before, after = len(_levels(old)), len(_levels(new))
    by_name = _queues(olds, _name_key)
    pairs: dict[int, int] = {}
    for place, column in enumerate(news):
        if queue := by_name[_name_key(column)]:
            pairs[place] = queue.pop(0)
    left = [place for queue in by_name.values() for place in queue]
    by_digest = _queues(olds, _value_key, left)
    for place, column in enumerate(news):
        if place not in pairs and column.get("digest") and (queue := by_digest[_value_key(column)]):
            pairs[place] = queue.pop(0)
    taken = set(pairs.values())
    common = tuple(
        Pairing(olds[was], news[place], before + was, after + place)
        for place, was in sorted(pairs.items())
    )
    return Columns(
        common,
        tuple(column for place, column in enumerate(olds) if place not in taken),
        tuple(column for place, column in enumerate(news) if place not in pairs),
        _level_pairs(old, new),
    )


def schema_changes(old: Part, new: Part, columns: Columns) -> list[Change]:
    """Added, removed, retyped and renamed columns; another type, order or row labels."""
    changes = []
    if old.facts.get("type") != new.facts.get("type"):
        changes.append(_change(new, "type", "changed", old.facts["type"], new.facts["type"]))
    changes.extend(_one(new, "added", column) for column in columns.added)
    changes.extend(_one(new, "removed", column) for column in columns.removed)
    for pair in columns.common:
        if pair.old["name"] != pair.new["name"]:
            a, b = name_text(pair.old["name"]), name_text(pair.new["name"])
            changes.append(_change(new, "column", "moved", a, b, f"column {a} is now {b}"))
    changes.extend(
        _retyped(new, pair) for pair in columns.common if _type(pair.old) != _type(pair.new)
    )
    order = [pair.old_place for pair in columns.common]
    if order != sorted(order):
        changes.append(_change(new, "order", "changed", line="columns in another order"))
    if _labels(old) != _labels(new):
        changes.append(_change(new, "labels", "changed", line="row labels of another kind"))
    return changes


def _queues(
    columns: Sequence[Any], key: Any, places: Sequence[int] | None = None
) -> defaultdict[Any, list[int]]:
    queues: defaultdict[Any, list[int]] = defaultdict(list)
    for place in range(len(columns)) if places is None else sorted(places):
        queues[key(columns[place])].append(place)
    return queues


def _name_key(column: Any) -> bytes:
    return canonical.encode(column["name"])


def _value_key(column: Any) -> tuple[Any, bytes]:
    return column.get("digest"), canonical.encode(column.get("type"))


def _type(column: Any) -> Json:
    """A column's type; for one that was not loaded its dtype's text."""
    found: Json = column.get("type") or column.get("dtype")
    return found


def _levels(part: Part) -> Any:
    return part.facts.get("index", ())


def _level_pairs(old: Part, new: Part) -> tuple[Pairing, ...]:
    olds, news = _levels(old), _levels(new)
    if [_type(level) for level in olds] != [_type(level) for level in news]:
        return ()
    return tuple(
        Pairing(a, b, place, place) for place, (a, b) in enumerate(zip(olds, news, strict=True))
    )


def _labels(part: Part) -> Json:
    """The kind of row labels: names and levels' types. A range is the integers it stands for."""
    schema: Any = part.facts.get("schema", {})
    index = schema.get("index") if isinstance(schema, dict) else None
    if index is None:
        return None
    types = [_type(level) for level in _levels(part)]
    return [index.get("names"), [{"np": "i8"}] if "range" in index else types]


def _one(new: Part, what: str, column: Any) -> Change:
    text = f"{name_text(column['name'])} {column['dtype']}"
    line = f"column {name_text(column['name'])} ({column['dtype']}) {what}"
    facts = {"kind": "column", "column": column["name"]}
    if what == "added":
        return Change("data", new.name, what, None, text, (line,), facts=facts)
    return Change("data", new.name, what, text, None, (line,), facts=facts)


def _retyped(new: Part, pair: Pairing) -> Change:
    name, a, b = name_text(pair.new["name"]), pair.old["dtype"], pair.new["dtype"]
    line = f"column {name}: {a} -> {b}" if a != b else f"column {name}: {a}, other categories"
    facts = {"kind": "column", "column": pair.new["name"]}
    return Change("data", new.name, "changed", a, b, (line,), facts=facts)


def _change(
    new: Part, kind: str, what: str, old: Json = None, now: Json = None, line: str = ""
) -> Change:
    lines = (line,) if line else (f"{old} -> {now}",)
    return Change("data", new.name, what, old, now, lines, facts={"kind": kind})
