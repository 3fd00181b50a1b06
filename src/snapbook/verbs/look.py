"""list, show, diff: looking executes nothing and changes nothing."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from snapbook import refs
from snapbook.catalog.rows import VersionRow
from snapbook.errors import NotFound, Usage
from snapbook.refs import Ref
from snapbook.repository import Repository
from snapbook.verbs.here import Here
from snapbook.verbs.values import Compared, Listing, Shown

if TYPE_CHECKING:
    from snapbook.catalog.index import Index, Order
    from snapbook.catalog.where import Expression
    from snapbook.verbs.table import Asked

NEWEST = 50


def list_versions(here: Here, asked: Asked) -> Listing:
    """Versions, newest first, of one model or all, found by an expression."""
    from snapbook.catalog.index import Order

    if asked.registry:
        from snapbook.verbs.elsewhere import list_there

        return list_there(here, asked, _count(asked.limit))
    repository = here.repository()
    index = repository.index
    model = repository.known_model(_model_of(asked.name)) if asked.name else None
    where = None
    if asked.where:
        from snapbook.catalog import where as expressions

        where = expressions.parse(asked.where)
    order = Order(asked.sort, not asked.lowest) if asked.sort else Order()
    limit = _count(asked.limit)
    if asked.text:
        return _with_words(repository, asked.text, model, where, order, limit)
    page = index.page(model, where, order, limit=limit)
    note = ""
    if not page.rows:
        note = nothing(index, model, where)
    elif page.after is not None and where is not None:
        # To count what matches costs many times the page: all versions have to be looked at.
        note = f"The first {len(page.rows)} that match; more: -n {limit * 10}"
    elif page.after is not None:
        total = index.count(model)
        note = f"{len(page.rows)} of {total:,} versions; more: -n {min(total, limit * 10)}"
    return Listing(page.rows, len(index.models()), note)


def _with_words(
    repository: Repository,
    words: str,
    model: str | None,
    where: Expression | None,
    order: Order,
    limit: int,
) -> Listing:
    """The first ``limit`` versions that ``words`` stand in."""
    from snapbook.verbs.wording import matching

    rows = list(islice(matching(repository, words, model, where, order), limit + 1))
    note = "" if rows else f'No version has "{words}" in its message, notes or attachments.'
    if len(rows) > limit:
        note = f"The first {limit} that match; more: -n {limit * 10}"
    return Listing(tuple(rows[:limit]), len(repository.index.models()), note)


def _model_of(text: str) -> str:
    """A model's name, also out of a reference (churn:1.0.0). Raises BadName, BadRef."""
    marked = not set(text).isdisjoint(":@~#")
    return refs.parse(text).model if marked else refs.check_model_name(text)


def nothing(index: Index, model: str | None, where: Expression | None) -> str:
    """Why a list is empty; for a bound on a metric, how near the best comes."""
    if where is None:
        return (
            "No versions yet. Write  %%version_model NAME  on top of the cell that fits your model."
        )
    for limit in where.limits:
        best = index.extreme(model, limit.metric, limit.highest)
        if best is not None and (metric := best.metrics.get(limit.metric)) is not None:
            word = "Highest" if limit.highest else "Lowest"
            value = f"{metric.value:.3f}" if isinstance(metric.value, float) else metric.value
            number = refs.number_text(best.number)
            return f"Nothing matches {where.text}. {word} is {value} ({number})."
    return f"Nothing matches {where.text}."


def _count(text: str | int | None) -> int:
    if text is None:
        return NEWEST
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise Usage(f"-n cannot be {text}", act="It takes a count, such as 20")
    return count


def show(here: Here, asked: Asked) -> Shown:
    """One version in full."""
    from snapbook.verbs.history import history
    from snapbook.verbs.summary import summary

    repository = here.repository()
    version, echo = resolve(repository, asked.ref or default_ref(here, repository))
    manifest = repository.manifest(version.manifest)
    parts = manifest.load(repository.store.get)
    notes = repository.index.notes(version.manifest)
    return Shown(
        version,
        manifest,
        parts,
        tuple((note.time, note.author, note.text) for note in notes),
        echo,
        history(repository, version),
        summary(repository, version, parts),
        _not_shared(repository, version),
    )


