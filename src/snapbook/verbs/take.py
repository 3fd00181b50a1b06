"""restore and load: what a version holds comes back, all of it or nothing.

Trust is asked before a model is loaded, differences of the environment are told before that, and
what is in no version is not replaced without a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from snapbook import settings
from snapbook.catalog.rows import VersionRow
from snapbook.errors import (
    BadOption,
    Conflict,
    Hint,
    NotFound,
    Unclear,
    Usage,
)
from snapbook.flavors import codeless
from snapbook.kernel import Kernel, Replaced
from snapbook.parts import environment, frame, model
from snapbook.parts.base import Part
from snapbook.repository import Repository
from snapbook.trust import Trust
from snapbook.verbs import late, look, make, preview, release
from snapbook.verbs.here import Here
from snapbook.verbs.values import Restored

if TYPE_CHECKING:
    from snapbook.verbs.table import Asked

WHAT = ("model", "data", "params", "cells", "files", "all")


def restore(here: Here, asked: Asked) -> Restored:
    """Bring back what a version holds, into the kernel's variables or as files."""
    kernel = here.kernel
    if asked.undo:
        return _undo(make._kernel(here))
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref or look.default_ref(here, repository))
    wanted = _wanted(asked.what)
    parts, apart = _here(repository, version, wanted)
    if kernel is None and wanted & {"model", "data", "params"}:
        raise Usage(
            "There is no kernel to restore into",
            act="In a notebook %restore_version does it; here, cells and files can be written",
            hint=Hint("restore", (version.ref, "--what", "cells")),
        )
    as_name: str | None = asked.values["as"]
    if as_name and not as_name.isidentifier():
        raise BadOption(f"--as {as_name} is not a variable's name")
    warnings = tuple(_differences(parts))
    names = _targets(parts, wanted, as_name)
    written = release.files_wanted(here, version, parts, wanted)
    if asked.dry_run:
        seen = (
            preview.standing(kernel, repository, version.ref, names, data=True)
            if kernel is not None
            else {}
        )
        coming = {name: _said(part) for name, part in names.items()}
        return Restored(
            version.ref,
            tuple(coming.items()),
            tuple((name, one.kept) for name, one in seen.items() if one.kept is not None),
            tuple(path.name for path in written),
            warnings,
            echo,
            preview=True,
            lost=preview.lost(seen),
            swaps=preview.swaps(seen, coming),
            untouched=preview.untouched(kernel, names) if kernel is not None else 0,
            more=preview.offers(parts, wanted),
            apart=apart,
        )
    lost = _lost(kernel, repository, version.ref, names) if kernel else {}
    unsaved = [name for name, where in lost.items() if not where]
    if unsaved and asked.keep:
        _keep_first(here, version.model, unsaved)
        lost = _lost(kernel, repository, version.ref, names) if kernel else {}
    elif unsaved and not asked.yes:
        value = kernel.namespace[unsaved[0]] if kernel else None
        raise Conflict(
            "Not restored",
            f"{unsaved[0]} ({type(value).__name__}) is in no version and would be replaced",
            act="--keep makes a version of it first, --yes replaces it",
            hint=Hint("restore", (version.ref, "--keep")),
            kind="unsaved",
        )
    values = {name: load_part(repository, version, part) for name, part in names.items()}
    if kernel is not None:
        kernel.may_finish(partial(late.restored, kernel, version.ref, values, written))
    paths = release.write_files(repository, parts, written)
    if kernel is not None and values:
        _bind(kernel, version, values, model_restored="model" in wanted)
    return Restored(
        version.ref,
        tuple((name, f"{version.ref} ({_said(part)})") for name, part in names.items()),
        tuple((name, where) for name, where in lost.items()),
        tuple(path.name for path in paths),
        warnings,
        echo,
        apart=apart,
    )


def _here(
    repository: Repository, version: VersionRow, wanted: set[str]
) -> tuple[tuple[Part, ...], str]:
    """The parts that can be restored, and a line where rows were not shared."""
    parts = repository.parts(version.manifest)
    apart = repository.rows_elsewhere(version)
    if not apart or "data" not in wanted:
        return parts, ""
    line = f"rows of {', '.join(apart)} were not shared: {version.author} has them"
    left = tuple(part for part in parts if part.kind != "frame" or part.name not in apart)
    if wanted == {"data"} and not any(p.facts.get("stored") for p in left if p.kind == "frame"):
        raise NotFound(
            f"Not restored: {line}",
            act="What is known of them",
            hint=Hint("show", (version.ref,)),
            kind="not-shared",
        )
    return left, line


def load_part(repository: Repository, version: VersionRow, part: Part) -> Any:
    """The object that a part holds. A model that executes when it loads needs trust."""
    get = repository.store.get
    if part.kind == "model":
        trust, claim = Trust(settings.folder()), repository.claim(version)
        if codeless.executes(part.facts) and not trust.allows(claim):
            try:
                return model.restore_plain(part, get)
            except model.NotAllowed as more:
                trust.check(claim, version.ref, _tops(model.imports(part, get)), str(more))
        return model.restore(part, get, version.ref)
    if part.kind == "frame":
        return frame.restore(part, get)
    return dict(_values(part))


