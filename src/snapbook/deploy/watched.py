"""What one server sees of a rollout: figures of both versions, held against its rules."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from snapbook import events
from snapbook.canonical import Json
from snapbook.deploy import figures
from snapbook.deploy.figures import Asked
from snapbook.deploy.lasting import Lasting
from snapbook.deploy.plan import AB
from snapbook.deploy.rollout import Rollout
from snapbook.watch import rules
from snapbook.watch.rules import Found

_BY_WORKERS = ("drift", "prediction_drift", "accuracy", "rmse", "mae", "bias", "segments")
_OUTCOMES = ("labels", "accuracy", "rmse", "mae")
_ASK_S = 1.0
_LOOKS_S = 1.0  # from one look to the next at most: it is twenty times a second
_LONGEST_S = 86400.0


class Watched:
    """One rollout as this server sees it.

    ``lasting`` tells how long its step lasts. ``held``: stable answers here, whatever the chain
    still says, and ``why``. ``waits`` is what keeps the next step out; ``found`` what the rules
    said last.
    """

    def __init__(self, n: int) -> None:
        self.n = n
        self.lasting = Lasting()
        self.held = False
        self.why = ""
        self.waits = ""
        self.again = 0.0
        self.found: tuple[Found, ...] = ()
        self.told: dict[str, Mapping[str, Any]] = {}
        self._step = -1
        self._begun = 0.0
        self._looked_s = self._saw_s = 0.0
        self._asked = 0.0
        self._asking: asyncio.Task[None] | None = None
        self._figures: dict[str, figures.Figures] = {}
        self._names: dict[str, str] = {}
        self._outcomes: dict[str, dict[str, Json]] = {}

    def takes_part(self, rollout: Rollout) -> None:
        """Note that this server now does what the present step says."""
        if self._step != rollout.step:
            self._step, self._looked_s, self.waits = rollout.step, time.monotonic(), ""
            self._saw_s = self.again = 0.0
            self._begun = self._begun or self._looked_s

    def looks(self) -> None:
        """Note that this server looks now. Who was stopped for a while has not looked meanwhile."""
        now = time.monotonic()
        self._saw_s += min(now - self._looked_s, _LOOKS_S)
        self._looked_s = now

    @property
    def began(self) -> bool:
        """Whether this server takes part by now."""
        return self._begun > 0

    def saw_enough(self, rollout: Rollout) -> bool:
        """Whether it did so, and looked, for a whole window."""
        return self._step == rollout.step and self._saw_s >= rollout.plan.window_s

    def judge(self, router: Asked, rollout: Rollout, stable: str, candidate: str) -> Found | None:
        """The first rule that fires; None for none."""
        plan = rollout.plan
        self._names = {"stable": stable, "candidate": candidate}
        self._ask(router, rollout)
        seen = {
            side: figures.seen(router, name, self._seconds(rollout), self.told.get(name))
            for side, name in self._names.items()
        }
        self._figures = seen
        self.found = tuple(
            rules.judge(rule, seen["candidate"], seen["stable"]) for rule in plan.rules
        )
        return next((one for one in self.found if one.fires), None)

    def hold(self, why: str) -> None:
        """Let stable answer here from now on."""
        self.held, self.why = True, why

    def evidence(self, front: str) -> dict[str, Json]:
        """What was seen, as it is kept with the end of a rollout."""
        told: dict[str, Json] = {"rules": self.rules(), "front": front}
        return {**told, **self._figures}

    def rules(self) -> list[Json]:
        """What the rules said last, as data."""
        return [self._told(one) for one in self.found]

    def outcomes(self) -> Json:
        """What the workers told of outcomes, of stable and of the candidate."""
        return dict(self._outcomes)

    def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()

    def _seconds(self, rollout: Rollout) -> float:
        """How far figures reach back. What a version did before, in another rollout perhaps, is not
        held against it.
        """
        return min(rollout.plan.window_s, time.monotonic() - self._begun)

    def _told(self, found: Found) -> dict[str, Json]:
        state = {True: "fires", False: "holds", None: "n/a"}[found.fires]
        key = rules.METRICS[found.rule.metric][0]
        stable = self._figures.get("stable", {}).get(key)
        return {
            "text": found.rule.text,
            "metric": found.rule.metric,
            "state": state,
            "why": found.why or found.sentence,
            "candidate": found.value,
            "stable": float(stable) if isinstance(stable, int | float) else None,
            "limit": found.limit,
            "near": _near(found),
        }

    def _ask(self, router: Asked, rollout: Rollout) -> None:
        """Let the workers tell what only they know, now and then; one that hangs delays nothing."""
        busy = self._asking is not None and not self._asking.done()
        pause = min(_ASK_S, rollout.plan.window_s / 4)
        if not busy and time.monotonic() - self._asked >= pause:
            self._asked = time.monotonic()
            self._asking = asyncio.create_task(self._asked_of(router, rollout))

    async def _asked_of(self, router: Asked, rollout: Rollout) -> None:
        plan = rollout.plan
        about = any(rule.metric in _BY_WORKERS for rule in plan.rules)
        # Two versions are compared by all that was told since they stand side by side.
        lasted = (datetime.now(UTC) - events.parse_time(rollout.begun)).total_seconds()
        since = min(max(lasted, plan.window_s), _LONGEST_S)
        for side, name in self._names.items():
            if (
                about
                and (said := await figures.told(router, name, self._seconds(rollout))) is not None
            ):
                self.told[name] = said
            if plan.mode != AB:
                continue
            outcomes = await figures.told(router, name, since, least=1)
            if outcomes is not None:
                self._outcomes[side] = {
                    key: outcomes[key] for key in _OUTCOMES if outcomes.get(key) is not None
                }


def _near(found: Found) -> float | None:
    """How near a rule is to firing, 1 at its limit; None where nothing is known."""
    if found.value is None or found.limit is None:
        return None
    one, other = found.value, found.limit
    if not found.rule.above:
        one, other = other, one
    if other > 0 and one >= 0:
        return round(one / other, 4)
    return 1.0 if found.fires else 0.0
