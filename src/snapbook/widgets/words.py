"""What the view says: rows, pages and errors as text that runs nothing, whatever is in it."""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Sequence

from snapbook.display.errors import error_text, internal
from snapbook.display.words import age, number, printable
from snapbook.errors import SnapbookError
from snapbook.verbs.values import Listed

_LONGEST = 60  # of a message in a row
_NAME = 40  # of a model, of a metric


def row_text(listed: Listed, now: float | None = None) -> str:
    """One version as a line of the list."""
    row = listed.version
    parts = [f"{_cut(row.model, _NAME)}{row.ref[len(row.model) :]}"]
    metric = row.metrics.get(row.main)
    if metric is not None:
        parts.append(f"{_cut(row.main, _NAME)} {number(metric.value)}{_moved(listed)}")
    marks = [f"@{name}" for name in row.aliases]
    marks += [f"#{name}={value}" if value else f"#{name}" for name, value in row.tags.items()]
    said = row.message or row.reason
    parts += [
        age(row.time, time.time() if now is None else now),
        _cut(" ".join(marks), _LONGEST),
        _cut(said, _LONGEST),
    ]
    return printable("   ".join(part for part in parts if part))


def _cut(said: str, longest: int) -> str:
    """A text of others that leaves room for what stands behind it."""
    return said if len(said) <= longest else said[: longest - 3] + "..."


def _moved(listed: Listed) -> str:
    """How the main metric moved: "  +0.004 better"."""
    if not listed.delta:
        return ""
    word = {True: " better", False: " worse", None: ""}[listed.better]
    return f"  {listed.delta:+.3g}{word}"


def as_html(lines: Sequence[str]) -> str:
    """Lines as they are, for a widget that takes HTML: all of it escaped, no markup of theirs."""
    text = "\n".join(html.escape(printable(line)) for line in lines)
    return f'<pre style="margin:0;white-space:pre-wrap">{text}</pre>'


def alert(line: str) -> str:
    """One line that a screen reader says at once; "" takes the last one away."""
    return f'<div role="alert">{html.escape(printable(line))}</div>' if line else ""


def said(act: Callable[[], None]) -> str:
    """Do ``act``; gives what went wrong as one sentence, "" if nothing did."""
    try:
        act()
    except SnapbookError as error:
        return error_text(error, "magic")
    except KeyboardInterrupt:
        return "Stopped. What was done by then stands, and the list shows it."
    except BaseException as error:  # noqa: BLE001 - a click's traceback would go nowhere
        return error_text(internal(error), "magic")
    return ""
