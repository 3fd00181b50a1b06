"""The index: what the chain of events adds up to, ready to be asked.

A cache in SQLite that follows a catalog event by event. Knows how it is kept up to date by several
processes, and thrown away when it is broken or belongs to another chain; what an event means is
`catalog.apply`. Nothing here is ever asked to be right that the chain cannot make right again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from snapbook.catalog.apply import Applier
from snapbook.catalog.base import Broken, Catalog, Head
from snapbook.catalog.content import Content, Get
from snapbook.catalog.follow import clear, follow
from snapbook.catalog.pages import NEWEST, OLDEST, Cursor, Order, Page, count, page
from snapbook.catalog.rows import (
    COLUMNS,
    FROM,
    Before,
    Move,
    Note,
    Ruling,
    Saying,
    VersionRow,
    Waiting,
    before,
    version_rows,
)
from snapbook.catalog.tables import SCHEMA, names
from snapbook.catalog.where import Expression
from snapbook.refs import Number
from snapbook.store.sqlite import CacheFile, transaction

__all__ = ["NEWEST", "OLDEST", "Cursor", "Index", "Order", "Page", "Roots"]

_T = TypeVar("_T")
_NEWEST_MADE = "v.first DESC, v.n DESC"


@dataclass(frozen=True, slots=True)
class Roots:
    """Digests that garbage collection begins with: manifests (to be walked), and plain blobs.

    ``withheld`` are (manifest, part) whose rows no version of that manifest has.
    """

    manifests: frozenset[str]
    texts: frozenset[str]
    withheld: frozenset[tuple[str, str]] = frozenset()


class Index:
    """Answers about one catalog. ``path`` is the cache file, None for memory.

    ``get`` gives a blob by its digest. Call `follow` before asking; all answers are as of then or
    newer.
    """

    def __init__(self, path: Path | None, get: Get) -> None:
        self._file = CacheFile(path, SCHEMA)
        self._applier = Applier(Content(get))
        self._catalog: Catalog | None = None
        self._followed: sqlite3.Connection | None = None

    def follow(self, catalog: Catalog) -> Head:
        """Take in the events since the last time; gives the head that the index now stands at."""
        self._catalog = catalog
        return self._safely(self._follow)

    def rebuild(self) -> None:
        """Forget everything and follow the catalog from its first event."""
        self._safely(clear)
        if self._catalog is not None:
            self.follow(self._catalog)

    def give_room(self) -> None:
        """Leave the room of the cache file to others."""
        self._file.give_room()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    # -- versions

    def page(
        self,
        model: str | None = None,
        where: Expression | None = None,
        order: Order = NEWEST,
        after: Cursor | None = None,
        limit: int = 50,
    ) -> Page:
        """At most ``limit`` versions that are not deleted, of ``model`` or of all models."""
        return self._safely(lambda db: page(db, model, where, order, after, limit))

    def count(self, model: str | None = None, where: Expression | None = None) -> int:
        """How many versions `page` would give in all."""
        return self._safely(lambda db: count(db, model, where))

    def newest(self, model: str, back: int = 0) -> VersionRow | None:
        """The version of ``model`` that was made last, or ``back`` versions before it.

        A number that a version got later makes it no newer.
        """
        found = self._one("m.name = ? AND v.deleted = 0", (model,), _NEWEST_MADE)
        return found if found is None or not back else self._made_before(found, back)

    def numbered(self, model: str, number: tuple[int, ...], back: int = 0) -> VersionRow | None:
        """The version with this number; of the highest number where only its first parts are given.

        ``back`` counts versions made before the one that is found. A deleted one is given only for
        a whole number without ``back``.
        """
        columns = ("v.major", "v.minor", "v.patch")[: len(number)]
        sql = "m.name = ?" + "".join(f" AND {column} = ?" for column in columns)
        if len(number) < 3:
            sql += " AND v.deleted = 0"
        found = self._one(sql, (model, *number), "v.major DESC, v.minor DESC, v.patch DESC")
        if found is None or not back:
            return found
        return self._made_before(found, back)

    def of_manifest(self, digest: str, model: str | None = None) -> list[VersionRow]:
        """The versions bound to a manifest, newest first, deleted ones too."""
        sql, values = "v.manifest = ?", [bytes.fromhex(digest)]
        return self._some(
            sql + (" AND m.name = ?" if model else ""), [*values, *filter(None, [model])]
        )

    def of_shared(self, registry: str, there: str, number: str) -> list[VersionRow]:
        """The versions that have ``number`` of the model ``there`` in a registry, newest first."""
        sql = (
            "EXISTS (SELECT 1 FROM shared s WHERE s.manifest = v.manifest AND s.model = v.model"
            " AND s.registry = ? AND s.there = ? AND s.number = ?)"
        )
        return self._some(sql, [registry, there, number])

    def waiting(self) -> list[Waiting]:
        """What waits to be pushed, what was queued first first."""
        return [
            Waiting(manifest.hex(), model, registry, bool(rows), bool(strict))
            for manifest, model, registry, rows, strict in self._rows(
                "SELECT manifest, m.name, registry, rows, strict FROM waiting w"
                " JOIN models m ON m.id = w.model ORDER BY n"
            )
        ]

    def ever_pointed_at(self, model: str) -> frozenset[str]:
        """The manifests that any alias of ``model`` points at, or ever pointed at."""
        moved = self._column(
            "SELECT new FROM moves v JOIN models m ON m.id = v.model WHERE m.name = ?", model
        )
        return frozenset(new.hex() for new in moved)

    def earlier_names(self, model: str) -> list[str]:
        """What ``model`` was called before, the last name first."""
        return self._column(
            "SELECT old FROM renames r JOIN models m ON m.id = r.model WHERE m.name = ?"
            " ORDER BY r.n DESC",
            model,
        )

    def sayings(self, manifest: str, model: str) -> list[Saying]:
        """The notes and tags that were added to a version, as they were said: oldest first."""
        some = (
            "SELECT '{type}', n, texts, time, author FROM {table} WHERE manifest = ?1 AND"
            " model = (SELECT id FROM models WHERE name = ?2)"
        )
        both = (some.format(type="note", table="notes"), some.format(type="tag", table="taggings"))
        rows = self._rows(" UNION ALL ".join(both) + " ORDER BY n", bytes.fromhex(manifest), model)
        return [Saying(kind, n, texts.hex(), *rest) for kind, n, texts, *rest in rows if texts]

    def has_shared(self) -> bool:
        """Whether any version here is known in a registry."""
        return bool(self._column("SELECT EXISTS (SELECT 1 FROM shared)")[0])

    def of_prefix(self, prefix: str, model: str | None = None, most: int = 8) -> list[VersionRow]:
        """Versions whose manifest's digest begins with ``prefix``, newest first."""
        low, high = (bytes.fromhex(prefix.ljust(64, fill)) for fill in "0f")
        sql = "v.manifest BETWEEN ? AND ?" + (" AND m.name = ?" if model else "")
        return self._some(sql, [low, high, *filter(None, [model])], most)

    def of_key(self, model: str, key: str) -> list[VersionRow]:
        """The versions of ``model`` with this content key, newest first."""
        sql = "m.name = ? AND v.deleted = 0 AND v.key = ?"
        return self._some(sql, [model, bytes.fromhex(key)])

    def extreme(self, model: str | None, metric: str, highest: bool = True) -> VersionRow | None:
        """The version with the highest (or lowest) value of ``metric``."""
        rows = self.page(model, order=Order(metric, highest), limit=1).rows
        return rows[0] if rows else None

    def rows(self, places: Sequence[int]) -> list[VersionRow]:
        """The versions whose events are ``places``, in that order; nothing for other events."""
        found: dict[int, VersionRow] = {}
        for at in range(0, len(places), 500):
            some = places[at : at + 500]
            rows = self._some(f"v.n IN ({','.join('?' * len(some))})", some)
            found |= {row.n: row for row in rows}
        return [found[n] for n in places if n in found]

    def ask(self, question: Callable[[sqlite3.Connection], _T]) -> _T:
        """What ``question`` finds in the tables; it changes nothing."""
        return self._safely(question)

    def before(self, rows: Sequence[VersionRow]) -> Mapping[int, Before]:
        """The version made before each of ``rows``, by the row's ``n``; none for a first one."""
        return self._safely(lambda db: before(db, [row.n for row in rows]))

    # -- names

    def models(self) -> list[str]:
        """All models, the one used last first."""
        return self._column(
            "SELECT name FROM (SELECT name, (SELECT max(n) FROM versions"
            " WHERE model = m.id AND deleted = 0) AS last FROM models m)"
            " WHERE last IS NOT NULL ORDER BY last DESC"
        )

    def model(self, name: str) -> str | None:
        """How the model is written that ``name`` means: in its case, after renames; or None."""
        found = self._column("SELECT name FROM models WHERE name = ?", name) or self._column(
            "SELECT m.name FROM renames r JOIN models m ON m.id = r.model WHERE r.old = ?"
            " ORDER BY r.n DESC LIMIT 1",
            name,
        )
        return found[0] if found else None

    def highest(self, model: str) -> Number | None:
        """The highest number that ``model`` ever had, deleted versions counted."""
        rows = self._rows(
            "SELECT major, minor, patch FROM models WHERE name = ?"
            " AND EXISTS (SELECT 1 FROM versions WHERE model = models.id)",
            model,
        )
        return rows[0] if rows else None

    def unread_since(self, model: str) -> int:
        """How many events newer than all known versions of ``model`` cannot be read.

        Any of them may be a version of it, with a number that must not be given again.
        """
        newest = "SELECT max(v.n) FROM versions v JOIN models m ON m.id = v.model WHERE m.name = ?"
        query = f"SELECT count(*) FROM broken WHERE unread AND n > coalesce(({newest}), 0)"
        return int(self._column(query, model)[0])

    def metric_names(self, model: str | None = None) -> list[str]:
        """Names of metrics, sorted."""
        return self._names("metrics", model)

    def tag_names(self, model: str | None = None) -> list[str]:
        """Names of tags, sorted."""
        return self._names("tags", model)

    def param_names(self) -> list[str]:
        """Names of parameters, sorted."""
        return self._safely(lambda db: names(db, "params"))

    # -- aliases and notes

    def aliases(self, model: str) -> Mapping[str, str]:
        """Alias -> manifest digest, as they stand."""
        return {
            name: manifest.hex()
            for name, manifest in self._rows(
                "SELECT a.name, manifest FROM aliases a JOIN models m ON m.id = a.model"
                " WHERE m.name = ? ORDER BY a.name",
                model,
            )
        }

    def moves(self, model: str, alias: str) -> list[Move]:
        """The history of an alias, newest move first."""
        return [
            Move(n, name, old.hex(), new.hex(), time, author)
            for n, name, old, new, time, author in self._rows(
                "SELECT n, v.name, old, new, time, author FROM moves v"
                " JOIN models m ON m.id = v.model WHERE m.name = ? AND v.name = ? ORDER BY n DESC",
                model,
                alias,
            )
        ]

    def alias_at(self, model: str, alias: str, time: str) -> str:
        """The manifest that the alias pointed at at ``time`` (UTC, as events write it)."""
        return next((move.new for move in self.moves(model, alias) if move.time <= time), "")

    def rulings(self, model: str, type: str, most: int = 1000) -> list[Ruling]:
        """What was asked, said or decided about ``model`` in events of ``type``, newest first.

        At most ``most``; -1 for all.
        """
        rows = self._rows(
            "SELECT n, type, manifest, alias, word, text, kept, signer, time, author"
            " FROM rulings r JOIN models m ON m.id = r.model WHERE m.name = ? AND type = ?"
            " ORDER BY n DESC LIMIT ?",
            model,
            type,
            most,
        )
        return [
            Ruling(n, kind, at.hex(), alias, word, text, kept.hex(), signer.hex(), time, author)
            for n, kind, at, alias, word, text, kept, signer, time, author in rows
        ]

    def notes(self, manifest: str) -> list[Note]:
        """What was said about a manifest later, oldest first."""
        rows = self._rows(
            "SELECT n, text, time, author FROM notes WHERE manifest = ? ORDER BY time, n",
            bytes.fromhex(manifest),
        )
        return [Note(*row) for row in rows]

    def acts(self, manifest: str, most: int = 100) -> list[int]:
        """The places of the events that are about a manifest, newest first."""
        digest = bytes.fromhex(manifest)
        rooms = ("versions", "notes", "taggings", "shared", "rulings")
        some = " UNION ".join(f"SELECT n FROM {room} WHERE manifest = ?1" for room in rooms)
        moved = "SELECT n FROM moves WHERE new = ?1 OR old = ?1"
        return self._column(f"{some} UNION {moved} ORDER BY n DESC LIMIT ?2", digest, most)

    # -- for gc and verify

    def condemned(self) -> frozenset[str]:
        """All packs that were ever condemned."""
        return frozenset(self._column("SELECT pack FROM condemned"))

    def roots(self) -> Roots:
        """What every version that is not deleted needs, with notes, tags, policies and evidence.

        And what an alias points at or a hold keeps, deleted or not.
        """
        kept = (
            "SELECT manifest FROM versions WHERE deleted = 0 UNION SELECT manifest FROM versions"
            " WHERE manifest IN (SELECT manifest FROM aliases UNION SELECT manifest FROM holds)"
        )
        manifests = {row[0].hex() for row in self._rows(kept)}
        texts = self._rows(
            f"SELECT texts FROM versions WHERE manifest IN ({kept}) UNION SELECT texts FROM holds"
            f" UNION SELECT texts FROM notes WHERE manifest IN ({kept})"
            f" UNION SELECT texts FROM taggings WHERE manifest IN ({kept})"
            # What was decided stays told after the version itself is gone.
            " UNION SELECT texts FROM rulings UNION SELECT kept FROM rulings"
            " UNION SELECT texts FROM model_acts"
        )
        withheld = self._rows(
            "SELECT manifest, part FROM withheld w WHERE NOT EXISTS (SELECT 1 FROM versions v"
            " WHERE v.manifest = w.manifest AND v.deleted = 0 AND NOT EXISTS (SELECT 1 FROM"
            " withheld o WHERE o.manifest = v.manifest AND o.model = v.model AND o.part = w.part))"
        )
        return Roots(
            frozenset(manifests),
            frozenset(row[0].hex() for row in texts if row[0]),
            frozenset((manifest.hex(), part.hex()) for manifest, part in withheld),
        )

    def broken(self) -> list[Broken]:
        """Events that could not be read or used."""
        return [Broken(*row) for row in self._rows("SELECT n, why FROM broken ORDER BY n")]

    def damaged(self, most: int = 50) -> list[VersionRow]:
        """Versions of which something cannot be read, newest first."""
        return self._some("v.damage <> '' AND v.deleted = 0", (), most)

    def retry_damaged(self) -> int:
        """Read the blobs of damaged versions again; gives how many are sound now."""
        rows = self._rows("SELECT n, manifest, texts FROM versions WHERE damage <> ''")

        def act(db: sqlite3.Connection) -> int:
            content = self._applier.content
            for _, manifest, texts in rows:
                content.parts(manifest.hex())
                content.words(texts.hex())
            with transaction(db):
                for n, manifest, texts in rows:
                    self._applier.read_content(db, n, manifest.hex(), texts.hex())
                content.cool()
                left = db.execute("SELECT count(*) FROM versions WHERE damage <> ''").fetchone()[0]
            return len(rows) - int(left)

        return self._safely(act) if rows else 0

    def mark_damaged(self, places: Sequence[int], why: str) -> None:
        """Say of the versions whose events are ``places`` that they are damaged, and ``why``."""

        def act(db: sqlite3.Connection) -> None:
            mark = "UPDATE versions SET damage = ? WHERE n = ? AND damage = ''"
            with transaction(db):
                db.executemany(mark, ((why, n) for n in places))

        if places:
            self._safely(act)

    # -- inside

    def _follow(self, db: sqlite3.Connection) -> Head:
        self._followed = db
        return follow(db, self._catalog, self._applier) if self._catalog is not None else Head()

    def _safely(self, act: Callable[[sqlite3.Connection], _T]) -> _T:
        """``act`` on tables that have followed; on fresh ones after a file that was broken."""
        try:
            return self._on_followed(act)
        except sqlite3.OperationalError:
            # Locked for longer than anybody should, full or read-only: this process goes on alone.
            self._file.go_alone()
        except sqlite3.DatabaseError:
            self._file.discard()
        return self._on_followed(act)

    def _on_followed(self, act: Callable[[sqlite3.Connection], _T]) -> _T:
        with self._file.use() as db:
            if db is not self._followed:
                self._follow(db)
            return act(db)

    def _rows(self, sql: str, *values: object) -> list[Any]:
        return self._safely(lambda db: db.execute(sql, values).fetchall())

    def _column(self, sql: str, *values: object) -> list[Any]:
        return [row[0] for row in self._rows(sql, *values)]

    def _names(self, table: str, model: str | None) -> list[str]:
        found = self._safely(lambda db: names(db, table))
        if model is None:
            return found
        any_of = (
            f"SELECT 1 FROM {table} t CROSS JOIN versions v ON v.n = t.n"
            " WHERE t.name = ? AND v.model = (SELECT id FROM models WHERE name = ?) LIMIT 1"
        )
        return [name for name in found if self._rows(any_of, name, model)]

    def _some(
        self,
        sql: str,
        values: Sequence[object],
        most: int = -1,
        order: str = "v.n DESC",
        skip: int = 0,
    ) -> list[VersionRow]:
        query = f"SELECT {COLUMNS} FROM {FROM} WHERE {sql} ORDER BY {order} LIMIT ? OFFSET ?"
        return self._safely(
            lambda db: version_rows(db, db.execute(query, (*values, most, skip)).fetchall())
        )

    def _made_before(self, found: VersionRow, back: int) -> VersionRow | None:
        earlier = (
            "m.name = ? AND v.deleted = 0 AND v.first < (SELECT first FROM versions WHERE n = ?)"
        )
        return self._one(earlier, (found.model, found.n), _NEWEST_MADE, back - 1)

    def _one(
        self, sql: str, values: Sequence[object], order: str, skip: int = 0
    ) -> VersionRow | None:
        rows = self._some(sql, values, 1, order, skip)
        return rows[0] if rows else None
