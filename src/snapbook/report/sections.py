"""What the parts of a version say, as sections of a report: model, data, environment, metrics.

Read from facts; nothing is loaded. A part that is of another shape than expected says less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from snapbook.errors import Damaged, NotFound
from snapbook.parts import cells, environment, files
from snapbook.parts.base import Part
from snapbook.parts.frame.names import name_text
from snapbook.parts.model import flat
from snapbook.report.told import Block, Facts, Section, Table, Text

Get = Callable[[str], bytes]
_MOST_COLUMNS = 200
_MOST_PACKAGES = 300
_MOST_CELLS = 60
_CARDS = ("model_card", "model-card", "modelcard")


def model_card(parts: Sequence[Part], get: Get) -> Section:
    """What the model is, what it takes and gives, and the card that its author attached."""
    model = _only(parts, "model")
    facts = model.facts if model is not None else {}
    blocks: list[Block] = [
        Facts(
            [
                ("class", facts.get("class_name")),
                ("framework", f"{facts.get('framework')} {facts.get('framework_version')}"),
                ("kept as", facts.get("flavor")),
                ("stored bytes", facts.get("stored_bytes")),
                ("model digest", facts.get("digest")),
                ("loading runs code", facts.get("executes")),
                ("imports", ", ".join(map(str, _list(facts.get("imports"))[:40]))),
            ]
        )
    ]
    for name in ("inputs", "outputs"):
        fields = [one for one in _list(facts.get(name)) if isinstance(one, Mapping)]
        if fields:
            rows = [(one.get("name"), one.get("type")) for one in fields[:_MOST_COLUMNS]]
            blocks.append(Table([name, "type"], rows, _more(len(fields), _MOST_COLUMNS)))
    structure = list(flat(_table(facts.get("structure"))).items())
    if structure:
        blocks.append(Facts([(name, value) for name, value in structure[:60]]))
    params = list(_params(parts).items())
    if params:
        blocks.append(Table(["parameter", "value"], params[:200], _more(len(params), 200)))
    blocks += [Text(text, title=name) for name, text in _cards(parts, get)]
    return Section("Model card", blocks)


def data(parts: Sequence[Part], elsewhere: Sequence[str]) -> Section:
    """Every frame with its columns and their profiles."""
    blocks: list[Block] = []
    for part in parts:
        if part.kind != "frame":
            continue
        facts = part.facts
        kept = "no" if not facts.get("stored") or part.name in elsewhere else "yes"
        blocks.append(
            Facts(
                [
                    ("frame", part.name),
                    ("role", facts.get("role") or "not told"),
                    ("type", facts.get("type")),
                    ("shape", " x ".join(map(str, _list(facts.get("shape"))))),
                    ("digest", facts.get("digest") or "not hashed"),
                    ("rows kept here", kept),
                ]
            )
        )
        columns = [one for one in _list(facts.get("columns")) if isinstance(one, Mapping)]
        if columns:
            head = ["column", "type", "missing", "mean", "deviation", "least", "median", "most", ""]
            rows = [_column(one) for one in columns[:_MOST_COLUMNS]]
            blocks.append(Table(head, rows, _more(len(columns), _MOST_COLUMNS)))
    return Section("Data", blocks or [Text("No frame is known of it.")])


def metrics(parts: Sequence[Part]) -> Section:
    """All metrics, the main one first."""
    part = _only(parts, "metrics")
    facts = part.facts if part is not None else {}
    ways = _table(facts.get("directions"))
    rows = [
        (name, value, {"max": "more is better", "min": "less is better"}.get(str(ways.get(name))),
         "main" if name == facts.get("main") else "")
        for name, value in _table(facts.get("values")).items()
    ]  # fmt: skip
    return Section("Metrics", [Table(["metric", "value", "", ""], rows) if rows else Text("None.")])


def surroundings(parts: Sequence[Part], get: Get) -> Section:
    """Python, the platform, and the packages that were there."""
    part = _only(parts, "environment")
    if part is None:
        return Section("Environment", [Text("It was not kept.")])
    plain = [
        (name, value)
        for name, value in part.facts.items()
        if isinstance(value, str | int | float | bool) and name != "digest"
    ]
    used = environment.packages_used(part)
    blocks: list[Block] = [Facts(plain)]
    if used:
        blocks.append(Table(["package that it used", "version"], sorted(used.items())))
    try:
        every = sorted(environment.installed(part, get).items())
    except (NotFound, Damaged):
        every = []
    if every:
        rest = [pair for pair in every if pair[0] not in used]
        text = ", ".join(f"{name} {version}" for name, version in rest[:_MOST_PACKAGES])
        more = _more(len(rest), _MOST_PACKAGES)
        blocks.append(Text(f"{text}\n{more}".strip(), title="Also installed"))
    return Section("Environment", blocks)


def made_by(parts: Sequence[Part], get: Get) -> list[Block]:
    """The cells that made the model, as they were executed."""
    log = _only(parts, "cells")
    if log is None:
        return []
    try:
        made = list(cells.made_cells(log, get))
    except (NotFound, Damaged):
        return [Text("The cells cannot be read.")]
    blocks: list[Block] = [
        Text(cell.source, title=f"Cell {cell.n or cell.index + 1}", code=True)
        for cell in made[-_MOST_CELLS:]
    ]
    if len(made) > _MOST_CELLS:
        blocks.insert(0, Text(f"{len(made) - _MOST_CELLS} earlier cells are not shown."))
    return blocks


def _column(column: Mapping[str, Any]) -> tuple[object, ...]:
    profile = column.get("profile")
    told = profile if isinstance(profile, Mapping) else {}
    steps = _list(told.get("quantiles"))
    nulls = told.get("nulls")
    top = [one for one in _list(told.get("top")) if isinstance(one, list | tuple) and len(one) == 2]
    words = ", ".join(f"{name} {share:.0%}" for name, share in top[:3] if _number(share))
    if told.get("distinct") is not None:
        words = f"{told['distinct']} different: {words}"
    return (
        name_text(column["name"]) if "name" in column else "",
        column.get("dtype"),
        f"{nulls:.1%}" if _number(nulls) else "",
        told.get("mean"),
        told.get("std"),
        steps[0] if steps else "",
        steps[len(steps) // 2] if steps else "",
        steps[-1] if steps else "",
        words,
    )


def _cards(parts: Sequence[Part], get: Get) -> Iterator[tuple[str, str]]:
    for part in parts:
        if part.kind != "files":
            continue
        try:
            texts = files.texts(part, get)
        except (NotFound, Damaged):
            continue
        for name, text in texts.items():
            if any(word in name.lower() for word in _CARDS):
                yield name, text


def _params(parts: Sequence[Part]) -> Mapping[str, Any]:
    part = _only(parts, "params")
    return _table(part.facts.get("values")) if part is not None else {}


def _only(parts: Sequence[Part], kind: str) -> Part | None:
    return next((part for part in parts if part.kind == kind), None)


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _more(count: int, most: int) -> str:
    return f"{count - most:,} more are not shown" if count > most else ""
