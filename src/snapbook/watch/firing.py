"""Which rules fire, and since when: so that each is told once when it begins and once when it ends.

The memory is a small file beside the log. A rule that cannot be told (too few rows) stays what it
was.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True, slots=True)
class _Held:
    """Since when a rule fires, and whether that was told."""

    since: float
    told: bool


class Firing:
    """The rules that fire for the version with this ``manifest``, whose log is in ``folder``."""

    def __init__(self, folder: Path, manifest: str) -> None:
        self._path = folder / _FILE
        self._manifest = manifest

    def news(self, found: Sequence[Found], now: float) -> list[News]:
        """What is to be told; it is again, as the same piece of news, until it was `told`."""
        held = self._read()
        news = []
        for one in found:
            known = held.get(one.rule.text)
            if one.fires:
                known = known or _Held(now, told=False)
                held[one.rule.text] = known
                if not known.told:
                    news.append(self._news(one, "firing", known.since))
            elif one.fires is False and known is not None:
                if known.told:
                    news.append(self._news(one, "resolved", known.since))
                else:
                    del held[one.rule.text]
        self._write(held)
        return news

    def told(self, news: News) -> None:
        """Remember that it was told."""
        held = self._read()
        if news.state == "firing":
            held[news.found.rule.text] = _Held(news.since, told=True)
        else:
            held.pop(news.found.rule.text, None)
        self._write(held)

    def _news(self, found: Found, state: str, since: float) -> News:
        told: list[Json] = [self._manifest, found.rule.text, state, since]
        return News(found, state, since, canonical.digest(canonical.encode(told)))

    def _read(self) -> dict[str, _Held]:
        mine = self._every().get(self._manifest)
        try:
            return {
                str(rule): _Held(float(one["since"]), one["told"] is True)
                for rule, one in dict(mine or {}).items()
            }
        except (TypeError, ValueError, KeyError):
            return {}

    def _write(self, held: Mapping[str, _Held]) -> None:
        every = self._every()
        mine = {rule: asdict(one) for rule, one in held.items()}
        if every.get(self._manifest, {}) == mine:
            return
        every[self._manifest] = mine
        partial = self._path.with_name(f".{_FILE}-{os.getpid()}.tmp")
        partial.write_text(json.dumps(every, indent=1), "utf-8")
        os.replace(partial, self._path)

    def _every(self) -> dict[str, Any]:
        try:
            told = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return told if isinstance(told, dict) else {}
