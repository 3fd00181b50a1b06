"""policy: what decides where aliases of a model point; shown, compared, put in force."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook.errors import BadOption, NotFound
from snapbook.promote.policy import named_files, parse
from snapbook.verbs.here import Here
from snapbook.verbs.promotion import desk, split
from snapbook.verbs.times import local
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.promote.records import Kept
    from snapbook.verbs.table import Asked

_MOST_BYTES = 1 << 20


def policy(here: Here, asked: Asked) -> Done:
    """Show the policy of a model, or put the one in a file in force and say what differs."""
    model, registry = split(asked.model_name, asked.registry)
    with desk(here, registry, acts=bool(asked.file)) as there:
        kept = there.policies(model)
        if not asked.file:
            return _shown(kept, asked.number)
        text, files = _read(here.folder, asked.file)
        parse(text, files)
        present = kept[0]
        lines = _differences(present.text, text)
        changed = False
        if not asked.dry_run:
            changed = there.change_policy(model, text, files, present.digest)
    if asked.dry_run:
        head = f"would change the policy of {present.model}" if lines else "nothing would change"
        return Done((head, *lines), {"dry_run": True, "differences": lines})
    place = present.place + changed
    if not changed:
        head = f"{present.model}: policy {place} says so already"
        return Done((head,), {"changed": False, "policy": place})
    head = f"{present.model}: policy {place} is in force"
    return Done((head, *lines), {"changed": True, "policy": place, "differences": lines})


def _shown(kept: list[Kept], number: str | None) -> Done:
    found = kept[0]
    if number is not None:
        try:
            found = next(one for one in kept if one.place == int(number))
        except (StopIteration, ValueError) as error:
            last = kept[0].place
            raise NotFound(
                f"{found.model} has no policy {number} (newest: {last})", kind="no-policy"
            ) from error
    by = f"set by {found.author} {local(found.time)}" if found.place else "the default"
    head = f"# {found.model}: policy {found.place}, {by}"
    return Done(
        (head, *found.text.splitlines()),
        {
            "model": found.model, "policy": found.place, "text": found.text,
            "author": found.author, "time": found.time,
        },
    )  # fmt: skip


def _read(folder: Path, name: str) -> tuple[str, dict[str, str]]:
    """The text of a policy's file, and of the files that it names, which lie beside it."""
    path = folder / Path(name).expanduser()
    text = _text(path)
    files = {}
    for named in named_files(text):
        beside = path.parent / named
        if not beside.resolve().is_relative_to(path.parent.resolve()):
            raise BadOption(f"{named} lies outside the folder of {path.name}")
        files[named] = _text(beside)
    return text, files


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BadOption(f"{path.name} is larger than a megabyte")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadOption(f"{path.name} is no text in UTF-8") from error
    except OSError as error:
        raise NotFound(f"{path.name} cannot be read ({error.strerror})", kind="no-file") from error


def _differences(old: str, new: str) -> list[str]:
    """The lines that differ, with their signs."""
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=1))
    return [f"  {line}" for line in lines[2:] if not line.startswith("@@")]
