"""Values on a terminal: rich tables and progress there, plain text in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from snapbook.display.data import to_json
from snapbook.display.text import text
from snapbook.display.words import age, marks, number, printable
from snapbook.verbs import values

_PATIENCE = 1.0  # seconds before a progress bar appears
Progress = Callable[[str, int, int], None]


def write(value: object, *, as_json: bool = False) -> None:
    """Print ``value``."""
    if as_json:
        sys.stdout.write(to_json(value) + "\n")
    elif isinstance(value, values.Listing) and value.rows and sys.stdout.isatty():
        _table(value)
    else:
        for line in text(value):
            sys.stdout.write(printable(line) + "\n")


def _table(value: values.Listing) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("version", "metrics", "age", "marks", "message"):
        table.add_column(heading, no_wrap=heading in ("version", "age"))
    for row in value.rows:
        metrics = "  ".join(f"{k} {number(m.value)}" for k, m in list(row.metrics.items())[:2])
        cells = (
            row.ref,
            metrics,
            age(row.time, time.time()),
            marks(row),
            row.message or row.reason,
        )
        # Text, not markup: a tag named [red] must not colour anything.
        table.add_row(*(Text(printable(cell)) for cell in cells))
    console = Console()
    console.print(table)
    if value.note:
        console.print(Text(value.note))


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """A progress that appears on a terminal's stderr when something lasts over a second."""
    if quiet or not sys.stderr.isatty():
        yield lambda _what, _done, _of: None
        return
    begun = time.monotonic()
    shown: dict[str, Any] = {}

    def tell(what: str, done: int, of: int) -> None:
        if "bar" not in shown:
            if time.monotonic() - begun < _PATIENCE:
                return
            from rich.console import Console
            from rich.progress import Progress as Bar

            shown["bar"] = Bar(console=Console(stderr=True), transient=True)
            shown["bar"].start()
        bar = shown["bar"]
        if what not in shown:
            shown[what] = bar.add_task(what, total=of or None)
        bar.update(shown[what], completed=done, total=of or None)

    try:
        yield tell
    finally:
        if "bar" in shown:
            shown["bar"].stop()
