"""Where a pickler writes: the stream without its frames, and an end to what never ends.

A frame (PEP 3154) begins with its length, so the last one's beginning would change with each tree
that is added, far from the tree. Readers do not need frames.
"""

from __future__ import annotations

import io
from typing import Any

from snapbook.errors import NotKept


class Sink(io.RawIOBase):
    """A file for a pickler; ``data`` is the stream, ``why`` what NotKept says past ``longest``.

    The C pickler hands over either whole opcodes, which begin with a frame's if there is one, or
    the bytes of a large object alone, after an opcode with their length.
    """

    def __init__(self, longest: int, why: str) -> None:
        self.data = bytearray()
        self.longest = longest
        self.why = why

    def write(self, piece: Any) -> int:
        """Take in what the pickler gives; its length."""
        view = memoryview(piece)
        start = 0 if self.data else 2  # the first piece begins with PROTO
        if bytes(view[start : start + 1]) == b"\x95" and not self._announced(len(view)):
            self.data += view[:start]
            self.data += view[start + 9 :]
        else:
            self.data += view
        if len(self.data) > self.longest:
            raise NotKept("It does not pickle", self.why)
        return len(piece)

    def _announced(self, count: int) -> bool:
        """Whether the stream so far ends with an opcode that ``count`` bytes follow."""
        wide, narrow = bytes(self.data[-9:]), bytes(self.data[-5:])
        return (
            wide[:1] in (b"\x8d", b"\x8e", b"\x96") and wide[1:] == count.to_bytes(8, "little")
        ) or (narrow[:1] in (b"B", b"X") and narrow[1:] == count.to_bytes(8, "little")[:4])
