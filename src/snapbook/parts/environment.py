"""The environment as a part: what the model was made with, compared with another or with this one.

Facts hold what a person asks for (Python, machine, packages in use, git); the list of everything
installed is a blob beside it, which seldom changes. ``os.environ`` is never looked at.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.parts import checkout, distributions, machine
from snapbook.parts.base import Change, Notice, Part
from snapbook.secrets import Redactor
from snapbook.store.base import Writer

Get = Callable[[str], bytes]


def capture(
    writer: Writer, kernel_name: str, project: str | Path, redactor: Redactor | None = None
) -> tuple[Part, tuple[Notice, ...]]:
    """The running kernel's environment. ``project`` is the folder whose git state is told.

    Blobs: the list of installed distributions, then the diffs of changed editable installs.
    """
    redactor = redactor or Redactor()
    known = {one.name: one.version for one in distributions.installed().values()}
    blobs = [writer.add(canonical.encode(known))]
    facts: dict[str, Json] = {**machine.describe(), "kernel": kernel_name}
    facts["imported"] = distributions.imported()
    facts["installed_count"] = len(known)
    git = checkout.state(project)
    if git is not None:
        facts["git"] = {"commit": git.commit, "dirty": git.dirty}
    notices: list[Notice] = []
    origins = _origins(writer, redactor, project, blobs, notices)
    if origins:
        facts["direct"] = origins
    return Part("environment", "environment", facts, tuple(blobs)), tuple(notices)


def installed(part: Part, get: Get) -> dict[str, str]:
    """Every installed distribution of ``part``: canonical name -> version."""
    value: Any = canonical.decode(get(part.blobs[0])) if part.blobs else {}
    return {str(name): str(version) for name, version in value.items()}


def packages_used(part: Part) -> dict[str, str]:
    """The distributions that were imported: canonical name -> version."""
    value = part.facts.get("imported")
    pairs = value.items() if isinstance(value, Mapping) else ()
    return {str(name): str(version) for name, version in pairs}


def restore(part: Part, get: Get) -> dict[str, Json]:
    """The environment as plain facts with all packages; an environment is rebuilt from its lock."""
    return {**part.facts, "installed": installed(part, get)}


def diff(old: Part, new: Part, get: Get | None = None) -> list[Change]:
    """What differs, most telling first: Python, packages in use, others, machine, git."""
    if old == new:
        return []
    used_old, used_new = packages_used(old), packages_used(new)
    changes = _python(old, new)
    # a package that one session merely did not import is no difference while it was installed alike
    all_old = installed(old, get) if get else used_old
    all_new = installed(new, get) if get else used_new
    in_use = used_old.keys() | used_new.keys()
    old_of = {name: used_old.get(name, all_old.get(name)) for name in in_use}
    new_of = {name: used_new.get(name, all_new.get(name)) for name in in_use}
    if get is None:
        both = (
            old_of.keys()
            & {n for n, v in old_of.items() if v}
            & {n for n, v in new_of.items() if v}
        )
        old_of = {name: old_of[name] for name in both}
        new_of = {name: new_of[name] for name in both}
    changes += _packages(old_of, new_of, used=True)
    rest_old = {name: version for name, version in all_old.items() if name not in in_use}
    rest_new = {name: version for name, version in all_new.items() if name not in in_use}
    changes += _packages(rest_old, rest_new, used=False)
    for key, name in (("cpu", "CPU"), ("gpu", "GPU"), ("platform", "platform"), ("git", "git")):
        changes += _one(name, _told(key, old.facts.get(key)), _told(key, new.facts.get(key)))
    changes += _one("kernel", old.facts.get("kernel"), new.facts.get("kernel"))
    changes += _editable(old, new)
    return changes


def differences_here(part: Part) -> list[Change]:
    """How the running kernel differs from ``part`` in what bears on loading: Python and the
    packages that were in use. Order is (then, here); an absent package has no ``new``.
    """
    here = {one.name: one.version for one in distributions.installed().values()}
    here |= distributions.imported()
    then = packages_used(part)
    now = Part("environment", "environment", machine.describe())
    found = _packages(dict(then), {name: here.get(name) for name in then}, used=True)
    return _python(part, now) + found


def _python(old: Part, new: Part) -> list[Change]:
    def told(part: Part) -> str:
        value: Any = part.facts.get("python")
        return f"{value['implementation']} {value['version']}" if isinstance(value, dict) else ""

    return _one("python", told(old).removeprefix("CPython "), told(new).removeprefix("CPython "))


def _packages(
    old: Mapping[str, str | None], new: Mapping[str, str | None], *, used: bool
) -> list[Change]:
    changes = []
    for name in sorted(old.keys() | new.keys()):
        for change in _one(name, old.get(name), new.get(name)):
            line = f"{name} {change.old or 'absent'} -> {change.new or 'absent'}"
            changes.append(
                Change(
                    "environment", name, change.what, change.old, change.new, (line,),
                    facts={"package": True, "used": used},
                )
            )  # fmt: skip
    return changes


def _one(name: str, old: Json, new: Json) -> list[Change]:
    if old == new:
        return []
    what = "added" if old in (None, "") else "removed" if new in (None, "") else "changed"
    return [Change("environment", name, what, old or None, new or None)]


def _told(key: str, value: Json) -> str:
    """A fact as people say it."""
    if not value:
        return ""
    facts: Any = value
    if key == "cpu":
        return f"{facts['model']}, {facts['count']} cores"
    if key == "gpu":
        return ", ".join(str(one["name"]) for one in facts)
    if key == "git":
        return str(facts["commit"])[:10] + (" with changes" if facts["dirty"] else "")
    return " ".join(str(facts[name]) for name in ("system", "release", "machine") if name in facts)


def _editable(old: Part, new: Part) -> list[Change]:
    before: Any = old.facts.get("direct") or {}
    after: Any = new.facts.get("direct") or {}
    changes = []
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name] and "editable" in {
            before[name]["from"],
            after[name]["from"],
        }:
            then, now = (str(side[name].get("commit", ""))[:10] for side in (before, after))
            changes.append(
                Change("environment", f"{name} (editable)", "changed", then or None, now or None)
            )
    return changes


def _origins(
    writer: Writer, redactor: Redactor, project: str | Path, blobs: list[str], notices: list[Notice]
) -> dict[str, Json]:
    """Where distributions came from that no index gave: editable folders, repositories, files."""
    found: dict[str, Json] = {}
    for name, origin in sorted(distributions.direct().items()):
        folder, vcs, archive = (origin.get(k) for k in ("dir_info", "vcs_info", "archive_info"))
        if isinstance(folder, dict) and folder.get("editable"):
            place = distributions.path_of(origin.get("url"))
            found[name] = _checkout(name, place, writer, redactor, project, blobs, notices)
        elif isinstance(folder, dict):
            found[name] = {"from": "folder"}
        elif isinstance(vcs, dict):
            commit = str(vcs.get("commit_id", ""))
            found[name] = {"from": str(vcs.get("vcs", "repository")), "commit": commit}
        elif isinstance(archive, dict):
            hashes = archive.get("hashes")
            sha256 = hashes.get("sha256") if isinstance(hashes, dict) else None
            found[name] = {"from": "archive", **({"sha256": str(sha256)} if sha256 else {})}
    return found


def _checkout(
    name: str,
    folder: str,
    writer: Writer,
    redactor: Redactor,
    project: str | Path,
    blobs: list[str],
    notices: list[Notice],
) -> dict[str, Json]:
    """An editable install: its commit, and a blob with what was changed since."""
    facts: dict[str, Json] = {"from": "editable"}
    relative = os.path.relpath(folder, project) if folder else ""
    if relative and not relative.startswith(".."):
        facts["path"] = relative.replace(os.sep, "/")
    git = checkout.state(folder) if os.path.isdir(folder) else None
    if git is None or not git.commit:
        notices.append(Notice("no-commit", name, "is an editable install without a git commit"))
        return facts
    facts |= {"commit": git.commit, "dirty": git.dirty}
    text = checkout.diff(folder) if git.dirty else ""
    if text is None:
        notices.append(Notice("not-kept", name, "has changes that are too large to keep"))
    elif text:
        redacted = redactor.redact(text, f"changes of {name}")
        facts["diff"] = writer.add(redacted.encode("utf-8", "replace"))
        blobs.append(str(facts["diff"]))
    new_files = checkout.untracked(folder)
    if new_files:
        facts["untracked"] = new_files[:100]
    return facts
