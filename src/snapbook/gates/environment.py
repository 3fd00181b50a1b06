"""Gate `environment`: no package that a list names as bad was in use when the model was made.

Settings: ``bad``, requirements as pip reads them ("numpy<1.22", "badlib", "pillow==9.0.0"), and
``bad_file``, a file of them, one a line, kept with the policy; ``installed`` = true looks at all
that was installed, used or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from snapbook.canonical import Json
from snapbook.errors import BadOption
from snapbook.gates.base import Case, Verdict, only, several
from snapbook.parts import environment

if TYPE_CHECKING:
    from packaging.requirements import Requirement

NAME = "environment"
SETTINGS: Mapping[str, str] = {"bad": "texts", "bad_file": "file", "installed": "flag"}


def judge(case: Case) -> Verdict:
    """Whether no requirement of the list is met."""
    part = only(case.parts, "environment")
    if part is None:
        return Verdict(NAME, False, "its environment was not kept")
    every = case.settings.get("installed") is True
    there = environment.installed(part, case.get) if every else environment.packages_used(part)
    rules = requirements(case.settings.get("bad", ()), case.settings.get("bad_file", ""))
    found = [
        f"{name} {version} ({rule})"
        for name, version in sorted(there.items())
        for rule in rules
        if _names(rule, name) and _holds(rule, version)
    ]
    facts: dict[str, Json] = {"bad": list(found), "packages": len(there), "rules": len(rules)}
    if found:
        return Verdict(NAME, False, several(found), facts)
    return Verdict(NAME, True, f"none of {len(there)} packages is on the list", facts)


def requirements(lines: Sequence[str], text: str = "") -> list[Requirement]:
    """The requirements of ``lines`` and of a file's ``text``. Raises BadOption."""
    from packaging.requirements import InvalidRequirement, Requirement

    found = []
    for line in [*lines, *text.splitlines()]:
        words = line.partition("#")[0].strip()
        if not words:
            continue
        try:
            found.append(Requirement(words))
        except InvalidRequirement as error:
            raise BadOption(f'"{words[:60]}" names no package', act='Like: "numpy<1.22"') from error
    return found


def _names(rule: Requirement, name: str) -> bool:
    from packaging.utils import canonicalize_name

    return canonicalize_name(rule.name) == canonicalize_name(name)


def _holds(rule: Requirement, version: str) -> bool:
    """Whether the rule is about this version; one that cannot be read may be meant."""
    from packaging.version import InvalidVersion, Version

    try:
        return rule.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return True
