"""From a kernel's names to Parts: what one version holds.

The only room that looks at the user's namespace as a whole. Gives a Draft and decides nothing about
numbers or names of versions (repository.py). Each kind is kept by its own module in parts/; what
cannot be kept becomes a Notice and the rest is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snapbook import choose, settings
from snapbook.choose import Candidate, DataChoice
from snapbook.errors import SnapbookError, Unclear
from snapbook.inputs import with_inputs
from snapbook.kernel import Kernel
from snapbook.key import content_key
from snapbook.lineage.analyse import analyse
from snapbook.lineage.log import Cell
from snapbook.lineage.roles import roles
from snapbook.lineage.slice import Slice
from snapbook.lineage.uses import Body, Call, Mutate, Read
from snapbook.metrics import Measured, measured, metrics_part
from snapbook.parts import (
    cells,
    checkout,
    environment,
    files,
    frame,
    model,
    modules,
    notebook,
    params,
    reads,
    searches,
)
from snapbook.parts.base import Notice, Part
from snapbook.parts.calm import calm
from snapbook.parts.frame.size import shape_of
from snapbook.parts.frame.table import frame_type
from snapbook.store.base import Writer

Progress = Callable[[str, int, int], None]
_READING_SECONDS = 2.0  # for the digests of files that were read


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked to be kept, as `%%version_model` takes it; ``model`` is its name.

    ``train`` names what the model was trained on, where there is no code to tell; None: there is.
    """

    model: str
    variable: str = ""
    metrics: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    store: bool | None = None
    attach: tuple[Path, ...] = ()
    full: bool = False
    train: tuple[str, ...] | None = None


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


def capture(
    kernel: Kernel,
    request: Request,
    chosen: Candidate,
    log: Sequence[Cell],
    at: int,
    writer: Writer,
    *,
    parent: Sequence[Part] = (),
    progress: Progress | None = None,
) -> Draft:
    """Keep the model ``chosen`` and all that the cell at ``at`` of ``log`` made it from.

    ``parent`` are the parts of the version before: rows may be kept by number into its frames, and
    its metrics say which is the main one.
    Raises only where there is nothing to keep: the model cannot be stored, an option is wrong.
    """
    begun = time.monotonic()
    tell = progress or (lambda _what, _done, _of: None)
    with calm() as around:
        parts, made, notices = _kept(kernel, request, chosen, log, at, writer, parent, tell)
    # Last, for it tells what the others gave rise to.
    parts.append(cells.capture(log, made.indices, at, writer, around.warnings))
    digests = tuple(writer.add(part.encode()) for part in parts)
    return Draft(
        request.model,
        tuple(parts),
        digests,
        content_key(parts, log, made, kernel.namespace, writer.get),
        chosen.variable,
        str(parts[0].facts.get("class_name", "")),
        tuple(notices),
        writer.new_bytes,
        time.monotonic() - begun,
    )


def _kept(
    kernel: Kernel,
    request: Request,
    chosen: Candidate,
    log: Sequence[Cell],
    at: int,
    writer: Writer,
    parent: Sequence[Part],
    tell: Progress,
) -> tuple[list[Part], Slice, list[Notice]]:
    """All parts but the cells, the model first."""
    source = log[at].source
    made = kernel.slice(log, at)
    given = measured(source, kernel.namespace, request.metrics)
    notices = list(given.notices)
    # Attachments first: a missing file is the user's slip and nothing should be kept then.
    attached = _attachments(kernel, request, writer, notices)
    tell("model", 0, 0)
    model_part, said = model.capture(chosen.value, chosen.variable, writer)
    notices += said
    facts: Any = model_part.facts
    parts = [params.capture_params(facts.get("params") or {}, facts.get("set_params") or ())]
    parts += _searches(kernel, log, made)
    parts += _metrics(kernel, request, given, parent)
    bases = [part for part in parent if part.kind == "frame"]
    before = [log[index].source for index in made.indices]
    inner = [*_read_inside(source, before), *sorted(made.reads)]
    told = request.train or ()
    data = choose.choose_data(source, inner, kernel.namespace, request.data, before, told)
    frames = _frames(request, data, writer, bases, notices, tell)
    if request.train is not None and data and not any(one.role == "train" for one in data):
        notices.append(Notice("no-training", data[0].name, "may be what it was trained on, or not"))
    tell("surroundings", 0, 0)
    parts += [*frames, *_surroundings(kernel, writer, notices), *attached]
    return [with_inputs(model_part, frames), *parts], made, notices


# --- metrics and searches -------------------------------------------------------------------------


def _metrics(
    kernel: Kernel, request: Request, given: Measured, parent: Sequence[Part]
) -> list[Part]:
    remembered = kernel.directions.setdefault(request.model, {})
    remembered |= given.directions
    before = next((part for part in parent if part.kind == "metrics"), None)
    part = metrics_part(given, remembered, before)
    return [part] if part is not None else []


def _searches(kernel: Kernel, log: Sequence[Cell], made: Slice) -> list[Part]:
    """The studies and optimisers that the cells behind the model used, by name."""
    names = set(made.reads)
    for index in made.indices:
        for event in analyse(log[index].source).events:
            if isinstance(event, (Read, Mutate)):
                names.add(event.name)
            elif isinstance(event, Call):
                names.add(event.callee)
    found = {
        name: kernel.namespace[name]
        for name in sorted(names)
        if name in kernel.namespace and searches.is_search(kernel.namespace[name])
    }
    parts = [searches.capture(value, name) for name, value in found.items()]
    return [part for part in parts if part is not None]


def _read_inside(source: str, before: Sequence[str]) -> list[str]:
    """Names that the functions which a cell calls read, and those that these call."""
    bodies: dict[str, Body] = {}
    for text in before:
        bodies |= analyse(text).functions
    names = dict.fromkeys(sorted(analyse(source).reads))
    waiting = list(names)
    for name in waiting:
        if name in bodies:
            fresh = sorted(bodies[name].reads - names.keys())
            names |= dict.fromkeys(fresh)
            waiting += fresh
    return waiting


# --- data -----------------------------------------------------------------------------------------


def _frames(
    request: Request,
    chosen: Sequence[DataChoice],
    writer: Writer,
    bases: Sequence[Part],
    notices: list[Notice],
    tell: Progress,
) -> list[Part]:
    """The frames of the cell, largest first while they are written (a subset needs its base),
    in the order of the code in the result.
    """
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
        # () of what an engine holds: its own shape would have it count all rows.
        return shape_of(one.value, frame_type(one.value) or "")[0]
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - an odd frame only loses its place in the order
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
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - odd modules must not cost the version
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
            lambda: notebook.capture(
                document, writer, kernel.redactor.redact, Path(checkout.root(kernel.project))
            ),
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
