"""A file of what is exported: its path, and its bytes when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """One file of a folder; ``size`` is None where only reading it tells."""

    path: str
    size: int | None
    read: Callable[[], Iterator[bytes]]


def whole(path: str, data: bytes) -> File:
    """The file ``path`` that is ``data``."""
    return File(path, len(data), lambda: iter((data,)))
