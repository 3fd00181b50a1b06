"""Gate `card`: what only people can tell of a model is stated, in an attachment called card.md.

Settings: ``sections``, those of them that have to be there (left out: all four). One of them may be
"Metrics by group", which is there as well where a gate measured that of the version.
"""

from __future__ import annotations

from collections.abc import Mapping

from snapbook.canonical import Json
from snapbook.errors import Damaged, NotFound
from snapbook.gates.base import Case, Verdict, several
from snapbook.parts.stated import BY_GROUP, SECTIONS, stated

NAME = "card"
SETTINGS: Mapping[str, str] = {"sections": "texts"}


def judge(case: Case) -> Verdict:
    """Whether every section that is asked for says something."""
    wanted = [str(title) for title in case.settings.get("sections", SECTIONS)]
    try:
        said = {title.lower() for title in stated(case.parts, case.get)}
    except (NotFound, Damaged) as error:
        return Verdict(NAME, False, f"its card.md cannot be read ({error})")
    said |= {BY_GROUP.lower()} if case.by_group else set()
    missing = [title for title in wanted if title.lower() not in said]
    facts: dict[str, Json] = {"missing": list(missing)}
    if missing:
        return Verdict(NAME, False, f"not stated: {several(missing, len(wanted))}", facts)
    return Verdict(NAME, True, f"{len(wanted)} sections are stated", facts)
