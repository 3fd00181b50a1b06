"""Gate `secrets`: no text of the version holds what today's rules know for a secret. No settings.

What was known when the version was made was taken out then (`{{secret:1}}`); rules are added later.
Looks at cells, the notebook, attachments and parameters. Tells where, never what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.errors import Damaged, NotFound
from snapbook.gates.base import Case, Verdict, several
from snapbook.parts import cells, files
from snapbook.parts.base import Part
from snapbook.secrets import Redactor

NAME = "secrets"
SETTINGS: Mapping[str, str] = {}


def judge(case: Case) -> Verdict:
    """Whether nothing is found."""
    redactor = Redactor()
    seen = 0
    for part in case.parts:
        try:
            for where, value in _texts(part, case):
                seen += 1
                redactor.redact_value(value, where)
        except (NotFound, Damaged, ValueError) as error:
            return Verdict(NAME, False, f"{part.name} cannot be read ({error})")
    found = list(dict.fromkeys(f"{one.noun} in {one.where}" for one in redactor.findings))
    facts: dict[str, Json] = {
        "found": [{"rule": one.rule, "where": one.where} for one in redactor.findings],
        "texts": seen,
    }
    if found:
        return Verdict(NAME, False, several(found), facts)
    return Verdict(NAME, True, f"none in {seen} texts", facts)


def _texts(part: Part, case: Case) -> Iterator[tuple[str, Json]]:
    """(where, text or JSON) of all that people wrote."""
    if part.kind == "cells":
        for cell in cells.restore(part, case.get):
            yield f"cell {cell.index + 1}", cell.source
    elif part.kind == "notebook" and part.blobs:
        data = case.get(part.blobs[0])
        whole: Json = (
            canonical.decode(data) if part.facts.get("valid") else data.decode("utf-8", "replace")
        )
        yield part.name, whole
    elif part.kind == "files":
        yield from files.texts(part, case.get).items()
    elif part.kind == "params":
        yield "parameters", part.facts.get("values")
