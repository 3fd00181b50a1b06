"""What a save tells people: what changed, what is unusual, what was not kept. Values only, no text
of a whole card: faces put it together.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook import refs, settings
from snapbook.capture import Draft, Request
from snapbook.parts import frame
from snapbook.parts.base import Change, Notice
from snapbook.repository import Made
from snapbook.verbs.state import NEARLY, size_text, weight
from snapbook.verbs.values import Saved

if TYPE_CHECKING:
    from snapbook.kernel import Kernel
    from snapbook.verbs.table import Asked

_SAID_BYTES = 50 * 2**20


def report(
    kernel: Kernel,
    draft: Draft,
    made: Made,
    request: Request,
    asked: Asked | None = None,
    folder: Path | None = None,
) -> Saved:
    """The outcome for people: what changed, what is unusual, what was not kept.

    With the repository's ``folder`` a card that is shown says, once a kernel, that it fills up.
    """
    changes = made.changes.changes
    quiet = bool(asked and asked.quiet) or settings.get("card") == "quiet"
    unusual = _unusual(kernel, draft, made, request, asked)
    if folder is not None and not quiet and not (asked and asked.dry_run):
        unusual[:0] = _filling(kernel, folder, 0 if made.unchanged else draft.new_bytes)
    left = [f"{one.name} ({one.why})" for one in draft.notices if one.kind == "not-kept"]
    more = f", +{len(left) - 3}" if len(left) > 3 else ""
    not_kept = [f"not kept: {', '.join(left[:3])}{more}.  Model and data are complete."]
    if made.version.model not in kernel.classes or not made.unchanged:
        kernel.classes[made.version.model] = draft.class_name
    return Saved(
        version=made.version,
        unchanged=made.unchanged,
        bump=made.bump,
        reason=made.reason,
        variable=draft.variable,
        class_name=draft.class_name,
        metrics=_metrics(draft, changes, made.unchanged),
        kept=_counted(draft),
        folded=_folded(draft),
        unusual=tuple(unusual),
        not_kept=tuple(not_kept if left else ()),
        new_bytes=draft.new_bytes,
        seconds=draft.seconds,
        first_of_repository=made.first_of_repository,
        dry=bool(asked and asked.dry_run),
        quiet=quiet,
    )


def _metrics(draft: Draft, changes: Sequence[Change], unchanged: bool) -> tuple[Change, ...]:
    """Metrics in their order, main first, each with its change if it has one."""
    part = next((part for part in draft.parts if part.kind == "metrics"), None)
    if part is None:
        return ()
    values: Any = part.facts["values"]
    main = str(part.facts.get("main") or "")
    changed = {change.name: change for change in changes if change.section == "metrics"}
    out = []
    for name in sorted(values, key=lambda name: name != main):
        change = changed.get(name)
        if change is None:
            change = Change("metrics", name, "same", None, values[name])
        elif unchanged and change.what == "changed":
            # Evaluation may be noisy: the kept number stands, the new one is said.
            change = Change("metrics", name, "kept", change.old, change.new)
        out.append(change)
    if unchanged:
        out = [change for change in out if change.what == "kept"]
    return tuple(out)


def _unusual(
    kernel: Kernel, draft: Draft, made: Made, request: Request, asked: Asked | None
) -> list[str]:
    lines = []
    if made.first_of_repository:
        lines += _first_lines(draft)
    for notice in draft.notices:
        if notice.kind == "hash-only":
            if made.unchanged:
                continue
            limit = settings.number("data.max_store") / 2**20
            lines.append(
                f"{_shaped(draft, notice.name)}: rows not stored (limit {limit:,.0f} MB),"
                f" hash kept.  Store anyway: %version_model {request.model} --store"
            )
        elif notice.kind == "not-hashed":
            again = f"  Hash anyway: %version_model {request.model} --full"
            late = any(
                part.kind == "frame" and part.name == notice.name and part.facts.get("columns")
                for part in draft.parts
            )
            lines.append(f"{notice.name}: not hashed, {notice.why}.{again if late else ''}")
        elif notice.kind == "no-training":
            lines.append(
                "What it was trained on is not known, so no drift can be told.  Say it:"
                f' snapbook.save(..., train="{notice.name}")'
            )
        elif notice.kind == "elsewhere":
            if not made.unchanged:
                lines.append(f"{_shaped(draft, notice.name)}: {notice.why}")
        elif notice.kind in ("no-metric", "bad-metric"):
            lines.append(_no_metric(notice, made, request))
    found = kernel.redactor.findings[kernel.redacted_said :]
    if found and not made.unchanged:
        lines.append(_redacted(found))
        kernel.redacted_said = len(kernel.redactor.findings)
    before = kernel.classes.get(made.version.model)
    if before and before != draft.class_name and not made.unchanged:
        lines.append(f"`{draft.variable}` is a {draft.class_name}, last time it was a {before}.")
    if (
        asked
        and made.parent
        and not made.unchanged
        and asked.message
        and asked.message == made.parent.message
    ):
        lines.append(f"message is the one of {refs.number_text(made.parent.number)}")
    if draft.new_bytes > _SAID_BYTES and not made.unchanged:
        lines.append(f"{draft.new_bytes / 2**20:,.0f} MB new")
    return lines


def _filling(kernel: Kernel, folder: Path, new_bytes: int) -> list[str]:
    """The notice of a repository near its budget. Files are weighed once, then what is added."""
    if "repo.max_size" in kernel.said:
        return []
    kernel.weighed = kernel.weighed + new_bytes if kernel.weighed else weight(folder)
    limit = settings.number("repo.max_size")
    if kernel.weighed <= NEARLY * limit:
        return []
    kernel.said.add("repo.max_size")
    return [
        f"over {NEARLY * 100:.0f} % of {size_text(limit)} are used (repo.max_size)."
        "  See what can go: %snapbook gc --dry-run"
    ]


def _shaped(draft: Draft, name: str) -> str:
    """A frame's name with its shape: "X_train 5,000,000x10"."""
    for part in draft.parts:
        if part.kind == "frame" and part.name == name:
            shape: Any = part.facts.get("shape") or ()
            return f"{name} {'x'.join(f'{length:,}' for length in shape)}"
    return name


