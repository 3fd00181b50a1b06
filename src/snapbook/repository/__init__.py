"""A Repository: a Store and a Catalog together, and the one way in which a version comes to be.

Knows no engine, no kernel and no face.
"""

from __future__ import annotations

import getpass
from contextlib import nullcontext
from typing import TYPE_CHECKING

from snapbook.errors import Conflict
from snapbook.refs import check_model_name
from snapbook.repository.acting import Acting, reworded
from snapbook.repository.making import Making
from snapbook.repository.records import Author, Made, Sealing, Wish
from snapbook.store.base import Writer

if TYPE_CHECKING:
    from snapbook.capture import Draft

__all__ = ["PROTECTED", "Author", "Made", "Repository", "Wish", "login", "reworded"]

PROTECTED = ("production", "staging")
_TRIES = 1000
_QUICK_BYTES = 4 * 2**20


class Repository(Acting):
    """Versions of models: saved, found, read, named, checked, freed."""

    def save(
        self,
        draft: Draft,
        writer: Writer,
        wish: Wish,
        author: Author,
        parent: str = "",
        sealing: Sealing = lambda _n, _row: None,
    ) -> Made:
        """Make ``draft``, whose blobs are in ``writer``, a version; or find it equal to its parent.

        ``parent`` is the manifest digest that the session last made or restored ("": the newest).
        Equal content makes no version: a new message becomes a note. ``sealing`` is told the event
        that is about to make the version. Raises DiskFull, ReadOnly and what `numbers.decide`
        raises; then nothing was made.
        """
        check_model_name(draft.model)
        making = Making(self, draft, writer, wish, author, parent, sealing)
        for attempt in range(_TRIES):
            # Nobody waits while much is brought onto the disk; a second attempt has that behind it.
            quick = attempt > 0 or writer.new_bytes < _QUICK_BYTES
            with self.catalog.turn() if quick and not wish.dry else nullcontext():
                made = making.attempt(self.follow())
            if made is not None:
                return made
        raise Conflict("Not versioned: others save without a pause", act="Try again")


def login() -> str:
    """The user's login, for events of people who set no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
