"""Rules that fire, told to a webhook: once when one begins and once when it is over.

In the form of Standard Webhooks, by what sends a registry's. The secret is in the environment, so
that it stands in no command and no file of ours.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from snapbook.errors import Refused, SnapbookError, Unreachable
from snapbook.registry import sending
from snapbook.registry.hooks import Hook
from snapbook.watch.firing import Firing, News
from snapbook.watch.rules import Found

SECRET = "SNAPBOOK_WEBHOOK_SECRET"
_LONG = ("by_segment",)  # what a receiver can ask for by itself


def rule(one: Found) -> dict[str, Any]:
    """A rule and what it came to, as data."""
    return {
        "rule": one.rule.text,
        "fires": one.fires,
        "value": one.value,
        "limit": one.limit,
        "sentence": one.sentence,
    }


def tell(
    url: str,
    private: bool,
    about: Mapping[str, Any],
    folder: Path,
    found: Sequence[Found],
    now: float,
) -> list[str]:
    """Tell the webhook what begins and what ends; gives what was done, or why it was not.

    ``about`` is the version and all figures, ``folder`` that of its log. Raises Refused without a
    secret.
    """
    secret = os.environ.get(SECRET, "")
    if not re.fullmatch(r"whsec_[A-Za-z0-9+/]{32,}={0,2}", secret):
        raise Refused(
            f"Not told: {SECRET} holds no secret to sign with",
            act="Set it to whsec_ and 32 random bytes in base64, and tell the receiver",
        )
    firing = Firing(folder, str(about["manifest"]))
    hook = Hook("", url, "*", secret, private, 0, "")
    lines = []
    for news in firing.news(found, now):
        try:
            status = sending.send(hook, _body(about, news), int(now))
            if not 200 <= status < 300:
                raise Unreachable("the webhook does not take it", f"it answered {status}")
            firing.told(news)
            lines.append(f"told the webhook: {news.found.rule.text} {news.state}")
        except (SnapbookError, OSError) as error:
            lines.append(f"not told, and tried again next time: {error}")
    return lines


def _body(about: Mapping[str, Any], news: News) -> dict[str, Any]:
    """An alarm as Standard Webhooks carry it."""
    named = {"version": about["ref"], "manifest": about["manifest"]}
    figures = {key: value for key, value in about.items() if key not in (*_LONG, "ref", "manifest")}
    return {
        "kind": "alert",
        "digest": news.digest,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "state": news.state,
        "since": datetime.fromtimestamp(news.since, UTC).isoformat(timespec="seconds"),
        **named,
        **rule(news.found),
        "window": json.loads(json.dumps(figures)),
    }
