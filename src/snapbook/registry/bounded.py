"""HTTP/1.1 as the registry hears it: parsed in C, with a bound on what comes before a body.

Knows bytes and uvicorn's protocol, and nothing of what is asked. The parser keeps a header until it
is whole, however long it grows, so whoever sends one without an end is cut off here.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 64 * 1024


class Bounded(HttpToolsProtocol):
    """A connection whose requests have heads of at most `MOST_HEAD_BYTES`, a read more at most."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._head_bytes = 0  # that came since the last request ended, while none has its head yet
        self._in_head = True

    def data_received(self, data: bytes) -> None:
        """Hand on what came; refuse a head that is too long already and still without an end."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")

    def on_headers_complete(self) -> None:
        """The head is whole; what follows is a body, which has limits of its own."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next head begins."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_complete()
