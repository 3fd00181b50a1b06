"""The card of a versioned cell: at most three lines, the first at most 120 characters.

Its text is a function of the repository's state, not of the run: no time, user, host, path outside
the project or object id, so that "Run all" leaves a notebook clean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapbook.display.words import number, numbers_apart, printable

if TYPE_CHECKING:
    from snapbook.parts.base import Change
    from snapbook.verbs.values import Saved

WIDTH = 120
_MOST_METRICS = 3
_MOST_UNUSUAL = 2


@dataclass(frozen=True, slots=True)
class Headline:
    """Line 1 in pieces: ``badge`` is the bump in a word or two, ``said`` what follows it (after a
    colon, if ``colon``), ``metrics`` as many as the line takes.
    """

    ref: str
    badge: str
    said: str
    colon: bool
    metrics: tuple[str, ...]

    @property
    def text(self) -> str:
        """Line 1 as plain text."""
        glue = ": " if self.colon else "  "
        what = f"{self.badge}{glue}{self.said}" if self.said else self.badge
        return "  ".join([self.ref, what, *self.metrics])


def card(saved: Saved) -> list[str]:
    """The lines of a save."""
    lines = [headline(saved).text]
    if unusual := _at_most(saved.unusual, _MOST_UNUSUAL):
        lines.append(f"  {unusual}")
    if saved.not_kept:
        lines.append(f"  {_at_most(saved.not_kept, 1)}")
    elif saved.first_of_repository and not saved.dry:
        model = saved.version.model
        lines.append(f"  next: change something, run again, then  %diff_version {model}")
    return lines


def headline(saved: Saved) -> Headline:
    """Line 1 of the card, fitted to its width."""
    ref = f"would be {saved.version.ref}" if saved.dry else saved.version.ref
    badge, said, colon = _what(saved)
    metrics = [printable(text) for text in metric_texts(saved.metrics)]
    ref, said = printable(ref), printable(said)
    shown = metrics[:_MOST_METRICS]
    while True:
        rest = len(metrics) - len(shown)
        line = Headline(ref, badge, said, colon, (*shown, *([f"+{rest}"] if rest else [])))
        if len(line.text) <= WIDTH:
            return line
        if shown:
            shown.pop()
        elif said:
            said = said[: max(0, len(said) - (len(line.text) - WIDTH) - 3)] + "..."
            return Headline(ref, badge, said if said != "..." else "", colon, line.metrics)
        else:
            return line


def metric_texts(changes: Sequence[Change]) -> list[str]:
    """Each as `accuracy 0.947 -> 0.956 (better)`; judged only where the direction is known."""
    out = []
    for change in changes:
        if change.what == "kept":
            out.append(f"{change.name} {number(change.new)}, kept {number(change.old)}")
        elif change.old is None or change.old == change.new:
            out.append(f"{change.name} {number(change.new)}")
        else:
            a, b = numbers_apart(change.old, change.new)
            word = "" if change.better is None else " (better)" if change.better else " (worse)"
            out.append(f"{change.name} {a} -> {b}{word}")
    return out


def _what(saved: Saved) -> tuple[str, str, bool]:
    if saved.unchanged:
        return "unchanged", "", False
    if saved.bump == "first":
        return "first version", f"{saved.class_name} `{saved.variable}`", False
    return {"number": "numbered"}.get(saved.bump, saved.bump), saved.reason, True


def _at_most(texts: Sequence[str], most: int) -> str:
    """Texts on one line, the first ``most`` of them and how many more there are."""
    more = f"  +{len(texts) - most}" if len(texts) > most else ""
    return "  ".join(printable(text) for text in texts[:most]) + more
