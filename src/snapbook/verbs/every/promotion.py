"""What leads a version to production, and back."""

from __future__ import annotations

from snapbook.verbs.every.common import ALIAS, DRY, NEED_REF, REASON, REGISTRY, late
from snapbook.verbs.table import Argument, Verb

PROMOTION = (
    Verb(
        "promote",
        "Let an alias point at a version, if the model's policy lets it",
        late("promotion", "promote"),
        (
            NEED_REF,
            ALIAS,
            REASON,
            Argument(
                ("--seen",), "what you saw there; refused where it is another now", metavar="NUMBER"
            ),
            REGISTRY,
            DRY,
        ),
        examples=(
            "snapbook promote churn:1.4.0 staging",
            "snapbook promote team::churn:1.4.0 production",
        ),
        label="Promote…",
        on="version",
        changes=True,
        button="Promote {ref} to {alias}",
    ),
    Verb(
        "rollback",
        "End the rollout that is under way, else let an alias point where it did before: one act",
        late("promotion", "rollback"),
        (
            Argument(("model_name",), "the model", complete="model"),
            Argument(("alias",), "the alias; left out: production", "?"),
            Argument(("--to",), "an earlier one than the last", metavar="NUMBER"),
            Argument(("--drill",), "rehearse it on every server, and say how long it took", "flag"),
            REASON,
            REGISTRY,
            DRY,
        ),
        examples=(
            "snapbook rollback churn",
            "snapbook rollback churn --drill",
            "snapbook rollback churn staging --to 1.3.0",
        ),
        label="Roll Back…",
        on="model",
        changes=True,
        button="Roll Back {alias} of {model_name}",
    ),
    Verb(
        "request",
        "Ask that a version may stand under an alias",
        late("promotion", "request"),
        (NEED_REF, ALIAS, REASON, REGISTRY),
        label="Ask for Approval…",
        on="version",
        changes=True,
        button="Request {alias} for {ref}",
    ),
    Verb(
        "approve",
        "Say that a version may stand under an alias",
        late("promotion", "approve"),
        (NEED_REF, ALIAS, REASON, REGISTRY),
        label="Approve…",
        on="version",
        changes=True,
        button="Approve {ref} for {alias}",
    ),
    Verb(
        "reject",
        "Say that a version may not stand under an alias, and why",
        late("promotion", "reject"),
        (NEED_REF, ALIAS, REASON, REGISTRY),
        label="Reject…",
        on="version",
        changes=True,
        button="Reject {ref} for {alias}",
    ),
    Verb(
        "judge",
        "Try a version by the gates that need its model, and keep what they say",
        late("judging", "judge"),
        (
            NEED_REF,
            ALIAS,
            Argument(("--gate",), "this gate alone", "append", metavar="NAME"),
            Argument(("--data",), "a frame of the notebook to try it on", "append", metavar="NAME"),
            Argument(("--target",), "what should come out: a frame or a column", metavar="NAME"),
            REGISTRY,
            DRY,
        ),
        examples=(
            "snapbook judge churn:1.5.0 production",
            "%snapbook judge churn production --data X_test --target y_test",
        ),
        label="Judge…",
        on="version",
        changes=True,
        button="Judge {ref} for {alias}",
    ),
    Verb(
        "review",
        "Production beside what may take its place: differences, gates, approvals, history",
        late("reviewing", "review"),
        (
            Argument(
                ("ref",),
                "a model, or the version to look at; left out: the last one used",
                "?",
                complete="ref",
            ),
            Argument(("--alias",), "another alias than production", metavar="ALIAS"),
            Argument(("--at",), "what was there then: 2026-11-03T14:00", metavar="TIME"),
            REGISTRY,
        ),
        examples=("snapbook review churn", "snapbook review churn:1.4.0 --alias staging"),
        label="Review",
        on="version",
    ),
    Verb(
        "policy",
        "What decides where aliases of a model point: show it, or put a file in force",
        late("policies", "policy"),
        (
            Argument(("model_name",), "the model", complete="model"),
            Argument(("file",), "a policy, as TOML; left out: show it", "?", complete="path"),
            Argument(("--number",), "show an earlier one", metavar="N"),
            REGISTRY,
            DRY,
        ),
        label="Policy…",
        on="model",
        changes=True,
        button="Change Policy",
    ),
)
