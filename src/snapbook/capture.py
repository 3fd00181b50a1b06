"""From a kernel's names to Parts: what one version holds.

The only room that looks at the user's namespace as a whole. Gives a Draft and decides nothing about
numbers or names of versions (repository.py). Each kind is kept by its own module in parts/; what
cannot be kept becomes a Notice and the rest is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from snapbook import canonical, choose, settings
from snapbook.canonical import Json
from snapbook.choose import Candidate, DataChoice
from snapbook.errors import BadOption, SnapbookError, Unclear
from snapbook.kernel import Kernel
from snapbook.lineage.analyse import analyse
from snapbook.lineage.log import Cell
from snapbook.lineage.roles import roles
from snapbook.lineage.slice import Slice, code_key
from snapbook.parts import cells, environment, files, frame, model, modules, notebook, params, reads
from snapbook.parts.base import Notice, Part
from snapbook.store.base import Writer

Progress = Callable[[str, int, int], None]
_READING_SECONDS = 2.0  # for the digests of files that were read


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked to be kept, as `%%version_model` takes it. ``model`` is the model's name."""

    model: str
    variable: str = ""
    metrics: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    store: bool | None = None
    attach: tuple[Path, ...] = ()
    full: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A version before it has a number.

    ``key`` is the content key, "" where it can never equal another. ``parts`` are written to the
    writer already, each as a blob of its own under ``digests``.
    """

    model: str
    parts: tuple[Part, ...]
    digests: tuple[str, ...]
    key: str
    variable: str = ""
    class_name: str = ""
    notices: tuple[Notice, ...] = ()
    new_bytes: int = 0
    seconds: float = 0.0
    facts: Mapping[str, Json] = field(default_factory=dict)


def capture(
    kernel: Kernel,
    request: Request,
    chosen: Candidate,
    log: Sequence[Cell],
    at: int,
    writer: Writer,
    *,
    bases: Sequence[Part] = (),
    progress: Progress | None = None,
) -> Draft:
    """Keep the model ``chosen`` and all that the cell at ``at`` of ``log`` made it from.

    ``bases`` are stored frames of the version before, into which rows may be kept by number.
    Raises only where there is nothing to keep: the model cannot be stored, an option is wrong.
    """
    begun = time.monotonic()
    tell = progress or (lambda _what, _done, _of: None)
    source = log[at].source
    made = kernel.slice(log, at)
    notices: list[Notice] = []
    values = metric_values(kernel, source, request)
    tell("model", 0, 0)
    # Attachments first: a missing file is the user's slip and nothing should be kept then.
    attached = _attachments(kernel, request, writer, notices)
    model_part, said = model.capture(chosen.value, chosen.variable, writer)
    notices += said
    parts: list[Part] = [model_part]
    parts += _settings_parts(kernel, request, model_part, values)
    parts += _frames(kernel, request, source, made, writer, bases, notices, tell)
    tell("cells", 0, 0)
    parts.append(cells.capture(log, made.indices, at, writer))
    parts += _surroundings(kernel, writer, notices)
    parts += attached
    digests = tuple(writer.add(part.encode()) for part in parts)
    return Draft(
        request.model,
        tuple(parts),
        digests,
        content_key(parts, log, made),
        chosen.variable,
        str(model_part.facts.get("class_name", "")),
        tuple(notices),
        writer.new_bytes,
        time.monotonic() - begun,
    )


def content_key(parts: Sequence[Part], log: Sequence[Cell], made: Slice) -> str:
    """What makes two versions the same content, as one digest; "" where that cannot be told.

    Not in it: times, outputs, the log, author, message, parents, values of metrics, comments and
    white space of code.
    """
    by_kind: dict[str, list[Part]] = {}
    for part in parts:
        by_kind.setdefault(part.kind, []).append(part)
    frames = [part.facts.get("digest") for part in by_kind.get("frame", ())]
    if None in frames:
        return ""
    metrics: Any = by_kind["metrics"][0].facts["values"] if "metrics" in by_kind else {}
    local = {
        str(name): str(digest)
        for part in by_kind.get("files", ())
        if part.name == "modules"
        for name, digest in modules.digests(part).items()
    }
    used = environment.packages_used(by_kind["environment"][0]) if "environment" in by_kind else {}
    attached = [part.facts for part in by_kind.get("files", ()) if part.name == "attachments"]
    return canonical.digest(
        canonical.encode(
            {
                "model": by_kind["model"][0].facts["digest"],
                "frames": sorted(
                    [str(part.facts.get("role", "")), str(part.facts["digest"])]
                    for part in by_kind.get("frame", ())
                ),
                "params": [part.facts.get("values") for part in by_kind.get("params", ())],
                "code": code_key(log, made, local),
                "packages": dict(used),
                "metrics": sorted(metrics),
                "attachments": attached,
            }
        )
    )


# --- metrics and parameters -----------------------------------------------------------------------


def metric_values(kernel: Kernel, source: str, request: Request) -> dict[str, Any]:
    """The metrics of a cell by name: those found by themselves and those asked for."""
    role = roles(source)
    bound = [name for name in dict.fromkeys((*role.metrics, *sorted(analyse(source).binds)))]
    values = {name: kernel.namespace[name] for name in bound if name in kernel.namespace}
    return dict(params.metric_candidates(values, role.metrics))


def asked_metrics(
    kernel: Kernel, request: Request
) -> tuple[dict[str, Any], dict[str, str], list[Notice]]:
    """What `--metric` names: values, directions ("max", "min"), and notices for names not there."""
    values: dict[str, Any] = {}
    directions: dict[str, str] = {}
    notices: list[Notice] = []
    for word in request.metrics:
        name, equals, expression = word.partition("=")
        name, _, direction = name.partition(":")
        if direction and direction not in ("min", "max"):
            raise BadOption(f"--metric {word}: {direction} is neither min nor max")
        if direction:
            directions[name] = direction
        try:
            values[name] = eval(expression, kernel.namespace) if equals else kernel.namespace[name]
        except KeyError:
            error = choose.no_such_name(name, kernel.namespace)
            guess = error.why.partition("(")[2].rstrip(")")
            notices.append(Notice("no-metric", name, guess))
        except Exception as error:  # noqa: BLE001 - the user's expression may raise anything
            notices.append(
                Notice("bad-metric", name, f"{expression} raised {type(error).__name__}")
            )
    return values, directions, notices


def _settings_parts(
    kernel: Kernel, request: Request, model_part: Part, found: Mapping[str, Any]
) -> list[Part]:
    values, directions, _ = asked_metrics(kernel, request)
    remembered = kernel.directions.setdefault(request.model, {})
    remembered |= directions
    given = [*values]
    facts: Any = model_part.facts
    parts = [params.capture_params(facts.get("params") or {}, facts.get("set_params") or ())]
    if merged := {**values, **{k: v for k, v in found.items() if k not in values}}:
        parts.append(params.capture_metrics(merged, directions=remembered, first=given))
    return parts


# --- data -----------------------------------------------------------------------------------------


def _frames(
    kernel: Kernel,
    request: Request,
    source: str,
    made: Slice,
    writer: Writer,
    bases: Sequence[Part],
    notices: list[Notice],
    tell: Progress,
) -> list[Part]:
    """The frames of the cell, largest first while they are written (a subset needs its base),
    in the order of the code in the result.
    """
    inner = [name for name in sorted(made.reads) if name in kernel.namespace]
    chosen = choose.choose_data(source, inner, kernel.namespace, request.data)
    budget = settings.number("data.max_store")
    limit = None if request.full else time.monotonic() + settings.number("capture.max_seconds")
    known = list(bases)
    kept: dict[str, Part] = {}
    for done, one in enumerate(sorted(chosen, key=_weight, reverse=True)):
        tell("data", done, len(chosen))
        captured = frame.capture(
            one.value,
            one.name,
            writer,
            role=one.role,
            store=request.store is not False,
            bases=known,
            budget_bytes=None if request.store else max(0, int(budget)),
            deadline=limit,
        )
        budget -= captured.new_bytes
        kept[one.name] = captured.part
        notices += captured.notices
        if captured.part.facts.get("stored"):
            known.append(captured.part)
    return [kept[one.name] for one in chosen]


def _weight(one: DataChoice) -> int:
    try:
        return int(one.value.shape[0])  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - an odd frame only loses its place in the order
        return 0


# --- what is around -------------------------------------------------------------------------------


def _surroundings(kernel: Kernel, writer: Writer, notices: list[Notice]) -> list[Part]:
    """Environment, modules, files read, the notebook document: each may fail without the others."""
    parts: list[Part] = []

    def keep(name: str, take: Callable[[], object]) -> None:
        try:
            taken = take()
        except SnapbookError as error:
            notices.append(Notice("not-kept", name, error.sentence.rstrip(".")))
            return
        except Exception as error:  # noqa: BLE001 - odd modules and files must not cost the version
            notices.append(Notice("not-kept", name, type(error).__name__))
            return
        found = taken if isinstance(taken, tuple) else (taken, ())
        part, said = found
        notices.extend(said)
        if isinstance(part, Part):
            parts.append(part)

    project = str(kernel.project)
    soon = time.monotonic() + _READING_SECONDS
    keep("environment", lambda: environment.capture(writer, kernel.name, project, kernel.redactor))
    keep("modules", lambda: modules.capture(kernel.watch, writer, kernel.redactor, kernel.project))
    keep("files read", lambda: reads.capture_reads(kernel.reads.paths(), project, soon))
    document = notebook.find(kernel.namespace)
    if document is not None:
        keep(
            "notebook",
            lambda: notebook.capture(document, writer, kernel.redactor.redact, kernel.project),
        )
    return parts


def _attachments(
    kernel: Kernel, request: Request, writer: Writer, notices: list[Notice]
) -> list[Part]:
    if not request.attach:
        return []
    paths = [kernel.project / path for path in request.attach]
    part, said = files.capture_attachments(paths, writer, kernel.project, kernel.redactor)
    notices += said
    return [part]


def versioned_cell(kernel: Kernel, log: Sequence[Cell], variable: str = "") -> int:
    """The place in ``log`` of the cell that a line magic versions: the newest that made
    ``variable``, else the newest that made any model. Raises Unclear where nothing has run.
    """
    for at in range(len(log) - 1, -1, -1):
        uses, role = analyse(log[at].source), roles(log[at].source)
        if variable and (variable in uses.binds or variable in role.fitted):
            return at
        if not variable and choose.candidates(log[at].source, kernel.namespace):
            return at
    if not log:
        raise Unclear("Not versioned", "no cell has run yet", act="Fit a model, then again")
    return len(log) - 1
