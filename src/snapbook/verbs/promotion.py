"""promote, rollback, request, approve, reject: where aliases point, here or in a registry.

The same words for both: what decides is behind a `Desk`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from snapbook import places, refs, settings
from snapbook.errors import Hint, NotFound, SnapbookError
from snapbook.promote.desk import LocalDesk
from snapbook.promote.moving import PRODUCTION
from snapbook.refs import number_text
from snapbook.registry.known import Book
from snapbook.repository import Author
from snapbook.transfer import Local
from snapbook.verbs import who
from snapbook.verbs.here import Here
from snapbook.verbs.table import FROM_A_SHELL
from snapbook.verbs.times import lasted
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.promote.desk import Desk
    from snapbook.promote.records import Judged, Moved
    from snapbook.verbs.table import Asked

_ASK_A_REGISTRY = ("promote", "review", "policy")


def promote(here: Here, asked: Asked) -> Done:
    """Let an alias point at a version, if its policy lets it."""
    ref, registry = split(asked.ref, asked.registry)
    with desk(here, registry, acts=not asked.dry_run) as there:
        saw = asked.seen
        if saw is None:
            saw = seen(there, refs.parse(ref).model, asked.alias)
        moved = there.promote(ref, asked.alias, saw, asked.reason or "", asked.dry_run)
    lines = moved_lines(here, moved, asked.alias, registry, asked.dry_run)
    return Done(tuple(lines), moved_data(moved))


def moved_lines(here: Here, moved: Moved, alias: str, registry: str, dry: bool) -> list[str]:
    """What a promotion did, or would do."""
    at = f"{alias} of {moved.version.model}"
    if not moved.new:
        return [f"{at} is {moved.version.ref} already"]
    lines = [f"{'would be: ' if dry else ''}{at} is {moved.version.ref}{_was(moved)}"]
    if moved.further and dry:
        lines[0] = f"would be: {at} is {moved.version.ref}, as 1.0.0{_was(moved)}"
    elif moved.further:
        same = f"{moved.further} and {number_text(moved.version.number)} are one version"
        lines.append(f"  {same}: the first in {alias}")
    lines += verdicts(moved.judged, "warns")
    if moved.before is not None and not dry:
        lines.append(_back(here, moved, alias, registry))
    return lines


def rollback(here: Here, asked: Asked) -> Done:
    """End the rollout that is under way, else let an alias point where it pointed before."""
    from snapbook.verbs import deploying

    if asked.drill:
        return deploying.drill(here, asked)
    model, registry = split(asked.model_name, asked.registry)
    alias = asked.alias or PRODUCTION
    with desk(here, registry, acts=not asked.dry_run) as there:
        if (done := deploying.take_back(here, asked, there, registry)) is not None:
            return done
        saw = seen(there, model, alias)
        text, dry = asked.reason or "", asked.dry_run
        moved = there.rollback(model, alias, asked.to or "", saw, text, dry)
        servers = None if dry else deploying.waited(there, moved.version.model, alias)
    word = "would be" if dry else "is"
    line = f"{alias} of {moved.version.model} {word} {moved.version.ref} again{_was(moved)}"
    lines = [line]
    if servers is not None and servers.of:
        lines.append(f"  alias moved, {servers.told}")
    if not dry:
        lines.append(_back(here, moved, alias, registry))
    data = moved_data(moved)
    return Done(tuple(lines), {**data, "servers": servers.data} if servers is not None else data)


def request(here: Here, asked: Asked) -> Done:
    """Ask that a version may stand under an alias."""
    return _say(here, asked, "request", "asked for {ref} in {alias}")


def approve(here: Here, asked: Asked) -> Done:
    """Say that a version may stand under an alias."""
    return _say(here, asked, "approve", "approved {ref} for {alias}")


def reject(here: Here, asked: Asked) -> Done:
    """Say that a version may not stand under an alias, and why."""
    return _say(here, asked, "reject", "rejected {ref} for {alias}")


@contextmanager
def desk(here: Here, registry: str, *, acts: bool = True) -> Iterator[Desk]:
    """Where promotions are decided: in this project, or in the ``registry`` of that name.

    Who only looks needs no key, and none is made for him.
    """
    author = who.author(here.folder) if acts else Author(who.name(here.folder))
    if not registry:
        yield LocalDesk(here.repository(), author)
        return
    book = Book(settings.folder())
    known = book.get(registry)
    token = book.token(known)
    with _hinting(registry), places.open_registry(known, token, say=here.say) as side:
        if isinstance(side, Local):
            yield LocalDesk(side.repository, author)
        else:
            from snapbook.registry.desk import HttpDesk
            from snapbook.registry.remote import Remote

            assert isinstance(side, Remote)
            yield HttpDesk(side.http, author)


@contextmanager
def _hinting(registry: str) -> Iterator[None]:
    """Let errors propose their act for the registry that was asked, not for this project."""
    try:
        yield
    except SnapbookError as error:
        if isinstance(error.hint, Hint) and error.hint.verb in _ASK_A_REGISTRY:
            error.hint = Hint(error.hint.verb, (*error.hint.args, "--registry", registry))
        raise


def split(text: str, registry: str | None) -> tuple[str, str]:
    """A reference without its registry, and the registry's name: from it, or from the option."""
    ref = refs.parse(text)
    return str(replace(ref, registry="")), registry or ref.registry


