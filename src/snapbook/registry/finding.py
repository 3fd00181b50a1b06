"""What a reference names for one who may read some models: the others do not exist for him.

An error says the same of a model that is hidden and of one that is not there, word for word.
"""

from __future__ import annotations

from dataclasses import replace

from snapbook import refs
from snapbook.catalog.rows import VersionRow
from snapbook.errors import NotFound
from snapbook.refs import Ref
from snapbook.registry.roles import READ, Principal
from snapbook.registry.service import Service


def resolved(service: Service, who: Principal, text: str) -> VersionRow:
    """The version that ``text`` names and ``who`` may read. Raises NotFound, BadRef."""
    ref = refs.parse(text)
    if not who.may_all(READ):
        ref = replace(ref, model=_model(service, who, ref))
    return service.repository.resolve(ref)


def _model(service: Service, who: Principal, ref: Ref) -> str:
    """The readable model that ``ref`` is about; a bare digest is looked for in those alone."""
    index = service.repository.index
    if ref.model:
        name = index.model(ref.model)
        if name is None or not who.may(READ, name):
            raise NotFound(f"There is no model {ref.model} here")
        return name
    rows = [row for row in index.of_prefix(ref.prefix, most=500) if who.may(READ, row.model)]
    if not rows:
        raise NotFound(f"There is no version {ref.prefix} here")
    return rows[0].model
