"""Answers that stand as long as the chain does, given again after one look at its head.

What is behind an alias is asked over and over by whoever serves it. Such an answer follows from the
events alone, so it is remembered under the head that it was made by, and forgotten with it. Knows
no routes and no roles: who may read what belongs to the question.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from snapbook.catalog.base import Head

_MOST = 256
_LARGEST = 1 << 20  # bytes of one answer that is worth its place


class Answers:
    """The answers of one process, made by its newest head; any thread may ask."""

    def __init__(self) -> None:
        self._head = Head()
        self._known: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, head: Head, question: Hashable, make: Callable[[], bytes]) -> bytes:
        """The answer to ``question`` while the chain stands at ``head``: remembered, or made.

        What ``make`` raises is no answer, and is not remembered.
        """
        with self._lock:
            if head == self._head and (known := self._known.get(question)) is not None:
                self._known.move_to_end(question)
                return known
        made = make()
        with self._lock:
            # Of two threads the one that looked earlier must not bring back what is over.
            if head.n > self._head.n or (head.n == self._head.n and head != self._head):
                self._head = head
                self._known.clear()
            if head == self._head and len(made) <= _LARGEST:
                self._known[question] = made
                while len(self._known) > _MOST:
                    self._known.popitem(last=False)
        return made
