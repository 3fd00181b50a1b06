"""How a server leads a rollout on: it holds rules against figures, and takes steps that are due.

Whoever comes second finds it done. But where a rule fires, stable answers everything again on this
server before anybody is asked.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime

from snapbook.canonical import Json
from snapbook.deploy.acts import End
from snapbook.deploy.beside import Beside
from snapbook.deploy.crew import Crew
from snapbook.deploy.desk import Rollouts
from snapbook.deploy.rollout import Rollout
from snapbook.deploy.standing import Drill, Standing
from snapbook.deploy.watched import Watched
from snapbook.errors import SnapbookError
from snapbook.serve import logs
from snapbook.serve.router import Router

_AGAIN_S, _SOON_S = 5.0, 0.5


class Leading:
    """Leads the rollouts of one alias for the server called ``name``.

    ``back`` lets requests go back to stable as far as this server is concerned; ``changed`` is
    called when the chain grew by something that was done here.
    """

    def __init__(
        self,
        router: Router,
        crew: Crew,
        rollouts: Rollouts,
        beside: Beside,
        name: str,
        back: Callable[[], Awaitable[None]],
        changed: Callable[[], None],
    ) -> None:
        self.watched = Watched(0)
        self._router = router
        self._crew = crew
        self._rollouts = rollouts
        self._beside = beside
        self._name = name
        self._back = back
        self._changed = changed
        self._drilled = self._joined = 0

    def join(self, standing: Standing) -> None:
        """What was asked for before this server was there is not for it."""
        self._drilled = standing.drill.n if standing.drill is not None else 0
        self._joined = standing.head

    def follow(self, standing: Standing, rollout: Rollout) -> None:
        """``rollout`` is under way now."""
        if rollout.n != self.watched.n:
            self.watched.close()
            self.watched = Watched(rollout.n)
        unseen_s = math.inf if rollout.last <= self._joined else 0.0
        self.watched.lasting.hears(rollout, unseen_s, standing.lasted_s)

    async def look(self, standing: Standing, rollout: Rollout) -> None:
        """Look at figures and the clock, and do what follows."""
        watched = self.watched
        if watched.n != rollout.n or watched.held:
            return
        watched.looks()
        if why := self._bad(standing, rollout):
            watched.hold(why)
            with suppress(SnapbookError):  # told by who follows the chain
                await self._back()
            evidence = watched.evidence(self._name)
            self._beside.go(self._take_back(standing, rollout, why, evidence))
            return
        now = watched.lasting.now(rollout)
        if rollout.due(now) and watched.saw_enough(rollout) and time.monotonic() >= watched.again:
            watched.again = time.monotonic() + _AGAIN_S
            self._beside.go(self._step(standing, rollout, now))

    def rehearse(self, standing: Standing) -> None:
        """Rehearse the way back, where that was asked for."""
        drill = standing.drill
        if drill is not None and drill.n > self._drilled:
            self._drilled = drill.n
            self._beside.go(self._drill(standing, drill))

    def _bad(self, standing: Standing, rollout: Rollout) -> str:
        """Why the rollout is to end; "" for no reason."""
        if rollout.manifest not in standing.rows:
            return "the version was deleted"
        stable, candidate = self._crew.name(rollout.old), self._crew.name(rollout.manifest)
        if not stable or not candidate or not self.watched.began:
            return self._crew.why(rollout.manifest)
        fired = self.watched.judge(self._router, rollout, stable, candidate)
        return fired.sentence if fired is not None else ""

    async def _take_back(
        self, standing: Standing, rollout: Rollout, why: str, evidence: Mapping[str, Json]
    ) -> None:
        """Append the end, however often it takes."""
        logs.say("a rollout is taken back", version=standing.ref(rollout.manifest), why=why)
        end = End(rollout.n, why, evidence)
        while True:
            try:
                await self._beside.ask(self._rollouts.abort, standing.model, standing.alias, end)
            except Exception as error:  # noqa: BLE001 - whatever it is, it has to be written
                logs.say("the end of a rollout is not written yet", error)
                await asyncio.sleep(1.0)
            else:
                self._changed()
                return

    async def _step(self, standing: Standing, rollout: Rollout, now: datetime) -> None:
        watched = self.watched
        try:
            act = self._rollouts.advance
            if not await self._beside.ask(act, standing.model, rollout, now, ""):
                # Another did it, or who keeps the chain holds that it is too soon.
                watched.again = time.monotonic() + _SOON_S
        except SnapbookError as error:
            if watched.waits != error.sentence:
                logs.say("a rollout waits", error, version=standing.ref(rollout.manifest))
            watched.waits = error.sentence
        self._changed()

    async def _drill(self, standing: Standing, drill: Drill) -> None:
        seconds, why = 0.0, self._crew.why(drill.to)
        name = self._crew.name(drill.to)
        if not name:
            why = why or "the version before is not ready yet"
        else:
            try:
                found = await self._router.drill(name)
                seconds = found.switch_s
                if not found.good:
                    why = f"{found.failed} of {found.answered + found.failed} answers failed"
            except SnapbookError as error:
                why = error.sentence
        told = (standing.model, standing.alias, drill.n, self._name, seconds, why)
        with suppress(SnapbookError):
            await self._beside.ask(self._rollouts.drilled, *told)
        self._changed()
