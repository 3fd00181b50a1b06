"""What is to be kept of requests: where, how much of them, and what never."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from snapbook.errors import BadOption, nearest
from snapbook.watch.kept import Bounds


@dataclass(frozen=True, slots=True)
class Noting:
    """``folder`` for the log (None: in memory alone), ``share`` of the requests that are kept,
    columns that are ``hidden``: never kept, not in memory either.
    """

    folder: Path | None = None
    share: float = 1.0
    hidden: frozenset[str] = frozenset()
    bounds: Bounds = field(default_factory=Bounds)

    def check(self, columns: Sequence[str]) -> None:
        """Raise BadOption for a hidden column that is none: it would be kept under its own name."""
        for name in sorted(self.hidden):
            if name not in columns:
                near = nearest(name, columns, 1)
                meant = f"Did you mean {near[0]}?" if near else f"Of {', '.join(columns[:20])}"
                raise BadOption(f"--log-hide: there is no column {name}", act=meant)


def noting(given: Any) -> Noting:
    """The options of ``given``, as texts. Raises BadOption."""
    if not given.log:
        for word, value in (("--log-share", given.log_share), ("--log-size", given.log_size),
                            ("--log-days", given.log_days)):  # fmt: skip
            if value is not None:
                raise BadOption(f"{word} says nothing without --log", act="Name --log DIR")
    default = Bounds()
    hidden = [one.strip() for one in (given.log_hide or "").split(",")]
    size = _number("--log-size", given.log_size, default.bytes / 2**20, 1, 1 << 20)
    days = _number("--log-days", given.log_days, default.age_s / 86400, 1e-3, 36500)
    return Noting(
        Path(given.log).expanduser() if given.log else None,
        _number("--log-share", given.log_share, 1.0, 0.0, 1.0),
        frozenset(one for one in hidden if one),
        Bounds(int(size * 2**20), days * 86400),
    )


def _number(word: str, text: str | None, default: float, least: float, most: float) -> float:
    if text is None:
        return default
    try:
        found = float(text)
    except ValueError:
        found = float("nan")
    if not least <= found <= most:
        raise BadOption(f"{word} cannot be {text}", act=f"It takes {least:g} to {most:g}")
    return found
