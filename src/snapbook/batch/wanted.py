"""What is wanted of a result beside its predictions. Small, since the root's functions name it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a result has beside predictions. ``keep`` are columns of the input, None for all;
    ``named`` whether version and digest stand in columns; ``spare`` whether a row that cannot be
    predicted gets null and the reason, and stops nothing.
    """

    keep: tuple[str, ...] | None = None
    probabilities: bool = False
    named: bool = False
    spare: bool = False
