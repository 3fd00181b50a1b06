"""The Manifest: an immutable list of Parts with author, message, parents and time.

Knows how a version's content is written down; its identity is the digest of its canonical bytes.
Parts stand in it by digest, so that what did not change is stored once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.errors import Damaged
from snapbook.parts.base import Part

_REMEMBERED_BYTES = 16 << 10


@dataclass(frozen=True, slots=True)
class PartRef:
    """Where a part stands in the store, with enough to pick it without reading it."""

    kind: str
    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one version holds. ``time`` is ISO 8601 in UTC; ``parents`` are manifest digests.

    ``author`` is {"name", "key"}: the key is the public half of the author's signing key. ``extra``
    keeps what a later snapbook wrote and this one does not know.
    """

    parts: tuple[PartRef, ...]
    author: Mapping[str, Json]
    message: str
    parents: tuple[str, ...]
    time: str
    extra: Mapping[str, Json] = field(default_factory=dict)

    def encode(self) -> bytes:
        """The canonical bytes, whose digest is the Manifest's identity."""
        return canonical.encode(
            {
                **self.extra,
                "parts": [
                    {"kind": ref.kind, "name": ref.name, "part": ref.digest} for ref in self.parts
                ],
                "author": self.author,
                "message": self.message,
                "parents": list(self.parents),
                "time": self.time,
            }
        )

    @classmethod
    def decode(cls, data: bytes) -> Manifest:
        """The Manifest that `encode` wrote. Raises Damaged for anything else."""
        try:
            value: Any = canonical.decode(data)
            if not isinstance(value, dict):
                raise TypeError("no table")
            return cls(
                tuple(
                    PartRef(str(part["kind"]), str(part["name"]), str(part["part"]))
                    for part in value.pop("parts")
                ),
                dict(value.pop("author")),
                str(value.pop("message")),
                tuple(map(str, value.pop("parents"))),
                str(value.pop("time")),
                value,
            )
        except (ValueError, TypeError, KeyError) as error:
            raise Damaged("A stored manifest cannot be read", str(error)) from error

    def load(self, get: Callable[[str], bytes]) -> tuple[Part, ...]:
        """All parts, in order. ``get`` gives the bytes of a digest."""
        return tuple(Part.decode(get(ref.digest)) for ref in self.parts)

    def reachable(self, get: Callable[[str], bytes]) -> set[str]:
        """Digests of the parts and of every blob that they need; not of the Manifest itself."""
        found = {ref.digest for ref in self.parts}
        for ref in self.parts:
            data = get(ref.digest)
            small = len(data) <= _REMEMBERED_BYTES
            found.update(_needed_by(data) if small else Part.decode(data).blobs)
        return found


@lru_cache(maxsize=256)
def _needed_by(part: bytes) -> tuple[str, ...]:
    """The blobs that a part needs, by its bytes: most parts of a version are those of the last."""
    return Part.decode(part).blobs
