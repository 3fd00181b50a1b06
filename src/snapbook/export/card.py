"""The model card: what is known of a version, and plainly what nobody stated.

Told from parts alone, after "Model Cards for Model Reporting" (Mitchell et al., 2019). What people
have to say themselves (intended use, limits, ...) is taken from an attachment called card.md, from
the sections of those names. A value first, then written as Markdown or HTML.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from snapbook.canonical import Json
from snapbook.export import schema
from snapbook.manifest import Manifest
from snapbook.parts.base import Part
from snapbook.parts.frame.summary import summary
from snapbook.parts.stated import SECTIONS
from snapbook.trust import Claim

NOT_STATED = "Not stated."
_MOST_ROWS = 100
_EPOCH = datetime(1970, 1, 1)
_UNITS = {"time[s]": 1, "time[ms]": 1e3, "time[us]": 1e6, "time[ns]": 1e9}


@dataclass(frozen=True, slots=True)
class Section:
    """One section: paragraphs, then a table whose first row is its head (none: no table)."""

    title: str
    lines: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """``front`` is metadata as Hugging Face reads it; ``missing`` what nobody stated."""

    title: str
    front: Mapping[str, Json]
    sections: tuple[Section, ...]
    missing: tuple[str, ...]


def card(
    ref: str,
    claim: Claim,
    manifest: Manifest,
    parts: Sequence[Part],
    said: Mapping[str, str] | None = None,
) -> Card:
    """The card of the version ``ref``; ``said`` are texts by the titles of `parts.stated`."""
    told = said or {}
    model = next(part for part in parts if part.kind == "model")
    sections = [
        _details(ref, claim, manifest, model),
        _stated("Intended use", told),
        _data(parts),
        _inputs(parts),
        _measured(parts),
        _made(parts),
        *(_stated(title, told) for title in SECTIONS[1:]),
    ]
    missing = tuple(title for title in SECTIONS if not told.get(title))
    return Card(ref, _front(ref, model, parts), tuple(sections), missing)


def markdown(card: Card) -> str:
    """The card as Markdown, with its metadata on top as YAML."""
    lines = ["---", *_yaml(card.front), "---", "", f"# {_md(card.title)}"]
    for section in card.sections:
        lines += ["", f"## {section.title}"]
        for line in section.lines:
            lines += ["", _md(line)]
        if section.table:
            head, *rows = section.table
            lines += ["", _row(head), f"|{' --- |' * len(head)}", *map(_row, rows)]
    return "\n".join(lines) + "\n"


def page(card: Card) -> str:
    """The card as one HTML file that loads nothing."""
    body = [f"<h1>{html.escape(card.title)}</h1>"]
    for section in card.sections:
        body.append(f"<h2>{html.escape(section.title)}</h2>")
        body += [f"<p>{html.escape(line)}</p>" for line in section.lines]
        if section.table:
            head, *rows = section.table
            cells = "".join(f"<th>{html.escape(text)}</th>" for text in head)
            body.append(f"<table><thead><tr>{cells}</tr></thead><tbody>")
            for row in rows:
                cells = "".join(f"<td>{html.escape(text)}</td>" for text in row)
                body.append(f"<tr>{cells}</tr>")
            body.append("</tbody></table>")
    return _PAGE.format(title=html.escape(card.title), body="\n".join(body))


def _stated(title: str, told: Mapping[str, str]) -> Section:
    return Section(title, (told.get(title) or NOT_STATED,))


def _details(ref: str, claim: Claim, manifest: Manifest, model: Part) -> Section:
    facts = model.facts
    framework = f"{facts.get('framework')} {facts.get('framework_version')}".strip()
    rows = [
        ("what", "value"),
        ("version", ref),
        ("model", str(facts.get("class_name"))),
        ("framework", framework),
        ("made by", claim.author or "nobody who signed it"),
        ("made at", manifest.time),
        ("message", manifest.message or "none"),
        ("manifest", claim.manifest),
        ("signed with key", claim.key or "not signed"),
    ]
    for name, value in _mapping(facts.get("structure")).items():
        if not isinstance(value, Mapping | list | tuple):
            rows.append((name, _value(value)))
    return Section("Model", (), tuple(rows))


def _data(parts: Sequence[Part]) -> Section:
    rows = [("frame", "used as", "rows kept", "digest")]
    for part in parts:
        if part.kind == "frame":
            kept = "yes" if part.facts.get("stored") else "no"
            role = {"train": "training", "test": "test"}.get(str(part.facts.get("role")), "other")
            rows.append((summary(part), role, kept, str(part.facts.get("digest"))[:16]))
    if len(rows) == 1:
        return Section("Data", ("No data are known of it.",))
    return Section(
        "Data", ("Where the data come from and whom they are about: not stated.",), tuple(rows)
    )


def _inputs(parts: Sequence[Part]) -> Section:
    told: Any = schema.signature(parts)
    profile: Any = schema.profile(parts)["columns"]
    if not told["inputs"]:
        return Section("Inputs and outputs", ("Its inputs are not known.",))
    rows = [("input", "type", "may be missing", "in training")]
    for field in told["inputs"][:_MOST_ROWS]:
        missing = {True: "yes", False: "no", None: "not known"}[field["nullable"]]
        rows.append((field["name"], field["type"], missing, _seen(profile.get(field["name"]))))
    lines = []
    if len(told["inputs"]) > _MOST_ROWS:
        lines.append(f"The first {_MOST_ROWS} of {len(told['inputs'])} inputs.")
    fields = told["outputs"]["fields"]
    for field in fields:
        values = field.get("values")
        named = f": one of {', '.join(map(str, values))}" if values else ""
        lines.append(f"It answers {field['name']} ({field['type']}){named}.")
    return Section("Inputs and outputs", tuple(lines), tuple(rows))


def _measured(parts: Sequence[Part]) -> Section:
    part = next((part for part in parts if part.kind == "metrics"), None)
    values = _mapping(part.facts.get("values")) if part is not None else {}
    if not values:
        return Section("Evaluation", ("No metrics were kept.",))
    rows = [("metric", "value"), *((name, _value(value)) for name, value in values.items())]
    return Section("Evaluation", ("By group: not stated.",), tuple(rows))


def _made(parts: Sequence[Part]) -> Section:
    model = next(part for part in parts if part.kind == "model")
    by_kind = {part.kind: part for part in parts}
    rows = [("what", "value")]
    params = _mapping(model.facts.get("params"))
    listed = model.facts.get("set_params")
    names = listed if isinstance(listed, list | tuple) else ()
    rows += [(f"parameter {name}", _value(params.get(str(name)))) for name in names]
    if (log := by_kind.get("cells")) is not None:
        rows.append(("cells that made it", _value(log.facts.get("made_count"))))
    if (surroundings := by_kind.get("environment")) is not None:
        python = _mapping(surroundings.facts.get("python"))
        rows.append(("Python", str(python.get("version", "not known"))))
        used = _mapping(surroundings.facts.get("imported"))
        rows.append(("packages in use", ", ".join(f"{n} {v}" for n, v in used.items()) or "none"))
    return Section("How it was made", (), tuple(rows))


def _front(ref: str, model: Part, parts: Sequence[Part]) -> dict[str, Json]:
    """Metadata in Hugging Face's words; what they ask for and nobody stated is left out."""
    outputs: Any = schema.signature(parts)["outputs"]
    tabular = schema.trained_on(parts) is not None
    kind = {"labels": "classification", "numbers": "regression"}.get(outputs["kind"], "")
    found: dict[str, Json] = {"model_name": ref}
    if framework := model.facts.get("framework"):
        found["library_name"] = framework
    if tabular and kind:
        found["pipeline_tag"] = f"tabular-{kind}"
    found["tags"] = ["snapbook", *(["tabular"] if tabular else [])]
    return found