def diff(here: Here, asked: Asked) -> Compared:
    """What differs between two versions; with one reference: between it and the one before."""
    repository = here.repository()
    wanted = [refs.parse(text) for text in asked.refs]
    if len(wanted) > 2:
        raise Usage("diff takes one or two references", f"{len(wanted)} were given")
    if not wanted:
        wanted = [refs.parse(default_ref(here, repository))]
    if len(wanted) == 1 and wanted[0].now:
        wanted = [refs.parse(default_ref(here, repository)), wanted[0]]
    if len(wanted) == 2 and (wanted[0].now or wanted[1].now):
        return _against_now(here, repository, wanted, asked)
    if len(wanted) == 1:
        new = repository.resolve(wanted[0])
        old = _before(repository, new)
        echo = ""
    else:
        old, new = (repository.resolve(ref) for ref in wanted)
        echo = "; ".join(
            f"{ref} -> {row.ref}"
            for ref, row in zip(wanted, (old, new), strict=True)
            if not ref.literal
        )
    changes = repository.compare(old.manifest, new.manifest)
    found = [change for change in changes.changes if _asked_for(change.section, asked.what)]
    told = (apart(old, new), _notebooks(repository, old, new))
    kept = (_not_shared(repository, old), _not_shared(repository, new))
    said = ", ".join(text for text in (*told, *dict.fromkeys(kept)) if text)
    return Compared(old.ref, new.ref, said, tuple(found), changes.same, echo)


def _not_shared(repository: Repository, version: VersionRow) -> str:
    """Which rows of ``version`` are not here because its author kept them; "" for none."""
    names = repository.rows_elsewhere(version)
    return f"rows of {', '.join(names)} in {version.ref} were not shared" if names else ""


def _before(repository: Repository, version: VersionRow) -> VersionRow:
    before = repository.index.numbered(version.model, version.number, 1)
    if before is None:
        raise NotFound(
            f"{version.ref} is the first version of {version.model}: nothing comes before it",
            act="Look at it",
            hint=_hint("show", version.ref),
            kind="no-version",
        )
    return before


def _against_now(here: Here, repository: Repository, wanted: list[Ref], asked: Asked) -> Compared:
    """The live session against a version: captured into a writer that is then dropped."""
    from snapbook.compare import compare
    from snapbook.verbs import make

    kernel = make._kernel(here)
    other = next(ref for ref in wanted if not ref.now)
    version = repository.resolve(other)
    writer = repository.store.writer()
    try:
        draft = make.live(here, kernel, version.model, writer)
        old, new = repository.parts(version.manifest), draft.parts
        if wanted[0].now:
            old, new = new, old
        changes = compare(old, new, writer.get)
    finally:
        writer.close()
    labels = ("now", version.ref) if wanted[0].now else (version.ref, "now")
    found = [change for change in changes.changes if _asked_for(change.section, asked.what)]
    echo = "" if other.literal else f"{other} -> {version.ref}"
    return Compared(*labels, "", tuple(found), changes.same, echo)


def _asked_for(section: str, what: str | None) -> bool:
    if not what or what == "all":
        return True
    wanted = {"cells": "code"}.get(what, what)
    return section == wanted


def resolve(repository: Repository, text: str) -> tuple[VersionRow, str]:
    """The version that ``text`` names, and the echo of a reference that was not literal."""
    ref = refs.parse(text)
    if ref.now:
        raise Usage(
            "now is the live session, not a version",
            act="Compare with it",
            hint=_hint("diff", "now"),
        )
    version = repository.resolve(ref)
    return version, "" if ref.literal else f"{ref} -> {version.ref}"


def default_ref(here: Here, repository: Repository) -> str:
    """The model that was used last, here or in the repository. Raises Usage where there is none."""
    if here.kernel is not None and here.kernel.last_model:
        return here.kernel.last_model
    models = repository.index.models()
    if not models:
        raise NotFound(
            "There are no versions yet",
            act="Write  %%version_model NAME  on top of the cell that fits your model",
            kind="no-version",
        )
    return models[0]


def apart(old: VersionRow, new: VersionRow) -> str:
    """How far apart in time two versions were made."""
    try:
        seconds = abs(
            (datetime.fromisoformat(new.time) - datetime.fromisoformat(old.time)).total_seconds()
        )
    except ValueError:
        return ""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'} apart"
    return "less than a second apart"


def _notebooks(repository: Repository, old: VersionRow, new: VersionRow) -> str:
    """Whether both were made in one notebook; "" where one of them was made in none."""
    paths = [
        next((p.name for p in repository.manifest(row.manifest).parts if p.kind == "notebook"), "")
        for row in (old, new)
    ]
    if not all(paths):
        return ""
    return "same notebook" if paths[0] == paths[1] else "other notebook"


def _hint(verb: str, *args: str) -> Any:
    from snapbook.errors import Hint

    return Hint(verb, args)
