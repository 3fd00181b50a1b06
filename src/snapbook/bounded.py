"""HTTP/1.1 as our servers hear it: parsed in C, with bounds on length and on silence.

Knows bytes, times and uvicorn's protocol, and nothing of what is asked. The parser keeps a header
until it is whole, however long it grows, and uvicorn waits for what was begun as long as it takes;
so whoever sends a head without an end, falls silent within a request, or does not take his answer
is cut off here. Whoever waits for us is not.
"""

from __future__ import annotations

from asyncio import TimerHandle
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 64 * 1024
PATIENCE_S = 30.0
_LEAST_BYTES = 1024  # of a body, that count as going on
_LATE = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 27\r\nconnection: close\r\n\r\nThe rest did not come: cut."
)


class Bounded(HttpToolsProtocol):
    """A connection whose requests have heads of at most `MOST_HEAD_BYTES`, a read more at most.

    A head has to be whole within `patience_s`; a body, and the reading of an answer, may stand
    still for as long. 0 is without limit.
    """

    def __init__(self, *args: Any, patience_s: float = PATIENCE_S, **named: Any) -> None:
        super().__init__(*args, **named)
        self.patience_s = patience_s
        self._head_bytes = 0  # that came since the last request ended, while none has its head yet
        self._body_bytes = 0  # that came since the body last went on
        self._in_head = True
        self._excused = False  # it was not for the client to go on
        self._moved_s = 0.0
        self._waits = False
        self._due: TimerHandle | None = None
        self._stuck: TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Whoever connects has to say what he wants."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        for timer in (self._due, self._stuck):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Hand on what came; refuse a head that is too long already and still without an end."""
        if self._in_head and not self._head_bytes:
            self._wait()
        self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")

    def on_headers_complete(self) -> None:
        """The head is whole; what follows is a body, which has limits of its own."""
        self._in_head, self._body_bytes = False, 0
        self._wait()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """The body goes on."""
        self._body_bytes += len(body)
        if self._body_bytes >= _LEAST_BYTES:
            self._moved_s, self._body_bytes = self.loop.time(), 0
        super().on_body(body)
        self._excused |= self.flow.read_paused  # we are slower than he is

    def on_message_complete(self) -> None:
        """The next head begins. It is our turn, unless he was answered before he ended."""
        self._in_head, self._head_bytes = True, 0
        if self.cycle is not None and self.cycle.response_complete:
            self._wait()
        else:
            self._waits = False
        super().on_message_complete()

    def pause_writing(self) -> None:
        """He takes his answer more slowly than it is made: that has an end, too."""
        super().pause_writing()
        if self.patience_s and self._stuck is None:
            self._look_later(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """He took it."""
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def _wait(self) -> None:
        """From now on it is for the client to go on.

        One timer looks for all requests of a connection: setting one for each costs more than all
        the rest here.
        """
        self._moved_s, self._excused, self._waits = self.loop.time(), False, True
        if self.patience_s and self._due is None:
            self._due = self.loop.call_later(self.patience_s, self._overdue)

    def _overdue(self) -> None:
        """Cut the connection, if the client had all this time to go on."""
        self._due = None
        if not self._waits or self.transport.is_closing():
            return
        left = self._moved_s + self.patience_s - self.loop.time()
        cycle = self.cycle
        asked = not self._in_head and cycle is not None and cycle.waiting_for_100_continue
        if asked or self._excused:
            left, self._excused = self.patience_s, self.flow.read_paused
            self._moved_s = self.loop.time()
        if left > 0:
            self._due = self.loop.call_later(left, self._overdue)
            return
        if self._owes_an_answer():
            self.transport.write(_LATE)
        if self.transport.get_write_buffer_size():
            self.transport.abort()  # he does not read either
        else:
            self.transport.close()

    def _owes_an_answer(self) -> bool:
        """Whether 408 can be said: to one who began to ask, and is not being answered."""
        cycle = self.cycle
        if self._in_head:
            return self._head_bytes > 0 and (cycle is None or cycle.response_complete)
        return cycle is not None and not cycle.response_started

    def _look_later(self, waiting: int) -> None:
        self._stuck = self.loop.call_later(self.patience_s, self._look, waiting)

    def _look(self, before: int) -> None:
        """Cut the connection, if nothing of what waited ``before`` was taken."""
        waiting = self.transport.get_write_buffer_size()
        if waiting < before:
            self._look_later(waiting)
        else:
            self.transport.abort()


def bounded(patience_s: float) -> Any:
    """What makes such connections, with that much patience; it can be sent to another process."""
    return partial(Bounded, patience_s=patience_s)
