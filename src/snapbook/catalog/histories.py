"""What happened, as the index tells it: where aliases pointed, what was said, asked and decided."""

from __future__ import annotations

from collections.abc import Mapping

from snapbook.catalog.followed import Followed
from snapbook.catalog.rows import Move, Note, Ruling, Saying


class Histories(Followed):
    """Questions about aliases, words and decisions, now and then."""

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