def _seen(profile: Any) -> str:
    if not isinstance(profile, Mapping):
        return "not known"
    quantiles = profile.get("quantiles")
    if quantiles and (unit := _UNITS.get(str(profile.get("kind")))):
        return f"{_month(quantiles[0] / unit)} to {_month(quantiles[-1] / unit)}"
    if quantiles:
        return f"{quantiles[0]:g} to {quantiles[-1]:g}, middle {quantiles[len(quantiles) // 2]:g}"
    if top := profile.get("top"):
        shown = ", ".join(f"{text} {share:.0%}" for text, share in top[:3])
        return f"{profile.get('distinct')} values: {shown}"
    return str(profile.get("kind", "not known"))


def _month(seconds: float) -> str:
    """A time as its month: a profile keeps six digits, which are hours."""
    try:
        return str(_EPOCH + timedelta(seconds=seconds))[:7]
    except OverflowError:
        return "far away"


def _value(value: Json) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _yaml(front: Mapping[str, Json]) -> list[str]:
    """YAML of texts and lists of texts; a JSON text is one of YAML's."""
    lines = []
    for name, value in front.items():
        if isinstance(value, list):
            lines += [f"{name}:", *(f"- {json.dumps(one)}" for one in value)]
        else:
            lines.append(f"{name}: {json.dumps(value)}")
    return lines


def _md(text: str) -> str:
    """One line in which nothing is markup."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", line)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_md, cells))} |"


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse}}td,th{{text-align:left;padding:.2rem .8rem .2rem 0;
border-bottom:1px solid #ccc;overflow-wrap:anywhere}}</style></head><body>
{body}
</body></html>
"""
