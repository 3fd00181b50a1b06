"""An answer to a request, before it is bytes on a connection."""

from __future__ import annotations

from dataclasses import dataclass

JSON = b"application/json"


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole body with its status, its type, and headers beside those that every answer has."""

    body: bytes
    status: int = 200
    type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()
