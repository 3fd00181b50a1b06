"""What the index reads of the blobs that events name: texts, and the facts of a few parts.

Knows the shape of texts, manifests and parts as JSON, and nothing of the tables. A blob that is
gone or damaged gives an empty answer with a reason, never an error: its version is listed all the
same.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from snapbook import canonical
from snapbook.catalog import things
from snapbook.catalog.things import Thing
from snapbook.errors import Damaged, NotFound
from snapbook.events import Event

Get: TypeAlias = Callable[[str], bytes]
_READ = ("metrics", "params", "model")
_FACTS = ("values", "directions", "main", "class_name")
_PARTS_KEPT = 256


class PartFacts(NamedTuple):
    """Of one part: its kind, its digest, and those facts that the index keeps."""

    kind: str
    digest: str
    facts: Mapping[str, Any]


class Words(NamedTuple):
    """A texts blob, and why it cannot be read if that is so."""

    texts: Mapping[str, Any]
    why: str


class Parts(NamedTuple):
    """The parts of a manifest that the index reads, why some are missing if that is so, the path of
    the notebook that was kept, and what searches ask for.
    """

    parts: tuple[PartFacts, ...]
    why: str
    notebook: str = ""
    things: tuple[Thing, ...] = ()


class Content:
    """Blobs read through ``get``, kept from `warm` until `cool`.

    Reading a store may write to the cache file that the index writes too; so everything is read
    before the index begins to write.
    """

    def __init__(self, get: Get) -> None:
        self._get = get
        self._words: dict[str, Words] = {}
        self._parts: dict[str, Parts] = {}
        # Most versions share their parameters and their model's class with the one before.
        self._facts: OrderedDict[str, Mapping[str, Any]] = OrderedDict()
        self._things: OrderedDict[str, tuple[Thing, ...]] = OrderedDict()

    def warm(self, events: Iterable[Event]) -> None:
        """Read what ``events`` name."""
        for event in events:
            texts, manifest = event.body.get("texts"), event.body.get("manifest")
            if isinstance(texts, str):
                self.words(texts)
            if event.type == "version" and isinstance(manifest, str):
                self.parts(manifest)
            if isinstance(further := event.body.get("version"), dict):
                self.parts(str(further.get("manifest")))
                self.words(str(further.get("texts") or ""))

    def cool(self) -> None:
        """Forget what was read."""
        self._words.clear()
        self._parts.clear()

    def forget(self) -> None:
        """Forget all that was ever read: some of it was purged."""
        self.cool()
        self._facts.clear()
        self._things.clear()

    def words(self, digest: str) -> Words:
        """The texts under ``digest``; empty where they were purged."""
        if digest not in self._words:
            self._words[digest] = self._read_words(digest) if digest else Words({}, "")
        return self._words[digest]

    def parts(self, manifest: str) -> Parts:
        """The metrics, params and model parts of the manifest."""
        if manifest not in self._parts:
            self._parts[manifest] = self._read_parts(manifest)
        return self._parts[manifest]

    def _read_words(self, digest: str) -> Words:
        try:
            return Words(table(canonical.decode(self._get(digest))), "")
        except NotFound:
            return Words({}, "")  # purged: that it is gone is as it should be
        except (Damaged, ValueError, TypeError) as error:
            return Words({}, f"its message cannot be read ({error})")

    def _read_parts(self, manifest: str) -> Parts:
        found = []
        held: list[Thing] = []
        notebook = ""
        try:
            for part in table(canonical.decode(self._get(manifest)))["parts"]:
                kind, digest = part["kind"], part["part"]
                if kind == "notebook":
                    notebook = str(part["name"])
                if kind in _READ:
                    facts = self._part(digest)
                    found.append(PartFacts(kind, digest, facts))
                if kind in things.KINDS:
                    held += self._things_of(kind, digest)
        except (NotFound, Damaged, ValueError, KeyError, TypeError) as error:
            return Parts(tuple(found), str(error), notebook, tuple(held))
        return Parts(tuple(found), "", notebook, tuple(held))

    def _things_of(self, kind: str, digest: str) -> tuple[Thing, ...]:
        known = self._things.get(digest)
        if known is None:
            known = self._things[digest] = tuple(things.read(kind, digest, self._get))
            if len(self._things) > _PARTS_KEPT:
                self._things.popitem(last=False)
        return known

    def _part(self, digest: str) -> Mapping[str, Any]:
        facts = self._facts.get(digest)
        if facts is None:
            whole = table(table(canonical.decode(self._get(digest))).get("facts"))
            facts = self._facts[digest] = {key: whole[key] for key in _FACTS if key in whole}
            if len(self._facts) > _PARTS_KEPT:
                self._facts.popitem(last=False)
        return facts


def table(value: object) -> Mapping[str, Any]:
    """``value`` if it is a JSON object. Raises TypeError."""
    if not isinstance(value, dict):
        raise TypeError("no table where one belongs")
    return value
