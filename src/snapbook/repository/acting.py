"""Acts on versions that are there: words, tags, names and deletions, each one event.

An act depends on nothing that happens meanwhile: the loser of a race does it again.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from snapbook import canonical, events
from snapbook.canonical import Json
from snapbook.catalog.base import Catalog, Head
from snapbook.catalog.index import Index
from snapbook.catalog.rows import VersionRow
from snapbook.errors import Conflict, DiskFull, Hint, Refused, Unreachable
from snapbook.events import Event
from snapbook.refs import check_alias, check_model_name, number_text
from snapbook.repository.reading import Reading
from snapbook.repository.records import Author
from snapbook.store.base import Store, Writer

_TRIES = 1000
_REMEMBERED = 100


class Acting(Reading):
    """Versions of models: noted, tagged, named, deleted."""

    def __init__(
        self, store: Store, catalog: Catalog, index: Index, folder: Path | None = None
    ) -> None:
        super().__init__(store, catalog, index, folder)
        self._tried: deque[Event] = deque(maxlen=_REMEMBERED)

    def note(self, version: VersionRow, text: str, author: Author) -> None:
        """Add words about a version."""
        self._act_with_texts(
            "note", {"model": version.model, "manifest": version.manifest}, author, text=text
        )

    def tag(
        self, version: VersionRow, tags: Mapping[str, str], removed: Sequence[str], author: Author
    ) -> None:
        """Set tags (name -> value, "" for a bare one) and remove others."""
        body: dict[str, Json] = {"model": version.model, "manifest": version.manifest}
        if removed:
            body["removed"] = list(removed)
        self._act_with_texts("tag", body, author, tags=tags)

    def delete(self, version: VersionRow, author: Author, *, force: bool = False) -> None:
        """Delete a version: its number is never used again, its bytes go with the next gc.

        Raises Refused while an alias points at it, unless ``force``.
        """
        if version.aliases and not force:
            raise Refused(
                f"Not deleted: {version.ref} is @{', @'.join(version.aliases)}",
                act="Move the alias first, or say --yes to delete it all the same",
                kind="protected",
            )
        self._act(
            "delete",
            {
                "model": version.model,
                "number": number_text(version.number),
                "manifest": version.manifest,
            },
            author,
        )

    def rename(self, model: str, to: str, author: Author) -> None:
        """Give a model another name; the old one keeps working. Raises Conflict if it is taken."""
        check_model_name(to)
        model = self.known_model(model)
        taken = self.index.model(to)
        if taken is not None and taken.lower() != model.lower():
            raise Conflict(
                f"Not renamed: {to} is a model already", act="See it", hint=Hint("list", (to,))
            )
        self._act("rename", {"model": model, "to": to}, author)

    def move_alias(self, version: VersionRow, alias: str, author: Author) -> None:
        """Let an alias of the model point at this version."""
        check_alias(alias)
        self._act(
            "alias",
            {
                "model": version.model,
                "name": alias,
                "old": self.index.aliases(version.model).get(alias, ""),
                "new": version.manifest,
            },
            author,
        )

    def note_shared(
        self, version: VersionRow, registry: str, there: VersionRow, way: str, author: Author
    ) -> None:
        """Remember that ``version`` is ``there`` in a registry, by ``way`` of "push" or "pull"."""
        if f"{registry}::{there.ref}" in version.shared:
            return
        self._act(
            "shared",
            {
                "model": version.model,
                "manifest": version.manifest,
                "registry": registry,
                "there": there.model,
                "number": number_text(there.number),
                "way": way,
            },
            author,
        )

    def _act_with_texts(
        self,
        kind: str,
        body: Mapping[str, Json],
        author: Author,
        *,
        text: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> None:
        writer = self.store.writer()
        try:
            with reworded("Nothing was done"):
                texts = words_of_people(writer, text=text, tags=tags)
                writer.commit()
            self._act(kind, {**body, "texts": texts}, author)
        finally:
            writer.close()

    def _act(self, kind: str, body: Mapping[str, Json], author: Author) -> None:
        """Append an event that does not depend on what else happens."""
        for _ in range(_TRIES):
            try:
                with reworded("Nothing was done"), self.catalog.turn():
                    head = self.follow()
                    now = events.time_text(datetime.now(UTC))
                    self.append_freeing(kind, body, author.name, now, head)
            except Conflict:
                continue
            with suppress(Unreachable):  # it is done, whatever the disk says now
                self._index.follow(self.catalog)
            return
        raise Conflict("Nothing was done: others write without a pause", act="Try again")

    def append_freeing(
        self, kind: str, body: Mapping[str, Json], author: str, time: str, expected: Head
    ) -> None:
        """Append a small event; on a full disk our caches make room for it.

        Else nobody could delete a version there, which is how room is made.
        """
        self._tried.append(Event(expected.n + 1, expected.digest, kind, time, author, body))
        try:
            self.catalog.append(kind, body, author, time, expected)
        except DiskFull:
            self._index.give_room()
            self.store.give_room()
            self.catalog.append(kind, body, author, time, expected)

    def written(self) -> list[Event]:
        """The newest events, versions aside, that were made here: for who was interrupted."""
        return [event for event in self._tried if self._stands(event)]

    def _stands(self, event: Event) -> bool:
        found = self.catalog.event(event.n)
        return found is not None and found.digest == event.digest


def words_of_people(
    writer: Writer,
    *,
    reason: str = "",
    message: str = "",
    text: str = "",
    tags: Mapping[str, str] | None = None,
) -> str:
    """Words of people as a salted blob, so that they can be purged and not guessed."""
    words: dict[str, Json] = {"salt": secrets.token_hex(16)}
    words |= {k: v for k, v in (("reason", reason), ("message", message), ("text", text)) if v}
    if tags:
        words["tags"] = dict(tags)
    return writer.add(canonical.encode(words))


@contextmanager
def reworded(what: str) -> Iterator[None]:
    """Let an error of the disk say that ``what`` did not happen: its room knows only of saving."""
    try:
        yield
    except Unreachable as error:
        if error.what in ("Not versioned", "Not read"):
            error.what = what
        raise
