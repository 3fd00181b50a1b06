"""Whether a version's model may be loaded, or served to others: asked before anything is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapbook import settings
from snapbook.flavors import codeless
from snapbook.parts import model
from snapbook.trust import Trust

if TYPE_CHECKING:
    from snapbook.catalog.rows import VersionRow
    from snapbook.repository import Repository


def check(repository: Repository, version: VersionRow) -> None:
    """Raise Untrusted where loading the model could run what nobody vouches for."""
    part = next((one for one in repository.parts(version.manifest) if one.kind == "model"), None)
    if part is None or not codeless.executes(part.facts):
        return
    imports = model.imports(part, repository.store.get)
    tops = tuple(dict.fromkeys(one.partition(":")[0].partition(".")[0] for one in imports))
    Trust(settings.folder()).check(repository.claim(version), version.ref, tops)
