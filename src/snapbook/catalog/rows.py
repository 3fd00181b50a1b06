"""What the index answers with: versions, moves of aliases and notes, as values.

Knows how rows of the tables become records, a page of versions in a handful of queries however many
metrics and tags they have.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snapbook import canonical
from snapbook.refs import Number, number_text

COLUMNS = (
    "v.n, m.name, v.major, v.minor, v.patch, v.manifest, v.key, v.texts, v.parents, v.time,"
    " v.author, v.bump, v.reason, v.message, v.class, v.params, v.main, v.auto, v.signed,"
    " v.deleted, v.damage, v.model, v.signer, v.notebook"
)
FROM = "versions v JOIN models m ON m.id = v.model"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's value, and "max" or "min" where it is known which is better."""

    value: float | str
    direction: str | None = None


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version, as lists show it. ``n`` is the place of its event; digests are hex text.

    ``metrics`` are in the order of capture; ``main`` names the first to show. ``damage`` says what
    of its manifest could not be read, and is empty for a sound one. ``aliases`` point at it now.
    ``signer`` is the key that the signature claims (nothing is verified here), ``notebook`` the
    path of the document that was kept with it, both empty where there is none. ``shared`` are the
    references of the same Manifest in registries: team::churn:0.4.0; ``waits`` those that it
    waits to be pushed to. ``withheld`` are digests of frames that came without their rows, and
    ``said`` those of the words that were added later, notes and tags. ``held`` says why it may not
    go, "" where it may.
    """

    n: int
    model: str
    number: Number
    manifest: str
    key: str
    texts: str
    parents: tuple[str, ...]
    time: str
    author: str
    bump: str
    reason: str
    message: str
    class_name: str
    main: str
    auto: bool
    signed: bool
    deleted: bool
    damage: str
    metrics: Mapping[str, Metric]
    params: Mapping[str, Any]
    tags: Mapping[str, str]
    aliases: tuple[str, ...]
    signer: str = ""
    notebook: str = ""
    shared: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    held: str = ""

    @property
    def ref(self) -> str:
        """The literal reference: churn:1.4.0."""
        return f"{self.model}:{number_text(self.number)}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A version that waits to be pushed: with the ``rows`` of its frames or without, and whether
    another number there is refused.
    """

    manifest: str
    model: str
    registry: str
    rows: bool
    strict: bool


@dataclass(frozen=True, slots=True)
class Saying:
    """Words added to a version by event ``n``, a note or a tag: their digest, and who said them
    when, as it counts for who was later.
    """

    type: str
    n: int
    texts: str
    time: str
    author: str


@dataclass(frozen=True, slots=True)
class Move:
    """An alias moved from ``old`` to ``new`` (manifest digests, "" for none)."""

    n: int
    name: str
    old: str
    new: str
    time: str
    author: str


@dataclass(frozen=True, slots=True)
class Note:
    """Words about a version, added after it was made."""

    n: int
    text: str
    time: str
    author: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """Something that was said or decided about where an alias may point, and by whom.

    ``type`` is the event's: request, approval (``word`` "approve" or "reject"), policy, alias
    (``word`` is its way: promote or rollback). ``kept`` is the digest of a policy or of evidence,
    ``signer`` the key that the signature claims; both are empty where there is none.
    """

    n: int
    type: str
    manifest: str
    alias: str
    word: str
    text: str
    kept: str
    signer: str
    time: str
    author: str


@dataclass(frozen=True, slots=True)
class Before:
    """The version of the same model that was made before one: its number, and its value of the
    metric that is the main one of the later (None where it has none that is a number).
    """

    number: Number
    value: float | None


def before(db: sqlite3.Connection, places: Sequence[int]) -> dict[int, Before]:
    """What was made before each version of ``places`` (``n``); nothing for a first one."""
    last = (
        "SELECT n FROM versions WHERE model = v.model AND deleted = 0 AND first < v.first"
        " ORDER BY first DESC, n DESC LIMIT 1"
    )
    return {
        n: Before((major, minor, patch), value)
        for n, major, minor, patch, value in _for_all(
            db,
            "SELECT v.n, p.major, p.minor, p.patch, x.value FROM versions v"
            f" JOIN versions p ON p.n = ({last})"
            " LEFT JOIN metrics x ON x.n = p.n AND x.name = v.main WHERE v.n",
            places,
        )
    }


