"""A registry as the place where rollouts are decided, and where servers are known."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from snapbook import canonical
from snapbook.canonical import Json
from snapbook.deploy import fronts
from snapbook.deploy.acts import Begun, End
from snapbook.deploy.fronts import Told
from snapbook.deploy.plan import Plan
from snapbook.deploy.rollout import Rollout
from snapbook.deploy.standing import Standing
from snapbook.errors import Damaged, SnapbookError
from snapbook.registry import rolled
from snapbook.registry.http import Http

_MOST_LINES = 100


class HttpRollouts:
    """The registry behind ``http``; see `deploy.desk.Rollouts`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def standing(self, model: str, alias: str) -> Standing:
        """See `deploy.desk.Rollouts`."""
        return rolled.standing_of(self._stands(model, alias)["standing"])

    def fronts(self, model: str, alias: str) -> Sequence[Told]:
        """See `deploy.desk.Rollouts`."""
        told = self._stands(model, alias).get("fronts")
        listed = told if isinstance(told, list) else []
        return [fronts.sound(one) for one in listed if isinstance(one, Mapping)]

    def seen(self, model: str, alias: str) -> Sequence[str]:
        """See `deploy.desk.Rollouts`. A registry that is older says nothing."""
        answer = _table(self._http.bytes("/rollouts", model=model, alias=alias, seen="true"))
        listed = answer.get("seen")
        lines = listed[:_MOST_LINES] if isinstance(listed, list) else []
        return ["".join(filter(str.isprintable, one)) for one in lines if isinstance(one, str)]

    def begin(self, ref: str, plan: Plan, seen: str | None, text: str, dry: bool) -> Begun:
        """See `deploy.desk.Rollouts`."""
        body = {"ref": ref, "plan": plan.json(), "seen": seen, "text": text, "dry": dry}
        return rolled.begun_of(self._http.once("POST", "/rollouts", json=body).content)

    def advance(self, model: str, seen: Rollout, now: datetime | None, text: str) -> bool:
        """See `deploy.desk.Rollouts`. Whether it is due says the registry's clock."""
        way = "next" if now is None else "step"
        more = {"n": seen.n, "step": seen.step, "text": text}
        return self._act(model, seen.alias, way, more).get("done") is True

    def pause(self, model: str, alias: str, text: str) -> Rollout:
        """See `deploy.desk.Rollouts`."""
        return rolled.rollout_of(self._act(model, alias, "pause", {"text": text}).get("rollout"))

    def resume(self, model: str, alias: str, text: str) -> Rollout:
        """See `deploy.desk.Rollouts`."""
        return rolled.rollout_of(self._act(model, alias, "resume", {"text": text}).get("rollout"))

    def abort(self, model: str, alias: str, end: End) -> int:
        """See `deploy.desk.Rollouts`."""
        more = {"n": end.n, "why": end.why, "evidence": end.evidence, "text": end.text}
        return int(self._act(model, alias, "end", more).get("n") or 0)

    def drill(self, model: str, alias: str) -> int:
        """See `deploy.desk.Rollouts`."""
        return int(self._act(model, alias, "drill", {}).get("n") or 0)

    def drilled(self, model: str, alias: str, n: int, front: str, seconds: float, why: str) -> None:
        """See `deploy.desk.Rollouts`."""
        self._act(model, alias, "drilled", {"n": n, "front": front, "seconds": seconds, "why": why})

    def _stands(self, model: str, alias: str) -> Mapping[str, Any]:
        return _table(self._http.bytes("/rollouts", model=model, alias=alias))

    def _act(self, model: str, alias: str, way: str, more: Mapping[str, Any]) -> Mapping[str, Any]:
        body = {"model": model, "alias": alias, "act": way, **more}
        return _table(self._http.once("POST", "/rollouts/acts", json=body).content)


class HttpAnnounced:
    """The server among those that the registry behind ``http`` knows."""

    def __init__(self, http: Http) -> None:
        self.id = secrets.token_hex(8)
        self._http = http
        self._said: Mapping[str, Json] = {}

    def say(self, told: Mapping[str, Json]) -> None:
        """Say what is so now."""
        self._said = told
        with suppress(SnapbookError):  # it is said again
            self._http.once("POST", "/fronts", json={**told, "id": self.id})

    def close(self) -> None:
        """Be one no more."""
        self.say({**self._said, "gone": True})


def _table(data: bytes) -> Mapping[str, Any]:
    try:
        value: Any = canonical.decode(data)
    except ValueError:
        value = None
    if not isinstance(value, Mapping):
        raise Damaged("The server's answer is no object", act="Is there a registry there?")
    return value
