"""What the verbs' tables share: arguments that many of them take, and the late import."""

from __future__ import annotations

from collections.abc import Callable

from snapbook.verbs.here import Here
from snapbook.verbs.table import Argument, Asked

REF = Argument(
    ("ref",),
    "a version: churn, churn:1.4.0, churn@production, churn~1, 3fa9c2e1",
    "?",
    complete="ref",
)
NEED_REF = Argument(
    ("ref",), "a version: churn, churn:1.4.0, churn@production, churn~1, 3fa9c2e1", complete="ref"
)
DRY = Argument(("--dry-run",), "say what would happen, change nothing", "flag")
YES = Argument(("--yes",), "do it without asking", "flag")
REGISTRY = Argument(("--registry",), "which one; left out: the only one", metavar="NAME")
ROWS = Argument(("--rows",), "rows of frames may leave this machine", "flag")
LATER = Argument(("--later",), "queue it: it goes when the registry is reached next", "flag")
STRICT = Argument(("--strict",), "refuse where the number is taken by other content", "flag")
ALIAS = Argument(("alias",), "the alias: production, staging, ...", metavar="ALIAS")
REASON = Argument(("--reason",), "why; it is kept", metavar="TEXT")
WHATS = ("model", "data", "params", "cells", "files", "all")


def late(module: str, function: str) -> Callable[[Here, Asked], object]:
    """The function of a verb's module, imported when the verb runs: the table stays light."""

    def run(here: Here, asked: Asked) -> object:
        from importlib import import_module

        act: Callable[[Here, Asked], object] = getattr(
            import_module(f"snapbook.verbs.{module}"), function
        )
        return act(here, asked)

    return run
