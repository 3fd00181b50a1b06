"""The seam between what happened and where that is written down.

Says what every engine of the chain promises; `tests/contracts/catalog_contract.py` holds each one
to it. A Catalog knows events, not what they mean: that is the index's and the repository's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

from snapbook.canonical import Json
from snapbook.events import FIRST_PREV, Event

Progress: TypeAlias = Callable[[int, int], None]
"""Called with (done, total) now and then."""


class Head(NamedTuple):
    """The newest event: its place and digest; (0, 64 zeros) before the first."""

    n: int = 0
    digest: str = FIRST_PREV


@dataclass(frozen=True, slots=True)
class Broken:
    """An event that cannot be read or does not continue the chain, and why."""

    n: int
    why: str


class Catalog(Protocol):
    """The append-only chain of events."""

    def head(self) -> Head:
        """The newest event there is."""

    def read(self, start: int = 1) -> Iterator[Event]:
        """The events from ``start`` on, in order; one that cannot be read is left out.

        A gap between two values of ``n`` is therefore a damaged event: later ones stay readable.
        """

    def event(self, n: int) -> Event | None:
        """Event ``n``; None where it is absent or cannot be read."""

    def stored(self, start: int, last: int) -> Iterator[tuple[int, bytes]]:
        """The events from ``start`` to ``last`` as they are stored, with their places, in order.

        Damaged or not, for others to check the chain. Those that are absent are left out; who may
        not know what happened is given the links alone.
        """

    def stamps(self, places: Iterable[int]) -> list[str]:
        """For each event what is other once its stored bytes are; they are not read for it."""

    def append(
        self,
        type: str,
        body: Mapping[str, Json],
        author: str,
        time: str,
        expected: Head,
        rest: Mapping[str, Json] | None = None,
    ) -> Event:
        """Make event ``expected.n + 1``. This is the commit point: it is there, whole and durable.

        ``rest`` are members of the event beside its own: what this writer knows of it (via, for a
        registry's). Raises Conflict where somebody else made that event, or ``expected`` is not the
        chain's.
        """

    def turn(self) -> AbstractContextManager[None]:
        """Wait a little for others who are about to append: spares retries, nothing rests on it."""

    def verify(self, progress: Progress | None = None) -> Iterator[Broken]:
        """Every event that is missing, changed, cut or out of the chain."""
