"""registry key, registry restored: its own key, and its word that it came from a backup."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from snapbook import events
from snapbook.errors import Conflict, Hint, Usage
from snapbook.registry import statement
from snapbook.verbs import who
from snapbook.verbs.here import Here
from snapbook.verbs.replica import drawer
from snapbook.verbs.serving import existing, parts
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.registry.identity import Identity
    from snapbook.verbs.table import Asked

_TRIES = 100


def key(here: Here, asked: Asked) -> Done:
    """The key of a registry that one keeps: what its users have to see when they add it."""
    with _identity(here, asked) as own:
        public = own.key.public
    return Done((f"the registry's key is {statement.fingerprint(public)}",), {"key": public})


def restored(here: Here, asked: Asked) -> Done:
    """Let the clients of a registry know that it was brought back from a backup.

    One event, signed with the registry's key; who saw more of it before is told, and goes on.
    """
    reason = " ".join((asked.reason or "").split())
    if not reason or not reason.isprintable() or len(reason) > statement.LONGEST:
        raise Usage(
            f"registry restored needs --reason, of at most {statement.LONGEST} characters",
            act="How",
            hint=Hint("help", ("registry",)),
        )
    from snapbook.registry.identity import FolderDrawer, Identity

    author = who.name(here.folder)
    with parts(here, asked) as kept, kept.open() as repository:
        own = Identity(drawer(kept) or FolderDrawer(kept.folder))
        for _ in range(_TRIES):
            head, now = repository.catalog.head(), events.time_text(datetime.now(UTC))
            word = statement.Restored(head.n, head.digest, now, reason).signed(own.key)
            body = {**word.as_json(), "key": own.key.public, "signature": word.signature}
            try:
                made = repository.catalog.append("restored", body, author, now, head)
            except Conflict:
                continue
            own.declare(word)
            line = f"said as event {made.n}: the state up to event {head.n} is what counts"
            return Done((line,), {"event": made.n, "restored": head.n})
    raise Conflict("Not said: others write there without a pause", act="Try again")


@contextmanager
def _identity(here: Here, asked: Asked) -> Iterator[Identity]:
    """The key of the registry in the folder, or in the database that is named."""
    from snapbook.registry.identity import DatabaseDrawer, FolderDrawer, Identity

    if not asked.database:
        yield Identity(FolderDrawer(existing(here, asked)))
        return
    from snapbook.catalog.database import Database

    with closing(Database(asked.database)) as database:
        database.migrate()
        yield Identity(DatabaseDrawer(database))