def verdicts(judged: Sequence[Judged], warns: str = "fails") -> list[str]:
    """Gates that were not passed a line each, those that were in one."""
    lines = [
        f"  {'fails' if one.refuses else warns:<7}{one.verdict.name}: {one.verdict.reason}"
        for one in judged
        if not one.verdict.passed
    ]
    passed = [one.verdict for one in judged if one.verdict.passed]
    if passed:
        told = "; ".join(f"{verdict.name} ({verdict.reason})" for verdict in passed)
        lines.append(f"  passes {told}")
    return lines


def typed(here: Here, verb: str, *args: str) -> str:
    """An act as one types it where this verb was asked."""
    if here.face in ("cli", "magic"):
        kernel = here.face == "magic" and verb not in FROM_A_SHELL
        program = "%snapbook" if kernel else "snapbook"
        return " ".join((program, verb, *args))
    return Hint(verb, args).call


def _say(here: Here, asked: Asked, word: str, form: str) -> Done:
    ref, registry = split(asked.ref, asked.registry)
    with desk(here, registry) as there:
        row = there.say(ref, asked.alias, word, asked.reason or "")
        review = there.review(row.ref, asked.alias)
    said = form.format(ref=row.ref, alias=asked.alias)
    if review.missing:
        lines = [f"{said}; missing: {'; '.join(review.missing)}"]
    else:
        where = (f"--registry {registry}",) if registry else ()
        lines = [f"{said}; next: {typed(here, 'promote', row.ref, asked.alias, *where)}"]
    return Done(
        tuple(lines),
        {
            "ref": row.ref, "manifest": row.manifest, "alias": asked.alias, "said": word,
            "missing": list(review.missing),
        },
    )  # fmt: skip


def seen(there: Desk, model: str, alias: str) -> str | None:
    """What stands there as one begins, "" for nothing; None for a reference without a model."""
    if not model:
        return None
    try:
        held = there.aliases(model)
    except NotFound:
        return None  # what is wrong with the reference, the act itself says better
    return next((held[name] for name in held if name.lower() == alias.lower()), "")


def _was(moved: Moved) -> str:
    if moved.before is None:
        return ""
    return f" (was {number_text(moved.before.number)} for {lasted(moved.since)})"


def _back(here: Here, moved: Moved, alias: str, registry: str) -> str:
    words = [moved.version.model, *([alias] if alias != PRODUCTION else [])]
    words += ["--registry", registry] if registry else []
    return f"  take it back: {typed(here, 'rollback', *words)}"


def _row(row: VersionRow | None) -> Json:
    return None if row is None else {"ref": row.ref, "manifest": row.manifest}


def moved_data(moved: Moved) -> dict[str, Json]:
    """It for programs."""
    return {
        "alias": moved.alias,
        "ref": moved.version.ref,
        "manifest": moved.version.manifest,
        "before": _row(moved.before),
        "new": moved.new,
        "further": moved.further,
        "gates": data_of(moved.judged),
    }


def data_of(judged: Sequence[Judged]) -> list[Json]:
    """Verdicts as data for programs."""
    return [
        {
            "name": one.verdict.name,
            "passed": one.verdict.passed,
            "reason": one.verdict.reason,
            "refuses": one.refuses,
            "facts": dict(one.verdict.facts),
        }
        for one in judged
    ]
