"""registry gc, registry verify: looking after a registry that one keeps, wherever its parts lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapbook import verify as verifying
from snapbook.errors import Hint
from snapbook.repository import Author
from snapbook.verbs import care, who
from snapbook.verbs.here import Here
from snapbook.verbs.serving import parts
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.verbs.table import Asked

_WHERE = ("folder", "database", "store")


def gc(here: Here, asked: Asked) -> Done:
    """Free what no version of a served registry needs, and uploads that nobody goes on with."""
    author = Author(who.name(here.folder))
    with parts(here, asked) as kept, kept.open() as repository:
        where = [word for name in _WHERE for word in _said(asked, name)]
        again = Hint("registry", ("gc", "--expire", "--yes", *where))
        return care.freed(here, asked, repository, author, again)


def verify(here: Here, asked: Asked) -> Done:
    """Check every byte of a served registry, and that each version has all it needs."""
    with parts(here, asked) as kept, kept.open() as repository:
        return care.verified(verifying.verify(repository, None, here.progress))


def _said(asked: Asked, name: str) -> tuple[str, ...]:
    value = asked.values[name]
    return (f"--{name}", str(value)) if value else ()
