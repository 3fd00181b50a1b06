"""What leaves for production, and what is said of it."""

from __future__ import annotations

from snapbook.verbs.every.common import DRY, REASON, REF, REGISTRY, late
from snapbook.verbs.every.rolling import PLAN
from snapbook.verbs.table import Argument, Verb

_MODEL = Argument(("model_name",), "the model", complete="model")
_ALIAS = Argument(("alias",), "the alias; left out: production", "?")

DEPLOYING = (
    Verb(
        "deploy",
        "Let a version take an alias over step by step, beside the one in place",
        late("deploying", "deploy"),
        (
            Argument(("ref",), "a version; with --status a model", complete="ref"),
            *PLAN,
            Argument(("--now",), "at once: the alias moves, and servers with it", "flag"),
            Argument(("--status",), "how it stands: steps, rules, servers", "flag"),
            Argument(("--alias",), "another alias than production", metavar="ALIAS"),
            REASON,
            REGISTRY,
            DRY,
        ),
        examples=(
            'snapbook deploy churn:1.5.0 --canary 5,25,50,100 --every 10m --abort-if "p99 > 2x"',
            "snapbook deploy churn --status",
        ),
        label="Deploy…",
        on="version",
        changes=True,
        button="Deploy {ref}",
    ),
    Verb(
        "pause",
        "Let the present step of a rollout last until it is resumed",
        late("deploying", "pause"),
        (_MODEL, _ALIAS, REASON, REGISTRY),
        label="Pause Rollout",
        on="model",
        changes=True,
    ),
    Verb(
        "resume",
        "Go on with a rollout",
        late("deploying", "resume"),
        (
            _MODEL,
            _ALIAS,
            Argument(("--next",), "by the next step, at once; the last one promotes", "flag"),
            REASON,
            REGISTRY,
        ),
        label="Resume Rollout",
        on="model",
        changes=True,
    ),
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
