"""What is asked of a version that is served."""

from __future__ import annotations

from snapbook.verbs.every.common import late
from snapbook.verbs.table import Argument, Asked, Verb


def _check(asked: Asked) -> None:
    from snapbook.verbs.monitoring import check

    check(asked)


MONITORING = (
    Verb(
        "monitor",
        "What a served version met: drift, errors, parts that are wrong, latency; and alarms",
        late("monitoring", "monitor"),
        (
            Argument(
                ("ref",),
                "a version: churn@production, team::churn:1.4.0; churn: the one that answered last;"
                " or a bundle",
                "?",
                complete="ref",
            ),
            Argument(
                ("--log",),
                "the folder that `snapbook serve --log` writes; left out: snapbook-log",
                metavar="DIR",
                complete="path",
            ),
            Argument(("--since",), "how far back: 30m, 24h, 7d; left out: all", metavar="SPAN"),
            Argument(
                ("-o", "--output"),
                "write the report to a file, as HTML",
                metavar="FILE",
                complete="path",
            ),
            Argument(
                ("--evidently",), "write Evidently's report instead, where it is installed", "flag"
            ),
            Argument(
                ("--alert",),
                "rules that end with exit code 1: 'drift > 0.2 in price or accuracy < 0.9'",
                "append",
                metavar="RULES",
            ),
            Argument(
                ("--webhook",), "tell this address once when a rule begins, and ends", metavar="URL"
            ),
            Argument(("--private",), "the webhook may be http and of this network", "flag"),
            Argument(("--every",), "again and again, after 30s, 10m, 1h", metavar="SPAN"),
        ),
        examples=(
            "snapbook monitor churn",
            "snapbook monitor churn --since 24h -o churn.html",
            "snapbook monitor churn --alert 'drift > 0.2 or segments > 0' --every 10m",
        ),
        check=_check,
        label="Monitor…",
        on="version",
        changes=True,
    ),
)
