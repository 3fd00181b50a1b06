"""A model in the form of skops, which loads without a pickle, taken only where it answers the same.

Conversion and comparison happen in a process of their own, which loads the model: the caller has
asked trust. skops' file is an archive of JSON and arrays; what it may build is listed in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from snapbook.errors import NotRestorable
from snapbook.export import conversion, skopsing
from snapbook.parts.base import Part

Get = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Converted:
    """The bytes of the file, and what the comparison showed: see `skopsing.Told`."""

    data: bytes
    told: skopsing.Told


def converted(
    named: str, parts: Sequence[Part], get: Get, project: Path, seconds: float
) -> Converted:
    """The model of ``parts``, which a message calls ``named``.

    Raises what `conversion.ran` does, and NotRestorable where it answers otherwise than the model.
    """
    said, data = conversion.ran(_PROCESS, named, parts, get, project, seconds, {})
    told = skopsing.Told(**said)
    if told.differing:
        count = f"{told.differing:,} of {told.rows:,} rows"
        raise _refused(named, f"read again it answers {count} otherwise")
    return Converted(data, told)


def _refused(named: str, why: str) -> NotRestorable:
    act = "A bundle serves the model itself, as it is"
    return NotRestorable(f"{named} cannot be given the form of skops", why, act=act)


_PROCESS = conversion.Process(
    "skops",
    ("skops",),
    skopsing.command,
    skopsing.JOB,
    skopsing.SAID,
    skopsing.FILE,
    _refused,
)
