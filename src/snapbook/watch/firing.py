"""Which rules fire, and since when: so that each is told once when it begins and once when it ends.

The memory is a small file beside the log. A rule that cannot be told (too few rows) stays what it
was.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.watch.rules import Found

_FILE = "alerts.json"


@dataclass(frozen=True, slots=True)
class News:
    """A rule that begins to fire ("firing"), or ends ("resolved"). ``digest`` is the same however
    often it is sent.
    """

    found: Found
    state: str
    since: float
    digest: str


class Firing:
    """The rules that fire for the version with this ``manifest``, whose log is in ``folder``."""

    def __init__(self, folder: Path, manifest: str) -> None:
        self._path = folder / _FILE
        self._manifest = manifest

    def news(self, found: Sequence[Found], now: float) -> list[News]:
        """What is to be told; it is again until it is `told`."""
        since = self._read().get(self._manifest, {})
        news = []
        for one in found:
            begun = since.get(one.rule.text)
            if one.fires and begun is None:
                news.append(self._news(one, "firing", now))
            elif one.fires is False and begun is not None:
                news.append(self._news(one, "resolved", begun))
        return news

    def told(self, news: News) -> None:
        """Remember that it was told."""
        every = self._read()
        mine = dict(every.get(self._manifest, {}))
        if news.state == "firing":
            mine[news.found.rule.text] = news.since
        else:
            mine.pop(news.found.rule.text, None)
        every[self._manifest] = mine
        partial = self._path.with_name(f".{_FILE}-{os.getpid()}.tmp")
        partial.write_text(json.dumps(every, indent=1), "utf-8")
        os.replace(partial, self._path)

    def _news(self, found: Found, state: str, since: float) -> News:
        told: list[Json] = [self._manifest, found.rule.text, state, since]
        return News(found, state, since, canonical.digest(canonical.encode(told)))

    def _read(self) -> dict[str, Mapping[str, float]]:
        try:
            told = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return told if isinstance(told, dict) else {}
