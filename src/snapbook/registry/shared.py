"""The tokens of a registry that several servers are: kept in their database, known to each at once.

Knows one row, and looks at it again twice a second in a thread of its own: who asks is recognised
without a question to the database, and a token that was revoked anywhere is refused everywhere
within that time.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from snapbook.catalog.database import Database
from snapbook.errors import Unreachable
from snapbook.registry.tokens import Tokens, decoded

if TYPE_CHECKING:
    from sqlalchemy import Connection

_EVERY_S = 0.5
_WHERE = "the database"
_READ = "SELECT book FROM snapbook_tokens"
_WRITE = "UPDATE snapbook_tokens SET book = :book"


class SharedTokens(Tokens):
    """The tokens in ``database``, asked for each time until `watch` is called."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: Mapping[str, Any] | None = None
        self._ended = threading.Event()
        self._watching: threading.Thread | None = None

    def watch(self) -> None:
        """From now on answer from memory, half a second behind at most. `close` ends it."""
        self._kept = self._asked()
        self._watching = threading.Thread(target=self._watch, name="snapbook-tokens", daemon=True)
        self._watching.start()

    def close(self) -> None:
        """End the thread."""
        self._ended.set()
        if self._watching is not None:
            self._watching.join()

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY_S):
            # A server that is away for a while comes back; nothing can be done here without it.
            with suppress(Unreachable):
                self._kept = self._asked()

    def _read(self) -> Mapping[str, Any]:
        return self._asked() if self._kept is None else self._kept

    def _asked(self) -> Mapping[str, Any]:
        return decoded(self._database.ask(_book), _WHERE)

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        """The book, to be changed and written whole; one process at a time."""
        from sqlalchemy import text

        with self._database.changing() as connection:
            book = dict(decoded(_book(connection, " FOR UPDATE"), _WHERE))
            yield book
            connection.execute(text(_WRITE), {"book": json.dumps(book, indent=1)})
        if self._kept is not None:
            self._kept = book


def _book(connection: Connection, how: str = "") -> str:
    from sqlalchemy import text

    return str(connection.execute(text(_READ + how)).scalar_one())
