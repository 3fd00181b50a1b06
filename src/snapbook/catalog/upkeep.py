"""What looking after a repository asks of the index: what must stay, what is broken or damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from snapbook.catalog import details
from snapbook.catalog.base import Broken
from snapbook.catalog.followed import Followed
from snapbook.catalog.rows import VersionRow
from snapbook.store.sqlite import transaction


@dataclass(frozen=True, slots=True)
class Roots:
    """Digests that garbage collection begins with: manifests (to be walked), and plain blobs.

    ``withheld`` are (manifest, part) whose rows no version of that manifest has.
    """

    manifests: frozenset[str]
    texts: frozenset[str]
    withheld: frozenset[tuple[str, str]] = frozenset()


class Upkeep(Followed):
    """Questions of gc and verify."""

    def condemned(self) -> Mapping[str, str]:
        """All packs that were ever condemned -> when, as the event says."""
        return dict(self._rows("SELECT pack, time FROM condemned"))

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
                    details.fill(db, n, manifest.hex(), texts.hex(), content)
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
