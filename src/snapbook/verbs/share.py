"""push, pull, sync: versions on their way between this project and a registry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from snapbook import refs
from snapbook.errors import Hint, NotFound, Unreachable
from snapbook.verbs import border, look, mlflow, queued, travel, waiting, who
from snapbook.verbs.here import Here
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.registry.known import Known
    from snapbook.repository import Repository
    from snapbook.transfer import Side
    from snapbook.verbs.table import Asked


def push(here: Here, asked: Asked) -> Done:
    """Copy a version to a registry: only what is missing there travels."""
    if asked.to:
        return mlflow.push(here, asked)
    repository = here.repository()
    if asked.waiting:
        return _waiting(repository)
    version, echo = look.resolve(repository, asked.ref or look.default_ref(here, repository))
    said = (echo,) if echo else ()
    known = travel.book().get(asked.registry or "")
    if asked.drop:
        return _drop(here, repository, version, known)
    rows = travel.rows_may(asked)
    if asked.dry_run:
        shown = border.leaving(repository, [version], known, rows=rows)
        line = f"would push {version.ref} to {known.name}"
        told: dict[str, Json] = {"dry_run": True, "ref": version.ref, "leaves": list(shown)}
        return Done((*said, *shown, line), told)
    again = ("push", version.ref, *_options(asked))
    border.check(here, repository, [version], known, rows=rows, yes=asked.yes, again=again)
    if asked.later:
        author = who.author(here.folder)
        strict = bool(asked.strict)
        line = waiting.queue(repository, version, known, author, rows=rows, strict=strict)
        return Done((*said, line), {"ref": version.ref, "waits": True})
    with travel.Way(here, known) as way:
        moved = travel.send(way, repository, version, strict=asked.strict, rows=rows)
    line, data = travel.pushed(version, moved, known)
    more, sent = waiting.send(here, repository, known)
    return Done((*said, line, *more), data | ({"sent": sent} if sent else {}))


def pull(here: Here, asked: Asked) -> Done:
    """Copy a version from a registry into this project. Nothing of it is executed."""
    ref = refs.parse(asked.ref)
    known = travel.book().get(asked.registry or ref.registry)
    there = str(replace(ref, registry=""))
    with reached(here, known, "Not pulled") as side:
        version = side.resolve(there)
        if asked.dry_run:
            return Done(
                (f"would pull {known.name}::{version.ref}",), {"dry_run": True, "ref": version.ref}
            )
        repository = here.writable()
        moved = travel.fetch(here, repository, side, version, known)
    line, data = travel.pulled(version, moved, known)
    more, sent = waiting.send(here, repository, known)
    return Done((line, *more), data | ({"sent": sent} if sent else {}))


def sync(here: Here, asked: Asked) -> Done:
    """Pull what is new in a registry, then push what is new here: all of it, or one model."""
    repository = here.writable()
    known = travel.book().get(asked.registry or "")
    rows = travel.rows_may(asked)
    if asked.later:
        return _sync_later(here, repository, known, asked)
    lines: list[str] = []
    done: dict[str, list[str]] = {"pulled": [], "pushed": []}
    there = _pull_all(here, repository, known, asked, lines, done)
    more, sent = waiting.send(here, repository, known)
    lines += more
    done["pushed"] += [str(one["there"]) for one in sent]
    gone = {one["ref"] for one in sent}
    known_there = {row.manifest: row for row in there}
    new = [
        version
        for version in _mine(repository, asked)
        if version.ref not in gone
        and travel.has_news(repository, version, known_there.get(version.manifest), rows=rows)
    ]
    again = ("sync", *_options(asked))
    border.check(here, repository, new, known, rows=rows, yes=asked.yes, again=again)
    with travel.Way(here, known) as way:
        for version in reversed(new):
            moved = travel.send(way, repository, version, strict=False, rows=rows)
            if moved.accepted.new or moved.blobs:
                lines.append(travel.pushed(version, moved, known)[0])
                done["pushed"].append(moved.accepted.version.ref)
    same = f"{known.name} and this project have the same versions"
    return Done(tuple(lines) or (same,), {word: list(found) for word, found in done.items()})


def _pull_all(
    here: Here,
    repository: Repository,
    known: Known,
    asked: Asked,
    lines: list[str],
    done: dict[str, list[str]],
) -> list[VersionRow]:
    """Pull what is new there; gives what is there."""
    with reached(here, known, "Not synced", asked.model_name or "") as side:
        there = list(side.versions(asked.model_name or ""))
        for version, moved in travel.fetch_new(here, repository, side, there, known):
            if moved.accepted.new or moved.blobs:
                lines.append(travel.pulled(version, moved, known)[0])
                done["pulled"].append(moved.accepted.version.ref)
    return there


def _sync_later(here: Here, repository: Repository, known: Known, asked: Asked) -> Done:
    """Let all wait that was never in the registry, the oldest first."""
    rows = travel.rows_may(asked)
    new = [v for v in _mine(repository, asked) if not queued.is_in(v, known)]
    again = ("sync", *_options(asked))
    border.check(here, repository, new, known, rows=rows, yes=asked.yes, again=again)
    author = who.author(here.folder)
    lines = [
        waiting.queue(repository, version, known, author, rows=rows, strict=False)
        for version in reversed(new)
    ]
    same = f"nothing here is new to {known.name}, as far as is known here"
    return Done(tuple(lines) or (same,), {"waiting": [version.ref for version in new]})


def _waiting(repository: Repository) -> Done:
    lines, data = queued.told(repository)
    said = tuple(f"waiting: {line}" for line in lines) or ("nothing waits to be pushed",)
    return Done(said, {"waiting": data})


def _drop(here: Here, repository: Repository, version: VersionRow, known: Known) -> Done:
    """Take a version out of the queue."""
    if known.name.lower() not in map(str.lower, version.waits):
        raise NotFound(
            f"{version.ref} does not wait for {known.name}",
            act="What waits",
            hint=Hint("push", ("--waiting",)),
            kind="not-waiting",
        )
    repository.unqueue(version, known.name, who.author(here.folder))
    return Done((f"{version.ref} waits for {known.name} no more",), {"ref": version.ref})


def _mine(repository: Repository, asked: Asked) -> list[VersionRow]:
    """The versions here, newest first: all, or those of the model that is asked for."""
    model = repository.known_model(asked.model_name) if asked.model_name else ""
    return [row for row in repository.every_version() if model in ("", row.model)]


def _options(asked: Asked) -> tuple[str, ...]:
    """What was asked beside the version, to be asked again."""
    words = (asked.model_name,) if asked.verb.name == "sync" and asked.model_name else ()
    words += ("--registry", asked.registry) if asked.registry else ()
    flags = ("rows", "strict", "later")
    return (*words, *(f"--{flag}" for flag in flags if asked.values.get(flag)))


@contextmanager
def reached(here: Here, known: Known, what: str, model: str = "") -> Iterator[Side]:
    """The registry; one that does not answer is told by its name, and by what to do."""
    try:
        with travel.opened(here, known, model, make=what == "Not synced") as side:
            yield side
    except Unreachable as error:
        if not travel.silent(error):
            raise
        why = f"{known.name} ({border.host(known)}) does not answer. Nothing is lost here"
        if what == "Not synced":
            words = ("--later", "--registry", known.name)
            hint = Hint("sync", words if len(travel.book().all()) > 1 else words[:1])
            raise Unreachable(what, why, act="Queue what is new here", hint=hint) from error
        raise Unreachable(what, why, act="Try again later") from error
