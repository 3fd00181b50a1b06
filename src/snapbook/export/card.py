"""The model card: what is known of a version, and plainly what nobody stated.

Told from parts, after "Model Cards for Model Reporting" (Mitchell et al., 2019), and from what was
measured by group since, where whoever asks knows of that. What people have to say themselves
(intended use, limits, ...) is taken from an attachment called card.md, from the sections of those
names. A value, which written.py writes as Markdown or HTML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from snapbook.canonical import Json
from snapbook.export import plots, schema
from snapbook.export.groups import Grouped
from snapbook.export.plots import Plot
from snapbook.manifest import Manifest
from snapbook.parts.base import Part
from snapbook.parts.frame.summary import summary
from snapbook.parts.stated import BY_GROUP, SECTIONS
from snapbook.trust import Claim

NOT_STATED = "Not stated."
_MOST_ROWS = 100
_MOST_PLOTS = 24
_EPOCH = datetime(1970, 1, 1)
_UNITS = {"time[s]": 1, "time[ms]": 1e3, "time[us]": 1e6, "time[ns]": 1e9}


@dataclass(frozen=True, slots=True)
class Section:
    """One section: paragraphs, then a table whose first row is its head (none: no table).

    ``plots`` show what the table says, where pictures can be shown.
    """

    title: str
    lines: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    plots: tuple[Plot, ...] = ()


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
    grouped: Sequence[Grouped] = (),
) -> Card:
    """The card of the version ``ref``; ``said`` are texts by the titles of `parts.stated`,
    ``grouped`` what was measured of it by group.
    """
    told = said or {}
    model = next(part for part in parts if part.kind == "model")
    by_group = _by_group(told, grouped)
    sections = [
        _details(ref, claim, manifest, model),
        _stated("Intended use", told),
        _data(parts),
        _inputs(parts),
        _measured(parts, known=bool(by_group)),
        *by_group,
        _made(parts),
        *(_stated(title, told) for title in SECTIONS[1:]),
    ]
    missing = tuple(title for title in SECTIONS if not told.get(title))
    return Card(ref, _front(ref, model, parts, grouped), tuple(sections), missing)


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
    seen: Any = schema.profile(parts)
    profile = seen["columns"]
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
    shown = [(field["name"], profile.get(field["name"])) for field in told["inputs"]]
    if target := seen["target"]:
        shown = [(f"{target['name']}, to be told", target["profile"]), *shown]
    drawn = [plots.plot(name, one, _ends(one)) for name, one in shown[:_MOST_PLOTS]]
    pictures = tuple(one for one in drawn if one is not None)
    return Section("Inputs and outputs", tuple(lines), tuple(rows), pictures)


def _measured(parts: Sequence[Part], *, known: bool) -> Section:
    """Metrics of all rows; whether anything is ``known`` by group is said here where not."""
    part = next((part for part in parts if part.kind == "metrics"), None)
    values = _mapping(part.facts.get("values")) if part is not None else {}
    if not values:
        return Section("Evaluation", ("No metrics were kept.",))
    rows = [("metric", "value"), *((name, _value(value)) for name, value in values.items())]
    lines = () if known else ("By group: not stated.",)
    return Section("Evaluation", lines, tuple(rows))


def _by_group(told: Mapping[str, str], grouped: Sequence[Grouped]) -> list[Section]:
    """What was measured, a section a column; before it what people say of it."""
    words = told.get(BY_GROUP)
    found = [Section(BY_GROUP, (words,))] if words else []
    found += [Section(BY_GROUP, one.lines, one.table(), one.plots()) for one in grouped]
    return found


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


def _front(
    ref: str, model: Part, parts: Sequence[Part], grouped: Sequence[Grouped]
) -> dict[str, Json]:
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
    task = str(found.get("pipeline_tag", ""))
    if results := [result for one in grouped for result in one.results(task)]:
        found["model-index"] = [{"name": ref, "results": results}]
    return found


def _seen(profile: Any) -> str:
    if not isinstance(profile, Mapping):
        return "not known"
    if quantiles := profile.get("quantiles"):
        first, last = _ends(profile)
        if str(profile.get("kind")) in _UNITS:
            return f"{first} to {last}"
        return f"{first} to {last}, middle {quantiles[len(quantiles) // 2]:g}"
    if top := profile.get("top"):
        shown = ", ".join(f"{text} {share:.0%}" for text, share in top[:3])
        return f"{profile.get('distinct')} values: {shown}"
    return str(profile.get("kind", "not known"))


def _ends(profile: Any) -> tuple[str, str]:
    """The least and the largest value of a column, as text; "" where they are not known."""
    quantiles = profile.get("quantiles") if isinstance(profile, Mapping) else None
    if not quantiles:
        return "", ""
    if unit := _UNITS.get(str(profile.get("kind"))):
        return _month(quantiles[0] / unit), _month(quantiles[-1] / unit)
    return f"{quantiles[0]:g}", f"{quantiles[-1]:g}"


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
