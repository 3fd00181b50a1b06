"""One version in full, as plain text: which, how good, what changed, made by what, on what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snapbook.display.words import aligned, number
from snapbook.parts import frame
from snapbook.parts.base import Part
from snapbook.verbs.values import Shown


def page(shown: Shown) -> list[str]:
    """The lines of `show`."""
    row = shown.version
    marks = [f"@{alias}" for alias in row.aliases]
    marks += [f"#{name}={value}" if value else f"#{name}" for name, value in row.tags.items()]
    lines = [shown.echo] if shown.echo else []
    lines.append("  ".join([row.ref, *marks]))
    said = [row.message or row.reason, row.author, row.time[:16].replace("T", " ")]
    signed = "signed" if row.signed else "not signed"
    lines.append(" - ".join([*said, signed, f"#{row.manifest[:12]}"]))
    if row.message and row.reason:
        lines.append(f"{row.bump}: {row.reason}")
    if shown.summary is not None and shown.summary.changed:
        lines.append(f"changed since {shown.summary.since}: {'; '.join(shown.summary.changed)}")
    blocks = {part.kind: part for part in shown.parts}
    if "metrics" in blocks:
        lines += _block("metrics", [[name, number(m.value)] for name, m in row.metrics.items()])
    if "model" in blocks:
        lines += _model(blocks["model"])
    frames = [part for part in shown.parts if part.kind == "frame"]
    rows = [
        [frame.summary(part), str(part.facts.get("role") or ""),
         "rows stored" if part.facts.get("stored") else "hash only",
         str(part.facts.get("digest") or "not hashed")[:12]]
        for part in frames
    ]  # fmt: skip
    lines += _block("data", rows)
    lines += [f"{'':<12}{shown.apart}"] if shown.apart else []
    if "cells" in blocks:
        facts = blocks["cells"].facts
        numbers: Any = facts.get("numbers") or ()
        shown_numbers = " ".join(f"[{n}]" for n in numbers[:20])
        lines += _block(
            "cells",
            [[f"{facts.get('made_count')} of {facts.get('count')} made the model", shown_numbers]],
        )
    if "environment" in blocks:
        lines += _environment(blocks["environment"])
    for part in shown.parts:
        if part.kind == "files":
            lines += _block(
                "files", [[part.name, f"{len(part.blobs)} kept" if part.blobs else "by digest"]]
            )
    lines += _block(
        "notes", [[time[:16].replace("T", " "), author, text] for time, author, text in shown.notes]
    )
    lines += _block(
        "events",
        [[act.time[:16].replace("T", " "), act.author, act.kind, act.text]
         for act in shown.events if act.kind not in ("version", "note")],
    )  # fmt: skip
    return lines


def _model(part: Part) -> list[str]:
    facts = part.facts
    params: Any = facts.get("params") or {}
    chosen: Any = facts.get("set_params") or ()
    set_here = ", ".join(f"{name} {params.get(name)}" for name in list(chosen)[:6])
    told = f"{len(chosen)} of {len(params)} parameters set" if params else ""
    lines = _block(
        "model",
        [[f"{facts.get('class_name')} `{part.name}`",
          f"{facts.get('framework')} {facts.get('framework_version')}", set_here, told]],
    )  # fmt: skip
    structure: Any = facts.get("structure") or {}
    small = {k: v for k, v in structure.items() if not isinstance(v, Mapping | list)}
    if small:
        lines.append(f"{'':<12}{', '.join(f'{k} {number(v)}' for k, v in list(small.items())[:8])}")
    return lines


def _environment(part: Part) -> list[str]:
    facts = part.facts
    imported: Any = facts.get("imported") or {}
    python: Any = facts.get("python") or {}
    version = python.get("version", "") if isinstance(python, Mapping) else python
    said = [f"Python {version}", f"{facts.get('installed_count')} packages"]
    names = ", ".join(f"{name} {version}" for name, version in list(imported.items())[:6])
    return _block("environment", [[", ".join(said), names]])


def _block(label: str, rows: list[list[str]]) -> list[str]:
    lines = aligned(rows)
    return [f"{label if at == 0 else '':<12}{line}" for at, line in enumerate(lines)]