def version_rows(db: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> list[VersionRow]:
    """Records for rows of `COLUMNS`, in their order."""
    if not rows:
        return []
    places = [row[0] for row in rows]
    metrics: dict[int, dict[str, Metric]] = {n: {} for n in places}
    tags: dict[int, dict[str, str]] = {n: {} for n in places}
    for n, name, value, text, direction in _for_all(
        db, "SELECT n, name, value, text, direction FROM metrics WHERE n", places, "n, place"
    ):
        metrics[n][name] = Metric(_value(value, text), direction)
    for n, name, value in _for_all(db, "SELECT n, name, value FROM tags WHERE n", places, "n"):
        tags[n][name] = value
    params = {
        key: canonical.decode(json)
        for key, json in _for_all(
            db, "SELECT id, json FROM paramsets WHERE id", sorted({row[15] for row in rows})
        )
    }
    aliases: dict[tuple[int, bytes], list[str]] = {}
    for model, name, manifest in _for_all(
        db, "SELECT model, name, manifest FROM aliases WHERE model", sorted({r[21] for r in rows})
    ):
        aliases.setdefault((model, manifest), []).append(name)
    shared: dict[tuple[int, bytes], list[str]] = {}
    for manifest, model, registry, there, number in _for_all(
        db,
        "SELECT manifest, model, registry, there, number FROM shared WHERE manifest",
        sorted({r[5] for r in rows}),
        "n",
    ):
        shared.setdefault((model, manifest), []).append(f"{registry}::{there}:{number}")
    beside = _beside(db, sorted({row[5] for row in rows}))
    return [
        VersionRow(
            n=row[0],
            model=row[1],
            number=(row[2], row[3], row[4]),
            manifest=row[5].hex(),
            key=row[6].hex(),
            texts=row[7].hex(),
            parents=tuple(row[8][at : at + 32].hex() for at in range(0, len(row[8]), 32)),
            time=row[9],
            author=row[10],
            bump=row[11],
            reason=row[12],
            message=row[13],
            class_name=row[14],
            main=row[16],
            auto=bool(row[17]),
            signed=bool(row[18]),
            deleted=bool(row[19]),
            damage=row[20],
            metrics=metrics[n],
            params=params.get(row[15], {}),
            tags=tags[n],
            aliases=tuple(aliases.get((row[21], row[5]), ())),
            signer=row[22].hex(),
            notebook=row[23],
            shared=tuple(shared.get((row[21], row[5]), ())),
            waits=tuple(beside.get(("waits", row[5], row[21]), ())),
            withheld=tuple(beside.get(("withheld", row[5], row[21]), ())),
            said=tuple(beside.get(("said", row[5], row[21]), ())),
            held="; ".join(beside.get(("held", row[5], row[21]), ())),
        )
        for n, row in zip(places, rows, strict=True)
    ]


_BESIDE = (
    ("waits", "registry", "waiting"),
    ("withheld", "lower(hex(part))", "withheld"),
    ("held", "text", "holds"),
    # What was purged is not said any more.
    ("said", "iif(text = '', '', lower(hex(texts)))", "notes"),
    ("said", "lower(hex(texts))", "taggings"),
)


def _beside(
    db: sqlite3.Connection, manifests: Sequence[bytes]
) -> dict[tuple[str, bytes, int], list[str]]:
    """(what, manifest, model) -> what stands in other tables, sorted; in one question for all."""
    found: dict[tuple[str, bytes, int], list[str]] = {}
    for start in range(0, len(manifests), 500):
        some = manifests[start : start + 500]
        marks = ",".join(f"?{at + 1}" for at in range(len(some)))
        query = " UNION ALL ".join(
            f"SELECT '{what}', manifest, model, {column} FROM {table} WHERE manifest IN ({marks})"
            for what, column, table in _BESIDE
        )
        for what, manifest, model, value in db.execute(f"{query} ORDER BY 4", some):
            if value:
                found.setdefault((what, manifest, model), []).append(value)
    return found


def _for_all(
    db: sqlite3.Connection, select: str, keys: Sequence[int] | Sequence[bytes], order: str = ""
) -> list[tuple[Any, ...]]:
    """``select`` for all ``keys``, in slices that stay below SQLite's limit of variables."""
    found: list[tuple[Any, ...]] = []
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        query = f"{select} IN ({','.join('?' * len(some))})"
        found += db.execute(query + (f" ORDER BY {order}" if order else ""), some).fetchall()
    return found


def _value(value: float | None, text: str | None) -> float | str:
    if value is not None:
        return value
    return math.nan if text == "nan" else text or ""
