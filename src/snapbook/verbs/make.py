"""save and auto: a cell, a variable or a Python object becomes a version."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook import choose, numbers, refs, settings, signing
from snapbook.capture import Draft, Request, capture, versioned_cell
from snapbook.errors import BadOption, Conflict, Hint, SnapbookError, Unclear, Usage
from snapbook.parts import frame
from snapbook.parts import model as models
from snapbook.parts.base import Change, Notice, Part
from snapbook.parts.calm import calm
from snapbook.repository import Author, Made, Repository, Wish, login
from snapbook.store.base import Writer
from snapbook.verbs.here import Here
from snapbook.verbs.values import Done, Saved

if TYPE_CHECKING:
    from snapbook.kernel import Kernel
    from snapbook.lineage.log import Cell
    from snapbook.verbs.table import Asked

_SAID_BYTES = 50 * 2**20
_saving = threading.local()


def save(here: Here, asked: Asked) -> object:
    """`%version_model`: keep the model that an earlier cell made, without running it again."""
    if asked.undo:
        return undo(here, asked)
    if asked.auto:
        return auto(here, asked.auto == "on")
    kernel = _kernel(here)
    log = kernel.log()
    with calm():
        at = versioned_cell(kernel, log, asked.model or "")
        # A number asked for by itself is a wish; in a cell's first line it may be an old one.
        return _save(here, kernel, asked, log, at, again=bool(asked.bump or asked.number))


def save_cell(here: Here, asked: Asked) -> object:
    """`%%version_model`: keep what the cell that has just run made."""
    if asked.auto or asked.undo:
        return save(here, asked)
    kernel = _kernel(here)
    log = kernel.log()
    with calm():
        return _save(here, kernel, asked, log, len(log) - 1)


def strict(asked: Asked) -> bool:
    """Whether a version that was not made is to fail the cell."""
    return bool(asked.strict or settings.get("strict"))


def stopped(kernel: Kernel, asked: Asked, error: BaseException) -> SnapbookError:
    """What to say when the versioned cell itself failed: no version; what is there."""
    last = kernel.session.cells[-1]
    where = f" at line {last.line}" if last.line else ""
    name = asked.name or kernel.last_model or "NAME"
    kind = "interrupted" if isinstance(error, KeyboardInterrupt) else type(error).__name__
    said = f"cell stopped{where} ({kind})"
    with calm():
        found = choose.candidates(last.source, kernel.namespace)
    made = [one.variable for one in found if one.fitted]
    if made:
        return SnapbookError(
            f"not versioned: {said}. `{made[0]}` was fitted before that",
            act="To keep it",
            hint=Hint("save", (name, "--model", made[0])),
            kind="cell-failed",
        )
    return SnapbookError(f"not versioned: {said}", kind="cell-failed")


def _save(
    here: Here, kernel: Kernel, asked: Asked, log: Sequence[Cell], at: int, *, again: bool = False
) -> Saved:
    name = model_name(kernel, asked.name)
    request = Request(
        name,
        asked.model or "",
        tuple(asked.metric),
        tuple(asked.data),
        True if asked.store else False if asked.no_store else None,
        tuple(Path(path).expanduser() for path in asked.attach),
        asked.full,
    )
    wish = Wish(
        asked.message or "",
        parse_tags(asked.tag),
        asked.bump or "",
        refs.parse_number(asked.number) if asked.number else None,
        dry=asked.dry_run,
        again=again,
    )
    chosen = choose.choose_model(
        log[at].source,
        kernel.namespace,
        model=name,
        variable=request.variable,
        last_variable=kernel.variables.get(name, ""),
        last_value=kernel.last_value,
    )
    repository = here.repository() if wish.dry else here.writable()
    draft, made = keep(here, repository, kernel, request, wish, chosen, log, at)
    return report(kernel, draft, made, request, asked)


def keep(
    here: Here,
    repository: Repository,
    kernel: Kernel,
    request: Request,
    wish: Wish,
    chosen: choose.Candidate,
    log: Sequence[Cell],
    at: int,
) -> tuple[Draft, Made]:
    """Capture and commit: the one way in which a version is made from a kernel.

    Raises Conflict inside another save of the same thread: an object that saves while it is saved.
    """
    with _alone():
        return _keep(here, repository, kernel, request, wish, chosen, log, at)


@contextmanager
def _alone() -> Iterator[None]:
    if getattr(_saving, "now", False):
        raise Conflict("Not versioned: another save is under way, and this one is inside of it")
    _saving.now = True
    try:
        yield
    finally:
        _saving.now = False


def _keep(
    here: Here,
    repository: Repository,
    kernel: Kernel,
    request: Request,
    wish: Wish,
    chosen: choose.Candidate,
    log: Sequence[Cell],
    at: int,
) -> tuple[Draft, Made]:
    parent = kernel.parents.get(request.model, "")
    before = _parent_parts(repository, request.model, parent)
    writer = repository.store.writer()
    try:
        draft = capture(
            kernel,
            request,
            chosen,
            log,
            at,
            writer,
            parent=before,
            progress=here.progress,
        )
        if request.store and numbers.newly_stored(before, draft.parts):
            wish = replace(wish, again=True)
        made = repository.save(draft, writer, wish, author(here.folder), parent)
    finally:
        writer.close()
    if not wish.dry:
        kernel.parents[made.version.model] = made.version.manifest
        kernel.variables[request.model] = chosen.variable
        kernel.last_model = request.model
        kernel.made.append(made.version.ref)
        kernel.times.append(draft.seconds)
        if repository.folder is not None:
            kernel.session.persist(repository.folder / "sessions")
    return draft, made


def _parent_parts(repository: Repository, model: str, parent: str) -> tuple[Part, ...]:
    """The parts of the version before, () where there is none or it cannot be read."""
    index = repository.index
    if not parent:
        newest = index.newest(index.model(model) or model)
        parent = newest.manifest if newest else ""
    if not parent:
        return ()
    try:
        return repository.parts(parent)
    except SnapbookError:
        return ()


def report(
    kernel: Kernel,
    draft: Draft,
    made: Made,
    request: Request,
    asked: Asked | None = None,
) -> Saved:
    """The outcome for people: what changed, what is unusual, what was not kept."""
    changes = made.changes.changes
    unusual = _unusual(kernel, draft, made, request, asked)
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
        quiet=bool(asked and asked.quiet) or settings.get("card") == "quiet",
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


def live(here: Here, kernel: Kernel, model: str, writer: Writer) -> Draft:
    """The live session as a Draft of ``model``, into a writer that the caller drops."""
    log = kernel.log()
    variable = kernel.variables.get(model, "")
    at = versioned_cell(kernel, log, variable)
    chosen = choose.choose_model(
        log[at].source,
        kernel.namespace,
        model=model,
        variable=variable if variable in kernel.namespace else "",
    )
    return capture(kernel, Request(model), chosen, log, at, writer, progress=here.progress)


# --- undo and auto --------------------------------------------------------------------------------


def undo(here: Here, asked: Asked) -> Done:
    """Take the version just made back: it is deleted, its number is not used again."""
    kernel = _kernel(here)
    repository = here.repository()
    while kernel.made:
        version = repository.resolve(refs.parse(kernel.made.pop()))
        if asked.name and version.model != asked.name:
            continue
        repository.delete(version, author(here.folder), force=True)
        kernel.parents.pop(version.model, None)
        return Done(
            (
                f"{version.ref} is taken back."
                f" `{kernel.variables.get(version.model, 'model')}` in the kernel is as it was.",
            )
        )
    raise Unclear("Nothing to take back", "this session has made no version", kind="no-undo")


def auto(here: Here, on: bool) -> Done:
    """Turn automatic versions on or off for this kernel."""
    _kernel(here).auto = on
    if not on:
        return Done(("auto: off",), {"auto": False})
    return Done(
        (
            "auto: on. A version is made, without a word, when a cell fits a model;"
            " %versions lists them.",
        ),
        {"auto": True},
    )


def auto_verb(here: Here, asked: Asked) -> Done:
    """`%snapbook auto on|off`."""
    return auto(here, asked.state == "on")


def auto_version(here: Here) -> None:
    """After a cell in auto mode: a version of each model that it fitted, named by its variable."""
    kernel = _kernel(here)
    log = kernel.log()
    at = len(log) - 1
    fault: SnapbookError | None = None
    for one in choose.candidates(log[at].source, kernel.namespace):
        if one.fitted is not True or not models.predicts(one.value):
            continue
        request = Request(refs.suggestion(one.variable))
        try:
            with calm():
                keep(here, here.writable(), kernel, request, Wish(auto=True), one, log, at)
        except SnapbookError as error:
            # One that cannot be kept does not stand in the way of the next.
            fault = error
    if fault is not None:
        raise fault


# --- from Python ----------------------------------------------------------------------------------


def model_name(kernel: Kernel, given: str | None) -> str:
    """The name of the model: given, else the last one used, else the notebook's stem."""
    if given:
        return refs.check_model_name(given)
    if kernel.last_model:
        return kernel.last_model
    from snapbook.parts import notebook

    found = notebook.find(kernel.namespace)
    if found is None:
        raise Usage(
            "Not versioned: the model has no name yet", act="Name it", hint=Hint("save", ("NAME",))
        )
    return refs.suggestion(found.stem)


def parse_tags(words: Sequence[str] | Mapping[str, str] | None) -> dict[str, str]:
    """Tags from "name=value" or bare "name". Raises BadOption."""
    if isinstance(words, Mapping):
        words = [f"{name}={value}" for name, value in words.items()]
    tags = {}
    for word in words or ():
        name, _, value = word.partition("=")
        try:
            refs.check_tag(name)
        except SnapbookError as error:
            raise BadOption(error.what, act=error.act, hint=error.hint) from error
        tags[name] = value
    return tags


@lru_cache(maxsize=8)
def _git_name(folder: Path) -> str:
    try:
        done = subprocess.run(
            ["git", "config", "user.name"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=2,
            check=False,
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return ""
    return done.stdout.strip()


def author(folder: Path) -> Author:
    """Who the user is: the setting, else git's user.name, else the login; with the user's key."""
    name = str(settings.get("author")) or _git_name(folder) or login()
    return Author(name[:200], signing.own_key(settings.folder()))


def _kernel(here: Here) -> Kernel:
    if here.kernel is None:
        raise Usage(
            "save works inside a notebook: no kernel is running here",
            act="In Python",
            hint='snapbook.save(model, "churn")',
        )
    return here.kernel
