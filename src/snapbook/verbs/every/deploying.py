"""What leaves for production, and what is said of it."""

from __future__ import annotations

from snapbook.verbs.every.common import REF, late
from snapbook.verbs.table import Argument, Verb

DEPLOYING = (
    Verb(
        "bundle",
        "Look whether a bundle is whole and signed, and its model answers as at export",
        late("bundlecheck", "bundle"),
        (
            Argument(("act",), "check", choices=("check",)),
            Argument(("path",), "a folder, or a .zip", complete="path"),
            Argument(("--trust",), "run its model though you do not trust its author", "flag"),
            Argument(("--here",), "in this environment: do not rebuild its own", "flag"),
            Argument(("--offline",), "rebuild from what uv has at hand alone", "flag"),
        ),
        examples=("snapbook bundle check churn-1.4.0-bundle",),
        label="Check Bundle…",
        changes=True,
        button="Check",
    ),
    Verb(
        "card",
        "The model card of a version: what is known of it, and what nobody stated",
        late("carding", "card"),
        (
            REF,
            Argument(
                ("-o", "--output"),
                "a file; HTML where its name ends so, else Markdown",
                metavar="PATH",
                complete="path",
            ),
        ),
        examples=("snapbook card churn", "snapbook card churn@production -o card.html"),
        label="Model Card…",
        on="version",
        changes=True,
    ),
)
