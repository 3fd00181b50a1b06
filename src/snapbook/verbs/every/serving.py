"""What answers requests."""

from __future__ import annotations

from snapbook.serve.options import OPTIONS
from snapbook.verbs.every.common import late
from snapbook.verbs.table import Argument, Verb

SERVING = (
    Verb(
        "serve",
        "Answer requests for predictions with a version, or with a bundle",
        late("answering", "serve"),
        (
            Argument(
                ("ref",),
                "a version: churn@production, team::churn:1.4.0; or a bundle: a folder, a .zip",
                "?",
                complete="ref",
            ),
            *(
                Argument((one.word,), one.help, "" if one.value else "flag", metavar=one.value)
                for one in OPTIONS
            ),
            Argument(
                ("--follow",), "go where the alias goes, and roll out what is to come", "flag"
            ),
        ),
        examples=(
            "snapbook serve churn@production",
            "snapbook serve churn@production --follow",
            "snapbook serve churn-1.4.0-bundle",
        ),
        examples=("snapbook serve churn@production", "snapbook serve churn-1.4.0-bundle"),
        label="Serve…",
        on="version",
        place="shell",
        changes=True,
    ),
)
