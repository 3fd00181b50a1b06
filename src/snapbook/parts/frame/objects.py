"""Columns of Python objects as canonical values.

Text with at most one kind of missing value is the common case and takes a few passes in C; anything
else is written value by value (`tagged`). Looks at exact types only and calls no method of a value
that is not of a known type, so hostile objects stay asleep. Knows nothing of frames.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from snapbook.parts.frame import tagged
from snapbook.parts.frame.values import LONGEST, NotCanonical, Text, text_from

_BATCH = 4096


class Late(Exception):
    """The deadline has passed."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A deadline in `time.monotonic` seconds, or None."""

    deadline: float | None = None

    def check(self) -> None:
        """Raises Late once the deadline has passed."""
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise Late


@dataclass(frozen=True, slots=True)
class Objects:
    """What a column of objects holds: ``values``; ``missing`` names the one object for nulls."""

    values: Text
    missing: str | None = None


def from_objects(items: Sequence[Any], clock: Clock) -> Objects:
    """The canonical values of ``items``. Raises NotCanonical, Late.

    ``missing`` is None, "none", "nan", "na" or "nat".
    """
    listed = items if type(items) is list else list(items)
    kinds = list(map(type, listed))
    if kinds.count(str) == len(kinds):
        return Objects(_joined(listed))
    others = set(kinds)
    others.discard(str)
    if len(others) == 1 and (missing := _missing(others.pop(), kinds, listed)):
        present = [value if kind is str else "" for kind, value in zip(kinds, listed, strict=True)]
        return Objects(_with_nulls(_joined(present), kinds), missing)
    return Objects(_mixed(listed, clock))


def _missing(kind: type, kinds: list[type], listed: list[Any]) -> str | None:
    """The name of the one missing value that all values of ``kind`` are, if they are one."""
    if kind is type(None):
        return "none"
    pandas = sys.modules.get("pandas")
    if pandas is not None and kind is type(pandas.NA):
        return "na"
    if pandas is not None and kind is type(pandas.NaT):
        return "nat"
    if kind is float and all(
        value != value for of, value in zip(kinds, listed, strict=True) if of is float
    ):
        return "nan"
    return None


def _with_nulls(text: Text, kinds: list[type]) -> Text:
    import numpy as np

    nulls = np.fromiter((kind is not str for kind in kinds), np.bool_, len(kinds))
    return Text(text.tag, text.lengths, text.data, nulls)


def _joined(strings: list[str]) -> Text:
    """Text of strings alone: joined with NULs, whose places give the lengths in bytes."""
    import numpy as np

    if not strings:
        return Text("str", np.empty(0, dtype="<u4"), np.empty(0, dtype=np.uint8))
    joined = "\0".join(strings).encode("utf-8", "surrogatepass")
    ends = np.flatnonzero(np.frombuffer(joined, dtype=np.uint8) == 0)
    if len(ends) != len(strings) - 1:  # a value holds a NUL itself
        return text_from("str", [value.encode("utf-8", "surrogatepass") for value in strings])
    lengths = np.diff(ends, prepend=-1, append=len(joined)) - 1
    if int(lengths.max()) > LONGEST:
        raise NotCanonical("a value longer than 4 GiB")
    data = np.frombuffer(joined.replace(b"\0", b""), dtype=np.uint8)
    return Text("str", lengths.astype("<u4"), data)


def _mixed(listed: list[Any], clock: Clock) -> Text:
    pieces: list[bytes | None] = []
    for start in range(0, len(listed), _BATCH):
        clock.check()
        pieces.extend(map(tagged.encode, listed[start : start + _BATCH]))
    return text_from("mixed", pieces)