def _tops(imports: Sequence[str]) -> tuple[str, ...]:
    """The packages that ``imports`` ("module:name") are of."""
    return tuple(dict.fromkeys(name.partition(":")[0].partition(".")[0] for name in imports))


def load(here: Here, asked: Asked) -> Any:
    """The model of a version, as an object: `snapbook.load("churn@production")`."""
    repository = here.repository()
    version, _ = look.resolve(repository, asked.ref)
    part = next((part for part in repository.parts(version.manifest) if part.kind == "model"), None)
    if part is None:
        raise NotFound(
            f"{version.ref} holds no model", act="Look at it", hint=Hint("show", (version.ref,))
        )
    return load_part(repository, version, part)


def _wanted(what: Sequence[str] | str | None) -> set[str]:
    words = [what] if isinstance(what, str) else list(what or ())
    chosen = {word for item in words for word in item.split(",") if word} or {"model"}
    for word in chosen:
        if word not in WHAT:
            raise BadOption(
                f"--what cannot be {word}", act=f"It takes {', '.join(WHAT[:-1])} or all"
            )
    return {"model", "data", "params", "cells", "files"} if "all" in chosen else chosen


def _targets(parts: Sequence[Part], wanted: set[str], as_name: str | None) -> dict[str, Part]:
    """Which part goes to which variable."""
    found: dict[str, Part] = {}
    for part in parts:
        if part.kind == "model" and "model" in wanted:
            found[as_name or part.name] = part
        elif part.kind == "frame" and "data" in wanted and part.facts.get("stored"):
            found[part.name] = part
        elif part.kind == "params" and "params" in wanted:
            found[as_name if as_name and wanted == {"params"} else "params"] = part
    if not found and wanted & {"model", "data", "params"} == wanted:
        raise NotFound(f"There is nothing of that kind in it: {', '.join(sorted(wanted))}")
    return found


def _said(part: Part) -> str:
    if part.kind == "model":
        return str(part.facts.get("class_name", "model"))
    if part.kind == "frame":
        return frame.summary(part).removeprefix(part.name).strip() or "frame"
    count = len(_values(part))
    return f"{count} parameter{'' if count == 1 else 's'}"


def _values(part: Part) -> Mapping[str, Any]:
    values: Any = part.facts.get("values")
    return values if isinstance(values, Mapping) else {}


def _differences(parts: Sequence[Part]) -> list[str]:
    """How the environment here differs from the version's, in lines; told before anything loads."""
    part = next((part for part in parts if part.kind == "environment"), None)
    if part is None:
        return []
    lines = []
    for change in environment.differences_here(part):
        if change.old is not None and change.new is not None:
            lines.append(
                f"{change.name} {change.new} here, {change.old} then: loads, results may differ"
            )
        elif change.old is not None:
            lines.append(f"{change.name} {change.old} then, absent here")
    return lines[:5] + ([f"and {len(lines) - 5} more"] if len(lines) > 5 else [])


def _lost(
    kernel: Kernel, repository: Repository, ref: str, names: Mapping[str, Part]
) -> dict[str, str]:
    """For each variable that holds a model: the version that keeps it, "" for none.

    Only models can be lost so: data that a cell made comes back by running it.
    """
    found = preview.standing(kernel, repository, ref, names, data=False)
    return {name: one.kept for name, one in found.items() if one.kept is not None}


def _keep_first(here: Here, name: str, variables: Sequence[str]) -> None:
    """Make a version of what would be replaced."""
    from snapbook.verbs import VERBS

    for variable in variables:
        make.save(here, VERBS["save"].ask((name,), {"model": variable, "quiet": True}))


def _bind(
    kernel: Kernel, version: VersionRow, values: Mapping[str, Any], *, model_restored: bool
) -> None:
    """All names at once; what they held before stays for `--undo`."""
    space = kernel.namespace
    kernel.undo.append(
        Replaced(
            {name: space[name] for name in values if name in space},
            tuple(name for name in values if name not in space),
            dict(kernel.parents),
            dict(kernel.since),
            dict(kernel.restored),
        )
    )
    del kernel.undo[:-10]
    space.update(values)
    if model_restored:
        kernel.stands_at(version.model, version.manifest)
        kernel.restored[version.model] = version.manifest
        kernel.last_model = version.model


def _undo(kernel: Kernel) -> Restored:
    if not kernel.undo:
        raise Unclear("Nothing to undo", "no restore was done in this kernel", kind="no-undo")
    last = kernel.undo.pop()
    kernel.namespace.update(last.values)
    for name in last.absent:
        kernel.namespace.pop(name, None)
    kernel.parents.clear()
    kernel.parents.update(last.parents)
    kernel.since.clear()
    kernel.since.update(last.since)
    kernel.restored.clear()
    kernel.restored.update(last.restored)
    names = (*last.values, *last.absent)
    return Restored("", tuple((name, "as before") for name in names), undone=True)