def _no_metric(notice: Notice, made: Made, request: Request) -> str:
    """A metric that was asked for and is not there."""
    saved = f"{made.version.ref} is {'as it was' if made.unchanged else 'saved without it'}"
    if notice.kind == "bad-metric":
        return f"--metric {notice.name}: {notice.why}; {saved}"
    near = f" ({notice.why})" if notice.why else ""
    right = notice.why.removeprefix("did you mean ").rstrip("?").split(" or ")[0]
    again = f": %version_model {request.model} --metric {right}" if right else ""
    return f"Nothing called `{notice.name}` after the cell{near}. {saved}{again}"


def _redacted(found: Sequence[Any]) -> str:
    """One line for what was taken out, and where."""
    places = dict.fromkeys(one.where for one in found if one.where)
    count = len({one.number for one in found})
    marks = ", ".join(
        f"{{{{secret:{number}}}}}" for number in sorted({one.number for one in found})[:3]
    )
    noun = found[0].noun if count == 1 else "secrets"
    where = f" in {', '.join(list(places)[:3])}" if places else ""
    return (
        f"redacted {count} {noun}{where} (the version holds {marks})."
        "  Rotate it if this notebook was shared."
    )


def _first_lines(draft: Draft) -> list[str]:
    """Line 2 of the first card: what was kept, and where."""
    cells = [_count(part.facts["count"], "cell") for part in draft.parts if part.kind == "cells"]
    frames = [frame.summary(part) for part in draft.parts if part.kind == "frame"]
    around = [
        f"environment ({part.facts.get('installed_count', 0)} packages)"
        for part in draft.parts
        if part.kind == "environment"
    ]
    more = [f"+{len(frames) - 4} frames"] if len(frames) > 4 else []
    kept = [*cells, *frames[:4], *more, *around]
    return [f"kept: {', '.join(kept)} in .snapbook/"]


def _counted(draft: Draft) -> tuple[str, ...]:
    """How much the version holds: "5 cells", "4 frames"."""
    cells = [_count(part.facts["count"], "cell") for part in draft.parts if part.kind == "cells"]
    frames = sum(part.kind == "frame" for part in draft.parts)
    return (*cells, *([_count(frames, "frame")] if frames else []))


def _count(count: Any, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _folded(draft: Draft) -> tuple[str, ...]:
    """The folded lines of the card: everything that the version holds, one line a thing."""
    lines = []
    cells = next((part for part in draft.parts if part.kind == "cells"), None)
    if cells is not None:
        lines.append(f"{cells.facts['count']} cells, {cells.facts['made_count']} made the model")
    frames = [part for part in draft.parts if part.kind == "frame"]
    for part in frames:
        stored = "rows stored" if part.facts.get("stored") else "hash only"
        lines.append(f"{frame.summary(part)}, {stored}")
    lines += [f"{part.name}" for part in draft.parts if part.kind in ("files", "environment")]
    return tuple(lines)
