"""One line of output that appears when something lasts over a second, and that the card replaces.

The line is a display with an id (which no notebook stores); what comes after updates that display,
so nothing is left over. A timer, not the work, makes it appear: one long step tells nothing.
"""

from __future__ import annotations

import secrets
import threading
import time

PATIENCE_S = 1.0
_PAUSE_S = 0.2  # between two updates


class Live:
    """A progress, told (what, done, of), and the line that shows it while a `with` block lasts.

    ``wanted`` False shows nothing (a terminal cannot take a line back). ``shown_as`` is the id of
    the display once the line has appeared, else "".
    """

    def __init__(self, label: str, wanted: bool) -> None:
        self.label = label
        self.wanted = wanted
        self.shown_as = ""
        self._state = ""
        self._last = 0.0
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._on = self._waiting = False

    def __call__(self, what: str, done: int, of: int) -> None:
        """Take in where the work stands: ``done`` of ``of`` are done (0 of 0: not counted)."""
        self._state = f"{what} {min(done + 1, of)} of {of}" if of else what
        if self.shown_as and not self._waiting:
            wait = self._last + _PAUSE_S - time.monotonic()
            if wait <= 0:
                self._publish()
            else:
                self._publish_in(wait)

    def __enter__(self) -> Live:
        if self.wanted:
            self._on = True
            self._publish_in(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Nothing appears or changes from here on."""
        with self._lock:
            self._on = False
            if self._timer is not None:
                self._timer.cancel()

    def _publish_in(self, seconds: float) -> None:
        self._waiting = True
        self._timer = threading.Timer(seconds, self._publish)
        self._timer.daemon = True
        self._timer.start()

    def _publish(self) -> None:
        from IPython.display import publish_display_data

        with self._lock:
            self._waiting = False
            if not self._on:
                return
            again = bool(self.shown_as)
            self.shown_as = self.shown_as or secrets.token_hex(8)
            self._last = time.monotonic()
            publish_display_data(
                {"text/plain": f"{self.label} {self._state}".rstrip()},
                transient={"display_id": self.shown_as},
                update=again,
            )
