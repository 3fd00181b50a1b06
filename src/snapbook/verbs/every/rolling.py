"""The words in which people plan a rollout, whoever carries it out."""

from __future__ import annotations

from snapbook.verbs.table import Argument

CANARY = Argument(
    ("--canary",), "percents of the requests, step by step: 5,25,50,100", metavar="STEPS"
)
EVERY = Argument(("--every",), "how long each step lasts: 90s, 10m, 1h", metavar="TIME")
ABORT_IF = Argument(
    ("--abort-if",),
    'what takes it back: "error_rate > 1% or p99 > 2x or drift > 0.2"',
    metavar="RULES",
)
WINDOW = Argument(("--window",), "how far back the rules look; left out: 60s", metavar="TIME")
AB = Argument(
    ("--ab",), "that percent of the callers, each of whom stays with his version", metavar="PERCENT"
)
SHADOW = Argument(("--shadow",), "it is asked as well, and nobody gets its answers", "flag")
PLAN = (CANARY, EVERY, ABORT_IF, WINDOW, AB, SHADOW)
PLATFORMS = ("kserve", "seldon", "kubernetes", "argo", "haproxy", "bentoml", "pipelines")
"""What `export --to` writes the files of, and others run."""
OPTIONS = (
    *PLAN,
    Argument(
        ("--stable",),
        "the version that a rollout goes out from; left out: what production is",
        metavar="REF",
        complete="ref",
    ),
    Argument(("--image",), "its image, without a tag; left out: the model's name", metavar="NAME"),
    Argument(("--storage",), "with seldon: where the folders of its models lie", metavar="URI"),
)
"""What `export` takes for them."""
