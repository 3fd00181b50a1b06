"""What every part is: kind, name, facts, digests. And what a difference between two parts is.

A Part is stored as one blob of canonical JSON and so costs nothing when it is unchanged. It lists
every blob that it needs, directly or through another part, so that gc, transfer and verify never
interpret kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.errors import Damaged

KINDS = ("model", "frame", "cells", "notebook", "environment", "params", "metrics", "files")


@dataclass(frozen=True, slots=True)
class Part:
    """One captured thing.

    ``facts`` is enough to list, show and compare without loading anything. ``blobs`` are the
    digests of all bytes that restoring needs, in the order that the kind defines; a digest may
    stand more than once.
    """

    kind: str
    name: str
    facts: Mapping[str, Json]
    blobs: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """The bytes under whose digest the part is stored."""
        return canonical.encode(
            {"kind": self.kind, "name": self.name, "facts": self.facts, "blobs": list(self.blobs)}
        )

    @classmethod
    def decode(cls, data: bytes) -> Part:
        """The part that `encode` wrote. Raises Damaged for anything else."""
        try:
            value: Any = canonical.decode(data)
            kind, name, facts, blobs = (value[key] for key in ("kind", "name", "facts", "blobs"))
            if not (
                isinstance(kind, str)
                and isinstance(name, str)
                and isinstance(facts, dict)
                and isinstance(blobs, list)
                and all(
                    isinstance(blob, str) and len(blob) == canonical.DIGEST_LENGTH for blob in blobs
                )
            ):
                raise TypeError("a field of another type")
        except (ValueError, TypeError, KeyError) as error:
            raise Damaged("A stored part cannot be read", str(error)) from error
        return cls(kind, name, facts, tuple(blobs))


@dataclass(frozen=True, slots=True)
class Change:
    """One difference, as a value; faces write it.

    ``section`` is one of code, params, metrics, data, environment, model, files. ``what`` is
    added, removed, changed or moved. ``old`` and ``new`` are short JSON values; ``lines`` are
    further plain-text lines, most telling first. ``better`` is None where no direction is known.
    """

    section: str
    name: str
    what: str
    old: Json = None
    new: Json = None
    lines: tuple[str, ...] = ()
    better: bool | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to say about a capture: what could not be kept, or was kept otherwise.

    ``kind`` is stable (not-kept, hash-only, not-hashed, redacted, from-file, ...); ``name`` is the
    user's name for the thing; ``why`` completes a sentence.
    """

    kind: str
    name: str
    why: str
