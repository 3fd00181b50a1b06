"""What leaves this machine: shown once before the first push to a registry, and agreed to.

Knows which things of a version others would see, in words: frames with their columns, local code,
outputs, packages, bytes. Whether rows go along is a question of its own, asked once as well.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from snapbook import settings, withheld
from snapbook.errors import Hint, Refused
from snapbook.parts import frame
from snapbook.parts.base import Part
from snapbook.registry.agreed import Agreed
from snapbook.verbs.state import size_text

if TYPE_CHECKING:
    from snapbook.catalog.rows import VersionRow
    from snapbook.registry.known import Known
    from snapbook.repository import Repository
    from snapbook.verbs.here import Here

_SHOWN = 6
_FILES = {"read": "files read"}


def check(
    here: Here,
    repository: Repository,
    versions: Sequence[VersionRow],
    known: Known,
    *,
    rows: bool,
    yes: bool,
    again: tuple[str, ...],
) -> None:
    """Let ``versions`` (the newest first) pass where that was agreed to; else show them and ask.

    ``again`` are the words after which the verb was asked. Raises Refused.
    """
    agreed = Agreed(settings.folder())
    if not versions or agreed.covers(known.url, rows=rows):
        return
    if not yes:
        shown = leaving(repository, versions, known, rows=rows)
        if not (here.face == "cli" and _on_terminal()):
            raise _unasked(repository, versions, known, again, rows=rows)
        here.say("\n".join(shown))
        if input("Let it go? Asked once for each registry. [y/N] ").strip().lower() != "y":
            raise Refused("Not pushed: nothing has left this machine", kind="not-agreed")
    agreed.add(known.url, rows=rows)


def leaving(
    repository: Repository, versions: Sequence[VersionRow], known: Known, *, rows: bool
) -> list[str]:
    """What would go to the registry with the newest of ``versions``, in lines."""
    version = versions[0]
    head = f"to {known.name} ({host(known)}) with {version.ref}"
    head += f", and {len(versions) - 1:,} more" if len(versions) > 1 else ""
    lines = [f"  {label:<13}{text}" for label, text in _things(repository, version, rows=rows)]
    return [head + ":", *lines]


def host(known: Known) -> str:
    """Where the registry is, in a word."""
    parts = urlsplit(known.url)
    return parts.netloc or parts.path.rpartition("/")[2]


def _things(
    repository: Repository, version: VersionRow, *, rows: bool
) -> Iterator[tuple[str, str]]:
    parts = repository.parts(version.manifest)
    for part in parts:
        if part.kind == "frame":
            yield "frame", f"{frame.summary(part)}  {_columns(part)}, {_kept(part, rows=rows)}"
    for part in parts:
        facts: Any = part.facts
        if part.kind == "model":
            yield "model", f"{part.name} ({facts.get('class_name')})"
        elif part.kind == "cells":
            yield "code", f"{_counted(int(facts.get('count') or 0), 'cell')}"
        elif part.kind == "notebook":
            yield "notebook", f"{part.name}, with its outputs"
        elif part.kind == "environment":
            count = int(facts.get("installed_count") or 0)
            yield "environment", f"{_counted(count, 'package')}, versions and system"
        elif part.kind == "files":
            names = [str(one.get("path")) for one in facts.get("files") or ()]
            if names:
                yield _FILES.get(part.name, part.name), _several(names)
    yield "in all", size_text(_bytes(repository, version, rows=rows))


def _unasked(
    repository: Repository,
    versions: Sequence[VersionRow],
    known: Known,
    again: tuple[str, ...],
    *,
    rows: bool,
) -> Refused:
    """The refusal of a face that cannot ask: what would go in a sentence, and how to let it."""
    parts = repository.parts(versions[0].manifest)
    frames = [part for part in parts if part.kind == "frame"]
    words = [str(part.facts.get("class_name")) for part in parts if part.kind == "model"]
    if frames:
        kept = "with rows" if rows else "no rows"
        words.append(f"{_several([frame.summary(part) for part in frames])} ({kept})")
    if any(part.kind in ("cells", "notebook") for part in parts):
        words.append("code and outputs")
    words.append(f"{size_text(_bytes(repository, versions[0], rows=rows))} in all")
    first = (
        "rows have" if Agreed(settings.folder()).covers(known.url, rows=False) else "nothing has"
    )
    return Refused(
        f"Not pushed: {first} gone to {known.name} yet",
        f"with {versions[0].ref} would go {', '.join(words)}",
        act="--dry-run shows all of it; to let it go",
        hint=Hint(again[0], (*again[1:], "--yes")),
        kind="not-agreed",
    )


def _columns(part: Part) -> str:
    columns: Any = part.facts.get("columns") or ()
    return f"({_several([str(column.get('name')) for column in columns])})" if columns else ""


def _kept(part: Part, *, rows: bool) -> str:
    if not part.facts.get("stored"):
        return "its hash and profile"
    return "with its rows" if rows else "its hash and profile; its rows stay here"


def _bytes(repository: Repository, version: VersionRow, *, rows: bool) -> int:
    """The bytes of all that would go, as they are before they are packed."""
    manifest, get = repository.manifest(version.manifest), repository.store.get
    stay = set() if rows else set(withheld.frames(manifest, get))
    kept = withheld.blobs(manifest, {*version.withheld, *stay}, get)
    return sum(len(get(blob)) for blob in manifest.reachable(get) - kept)


def _several(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} +{len(names) - _SHOWN}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _on_terminal() -> bool:
    return all(end is not None and end.isatty() for end in (sys.stdin, sys.stdout))
