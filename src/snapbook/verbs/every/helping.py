"""What tells about snapbook itself."""

from __future__ import annotations

from snapbook.verbs.every.common import late
from snapbook.verbs.table import Argument, Verb

HELPING = (
    Verb(
        "bug-report",
        "What to put into a report about snapbook",
        late("care", "bug_report"),
        label="Bug Report",
    ),
    Verb(
        "help",
        "All verbs, or one with its options",
        late("care", "help_verb"),
        (Argument(("verb",), "a verb", "?", complete="verb"),),
        label="Help",
    ),
)
