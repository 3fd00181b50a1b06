"""The most that a server of predictions takes on: of one request, and of all together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds. Past those of one request it is told 4xx, past those of all it is told 503.

    ``held_bytes`` counts the bodies of all requests that are being read or answered. A request
    has ``body_s`` to arrive and, once it is here, ``answer_s`` to be answered.
    """

    body_bytes: int = 8 << 20
    rows: int = 10_000
    waiting: int = 512
    held_bytes: int = 256 << 20
    batch_rows: int = 4_096
    body_s: float = 10.0
    answer_s: float = 30.0
    connections: int = 1_000
