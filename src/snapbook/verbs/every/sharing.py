"""What passes between this repository and a registry."""

from __future__ import annotations

from snapbook.verbs.every.common import DRY, LATER, REF, REGISTRY, ROWS, STRICT, YES, late
from snapbook.verbs.table import Argument, Verb

SHARING = (
    Verb(
        "watch",
        "Tell what happens as it happens, here or in a registry; a job may wait for it",
        late("watching", "watch"),
        (
            Argument(("model_name",), "one model; left out: all", "?", complete="model"),
            Argument(
                ("--until",),
                "end with the first of this kind: version, alias, approve, production, ...",
                metavar="KIND",
            ),
            Argument(
                ("--timeout",), "end after so long; 1 where --until did not come", metavar="SECONDS"
            ),
            Argument(("--since",), "begin behind this event; left out: now", metavar="N"),
            Argument(("--registry",), "a registry; left out: this project", metavar="NAME"),
        ),
        examples=("snapbook watch team::churn --until production --timeout 3600",),
        label="Watch…",
        place="shell",
    ),
    Verb(
        "push",
        "Copy a version to a registry; only what is missing there travels",
        late("share", "push"),
        (
            REF,
            REGISTRY,
            ROWS,
            STRICT,
            LATER,
            Argument(("--waiting",), "show what waits to be pushed", "flag"),
            Argument(("--drop",), "let it wait no more", "flag"),
            Argument(("--to",), "an MLflow server instead: mlflow+http://HOST:PORT", metavar="URL"),
            DRY,
            YES,
        ),
        examples=("push churn", "push churn:0.3.1 --later", "push --waiting"),
        label="Push…",
        on="version",
        changes=True,
        button="Push {ref}",
    ),
    Verb(
        "pull",
        "Copy a version from a registry into this project; nothing of it is executed",
        late("share", "pull"),
        (
            Argument(("ref",), "a version there: churn, team::churn:1.4.0, team::churn@production"),
            REGISTRY,
            DRY,
        ),
        label="Pull…",
        changes=True,
        button="Pull {ref}",
    ),
    Verb(
        "sync",
        "Pull what is new in a registry, then push what is new here",
        late("share", "sync"),
        (
            Argument(("model_name",), "one model; left out: all", "?", complete="model"),
            REGISTRY,
            ROWS,
            LATER,
            YES,
        ),
        label="Sync…",
        on="repository",
        changes=True,
        button="Sync",
    ),
    Verb(
        "clone",
        "Copy the versions of a registry into a new repository; asked again, it goes on",
        late("cloning", "clone"),
        (
            Argument(("source",), "a registry you know, or its address", metavar="REGISTRY"),
            Argument(("models",), "which models; left out: all", "*", metavar="MODEL"),
            Argument(
                ("--folder",),
                "where to; left out: named as the registry",
                metavar="DIR",
                complete="path",
            ),
            Argument(("--registry",), "what to call the address from now on", metavar="NAME"),
            DRY,
        ),
        examples=("clone team", "clone https://models.example.com churn --folder models"),
        label="Clone…",
        changes=True,
        button="Clone",
    ),
)
