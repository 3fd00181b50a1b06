"""Acts on versions that are there: words, tags, names and deletions, each one event.

The loser of a race does it again; what depends on what others did is decided again as well.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
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

Decided = tuple[str, Mapping[str, Json]]
"""An event's type and body."""
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

    def delete(
        self,
        version: VersionRow,
        author: Author,
        *,
        force: bool = False,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Delete a version: its number is never used again, its bytes go with the next gc.

        Raises Refused while an alias points at it, unless ``force``, and while it is held; and what
        ``check`` raises, which is asked against the chain that the event will stand on.
        """
        body: dict[str, Json] = {
            "model": version.model,
            "number": number_text(version.number),
            "manifest": version.manifest,
        }

        def decide() -> Decided:
            rows = self._index.of_manifest(version.manifest, version.model)
            pointed = next((row.aliases for row in rows if row.aliases), ())
            if pointed and not force:
                raise Refused(
                    f"Not deleted: {version.ref} is @{', @'.join(pointed)}",
                    act="Move the alias first, or say --yes to delete it all the same",
                    kind="protected",
                )
            check()
            if why := next((row.held for row in rows if row.held), ""):
                raise Refused(
                    f"Not deleted: {version.ref} is held",
                    why,
                    act="Let it go first",
                    hint=Hint("hold", (version.ref, "--release", "--reason", "TEXT")),
                    kind="held",
                )
            return "delete", body

        self.act(decide, author)

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

    def move_alias(
        self, version: VersionRow, alias: str, author: Author, *, seen: str | None = None
    ) -> None:
        """Let an alias of the model point at this version.

        ``seen`` is the manifest that the mover saw it point at ("" for none): where it is another
        by now, Conflict is raised and nothing moves. None: whatever is there gives way.
        """
        check_alias(alias)

        def decide() -> Decided:
            old = self.expected(version.model, alias, seen)
            body = {"model": version.model, "name": alias, "old": old, "new": version.manifest}
            return "alias", body

        self.act(decide, author)

    def expected(self, model: str, alias: str, seen: str | None) -> str:
        """The manifest that ``alias`` points at, "" for none; for use inside `act`.

        Raises Conflict where that is not what was ``seen`` (None: whatever it is).
        """
        held = {name.lower(): manifest for name, manifest in self._index.aliases(model).items()}
        old = held.get(alias.lower(), "")
        if seen is not None and old != seen:
            raise _moved(self._index, model, alias, seen)
        return old

    def note_shared(
        self, version: VersionRow, registry: str, there: VersionRow, way: str, author: Author
    ) -> None:
        """Remember that ``version`` is ``there`` in a registry, by ``way`` of "push" or "pull"."""
        waits = registry.lower() in map(str.lower, version.waits)  # this ends it
        if f"{registry}::{there.ref}" in version.shared and not waits:
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

    def hold(
        self, version: VersionRow, reason: str, author: Author, *, holding: bool = True
    ) -> None:
        """Keep ``version`` until it is let go (``holding`` False); why is kept too."""
        body: dict[str, Json] = {
            "model": version.model, "manifest": version.manifest, "holds": holding,
        }  # fmt: skip
        self._act_with_texts("hold", body, author, text=reason)

    def queue(
        self, version: VersionRow, registry: str, author: Author, *, rows: bool, strict: bool
    ) -> None:
        """Let ``version`` wait to be pushed, with the ``rows`` of its frames or without."""
        body = {**_place(version, registry), "rows": rows, "strict": strict, "waits": True}
        self._act("queue", body, author)

    def unqueue(self, version: VersionRow, registry: str, author: Author) -> None:
        """Let it wait no more."""
        self._act("queue", {**_place(version, registry), "waits": False}, author)

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
            self.act(lambda: (kind, {**body, "texts": texts}), author, writer)
        finally:
            writer.close()

    def _act(self, kind: str, body: Mapping[str, Json], author: Author) -> None:
        """Append an event that does not depend on what else happens."""
        self.act(lambda: (kind, body), author)

    def act(
        self,
        decide: Callable[[], Decided | None],
        author: Author,
        writer: Writer | None = None,
    ) -> int:
        """Append the event that ``decide`` gives, its type and body; its place in the chain.

        0 where ``decide`` gives None: there was nothing to do.

        ``decide`` is asked when the index stands at the newest event, and once more each time that
        somebody else was faster: so what it decides and the event stand on the same chain. What it
        raises ends the act, and nothing was done. ``writer`` has blobs that the event names.
        """
        for _ in range(_TRIES):
            with reworded("Nothing was done"), self.catalog.turn():
                head = self.follow()
                decided = decide()
                if decided is None:
                    return 0
                # The same text may have been kept once, in a pack that was condemned since.
                if writer is not None and (gone := self.store.missing(writer.relied())):
                    writer.renew(gone)
                    writer.commit()
                kind, body = decided
                now = events.time_text(datetime.now(UTC))
                try:
                    self.append_freeing(kind, body, author.name, now, head)
                except Conflict:
                    continue
            with suppress(Unreachable):  # it is done, whatever the disk says now
                self._index.follow(self.catalog)
            return head.n + 1
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
        # Each attempt has a salt of its own.
        return found is not None and replace(event, salt=found.salt).digest == found.digest


def _place(version: VersionRow, registry: str) -> dict[str, Json]:
    return {"model": version.model, "manifest": version.manifest, "registry": registry}


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


def _moved(index: Index, model: str, alias: str, seen: str) -> Conflict:
    """Somebody moved the alias while one was looking at ``seen``."""
    move = next(iter(index.moves(model, alias)), None)
    now = _named(index, model, move.new) if move is not None else ""
    who = f" (by {move.author}, {_ago(move.time)})" if move is not None else ""
    was = _named(index, model, seen)
    why = f"{alias} moved to {now}{who} while you were looking at {was or 'nothing'}"
    if not now:
        why = f"{alias} points at nothing, not at {was}"
    return Conflict(
        "Not promoted",
        why,
        act="Look again",
        hint=Hint("review", (model,)),
        kind="moved",
    )


def _named(index: Index, model: str, manifest: str) -> str:
    rows = index.of_manifest(manifest, model) if manifest else []
    return number_text(rows[0].number) if rows else ""


def _ago(time: str) -> str:
    """How long ago an event was, in one unit."""
    seconds = (datetime.now(UTC) - events.parse_time(time)).total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return f"{max(0, int(seconds))} s ago"


@contextmanager
def reworded(what: str) -> Iterator[None]:
    """Let an error of the disk say that ``what`` did not happen: its room knows only of saving."""
    try:
        yield
    except Unreachable as error:
        if error.what in ("Not versioned", "Not read"):
            error.what = what
        raise
