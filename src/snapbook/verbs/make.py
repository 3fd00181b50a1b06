"""save and auto: a cell, a variable or a Python object becomes a version."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook import choose, numbers, refs, settings
from snapbook.capture import Draft, Request, capture, versioned_cell
from snapbook.errors import BadOption, Conflict, Hint, NotFound, SnapbookError, Unclear, Usage
from snapbook.kernel import Finished
from snapbook.parts import model as models
from snapbook.parts.base import Part
from snapbook.parts.calm import calm
from snapbook.repository import Made, Repository, Wish
from snapbook.store.base import Writer
from snapbook.verbs.here import Here
from snapbook.verbs.report import report
from snapbook.verbs.rows import listed
from snapbook.verbs.values import Done, Saved
from snapbook.verbs.who import author, me

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.kernel import Kernel
    from snapbook.lineage.log import Cell
    from snapbook.verbs.table import Asked

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
    saved = report(kernel, draft, made, request, asked, repository.folder)
    if saved.unchanged or saved.dry:
        return saved
    version = saved.version
    (row,) = listed(repository, (version,), me(here.folder), version.notebook)
    return replace(saved, row=row)


@contextmanager
def _alone() -> Iterator[None]:
    if getattr(_saving, "now", False):
        raise Conflict("Not versioned: another save is under way, and this one is inside of it")
    _saving.now = True
    try:
        yield
    finally:
        _saving.now = False


@_alone()
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
        if at < kernel.since.get(request.model, 0) and kernel.restored.get(request.model) == parent:
            draft = _as_restored(repository, draft, before, parent)

        def sealing(n: int, version: VersionRow) -> None:
            kernel.may_finish(partial(_made, kernel, repository, n, version, chosen.variable))

        made = repository.save(draft, writer, wish, author(here.folder), parent, sealing)
    finally:
        writer.close()
    if not wish.dry:
        _remember(kernel, made.version, request.model, chosen.variable)
        kernel.times.append(draft.seconds)
        if repository.folder is not None:
            kernel.session.persist(repository.folder / "sessions")
    return draft, made


def _as_restored(
    repository: Repository, draft: Draft, before: tuple[Part, ...], parent: str
) -> Draft:
    """``draft``, or the version itself where the model is still the one that was restored: the
    cells in the log made another, and neither they nor its metrics belong to this one.
    """
    now, then = (_digest_of_model(parts) for parts in (draft.parts, before))
    rows = repository.index.of_manifest(parent)
    if not now or now != then or not rows:
        return draft
    return replace(draft, key=rows[0].key, parts=before)


def _digest_of_model(parts: Sequence[Part]) -> Json:
    return next((part.facts.get("digest") for part in parts if part.kind == "model"), "")


def _remember(kernel: Kernel, version: VersionRow, model: str, variable: str) -> None:
    """What the session knows of a version that it made."""
    kernel.stands_at(version.model, version.manifest)
    kernel.variables[model] = variable
    kernel.last_model = model
    if version.ref not in kernel.made[-1:]:
        kernel.made.append(version.ref)


def _made(
    kernel: Kernel, repository: Repository, n: int, version: VersionRow, variable: str
) -> Finished | None:
    """For who was interrupted: the version, if event ``n`` made it all the same."""
    try:
        if not repository.made(n, version):
            return None
    except SnapbookError:
        return None
    _remember(kernel, version, version.model, variable)
    return Finished(f"{version.ref} was made", Hint("save", ("--undo",)), version.ref)


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
    for ref in reversed(tuple(kernel.made)):
        version = _living(repository, ref)
        if version is None or (asked.name and version.model != asked.name):
            continue
        repository.delete(version, author(here.folder), force=True)
        # Not before: interrupted, the next call would take back the version before it.
        kernel.made.remove(ref)
        kernel.parents.pop(version.model, None)
        return Done(
            (
                f"{version.ref} is taken back."
                f" `{kernel.variables.get(version.model, 'model')}` in the kernel is as it was.",
            )
        )
    raise Unclear("Nothing to take back", "this session has made no version", kind="no-undo")


def _living(repository: Repository, ref: str) -> VersionRow | None:
    """The version, None if it was deleted meanwhile."""
    try:
        return repository.resolve(refs.parse(ref))
    except NotFound:
        return None


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


def _kernel(here: Here) -> Kernel:
    if here.kernel is None:
        raise Usage(
            "save works inside a notebook: no kernel is running here",
            act="In Python",
            hint='snapbook.save(model, "churn")',
        )
    return here.kernel
