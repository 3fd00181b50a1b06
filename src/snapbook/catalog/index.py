"""The index: what the chain of events adds up to, ready to be asked.

Knows the questions about versions and names; how the tables follow the chain is
`catalog.followed`, what happened when `catalog.histories`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from snapbook.catalog.histories import Histories
from snapbook.catalog.pages import NEWEST, OLDEST, Cursor, Order, Page, count, page
from snapbook.catalog.rows import Before, VersionRow, Waiting, before
from snapbook.catalog.tables import names
from snapbook.catalog.upkeep import Roots, Upkeep
from snapbook.catalog.where import Expression
from snapbook.refs import Number

__all__ = ["NEWEST", "OLDEST", "Cursor", "Index", "Order", "Page", "Roots"]

_NEWEST_MADE = "v.first DESC, v.n DESC"


class Index(Histories, Upkeep):
    """Answers about one catalog: see `Followed`."""

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

    def before(self, rows: Sequence[VersionRow]) -> Mapping[int, Before]:
        """The version made before each of ``rows``, by the row's ``n``; none for a first one."""
        return self._safely(lambda db: before(db, [row.n for row in rows]))

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

    def _names(self, table: str, model: str | None) -> list[str]:
        found = self._safely(lambda db: names(db, table))
        if model is None:
            return found
        any_of = (
            f"SELECT 1 FROM {table} t CROSS JOIN versions v ON v.n = t.n"
            " WHERE t.name = ? AND v.model = (SELECT id FROM models WHERE name = ?) LIMIT 1"
        )
        return [name for name in found if self._rows(any_of, name, model)]

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
