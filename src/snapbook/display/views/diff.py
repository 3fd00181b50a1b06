"""What differs between two versions; with one, between it and the one before."""

from __future__ import annotations

from typing import Any

from snapbook.display.data import plain
from snapbook.display.text import text
from snapbook.display.views.asking import Question
from snapbook.errors import Usage
from snapbook.refs import parse
from snapbook.verbs import VERBS, look


def diff(asking: Question) -> dict[str, Any]:
    """`diff --json`, and the lines that `snapbook diff` prints."""
    refs = [asking.needed("old"), *filter(None, [asking.text("new")])]
    if any(parse(ref).now for ref in refs):
        raise Usage(
            "now is the live session: its kernel compares it, not the server", kind="needs-kernel"
        )
    options = {"what": asking.text("what")} if asking.text("what") else {}
    with asking.here(long=True) as here:
        compared = look.diff(here, VERBS["diff"].ask(refs, options))
        told: dict[str, Any] = plain(compared)
        return {**told, "text": text(compared)}
