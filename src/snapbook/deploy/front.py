"""A server that follows an alias: it does what the chain says, and says what it sees.

Nothing is decided here alone. What is under way is folded from the chain each time it grew; whose
clock says that a step is over appends the next one, whose rules fire appends the end, and whoever
comes second finds it done. But stable answers everything again before anybody is asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from snapbook.canonical import Json
from snapbook.catalog.rows import VersionRow
from snapbook.deploy.crew import Crew, Prepare
from snapbook.deploy.desk import Rollouts
from snapbook.deploy.rollout import Rollout
from snapbook.deploy.standing import Standing
from snapbook.deploy.telling import Announcement, Telling
from snapbook.deploy.watched import Watched
from snapbook.errors import Hint, NotFound, Refused, SnapbookError
from snapbook.serve import logs
from snapbook.serve.router import Router
from snapbook.serve.traffic import Traffic

T = TypeVar("T")
_TICK_S = 0.05
_IDLE_S = 10.0
_TELL_S = 1.0
_HEARTBEAT_S = 5.0
_AGAIN_S = 5.0


class Front:
    """The server of ``alias`` of ``model`` behind ``url``. For one event loop."""

    def __init__(
        self,
        router: Router,
        rollouts: Rollouts,
        announcement: Announcement,
        prepare: Prepare,
        model: str,
        alias: str,
        url: str = "",
    ) -> None:
        self._router = router
        self._rollouts = rollouts
        self._telling = Telling(announcement)
        self._model = model
        self._alias = alias
        self._url = url
        self._news = asyncio.Event()
        self._crew = Crew(router, prepare, self._news.set)
        self._one = asyncio.Lock()  # who lets requests go elsewhere
        self._standing: Standing | None = None
        self._watched = Watched(0)
        self._at = 0
        self._switched_s = 0.0
        self._lost = ""
        self._drilled = 0
        self._acting: set[asyncio.Task[None]] = set()
        self._thread = ThreadPoolExecutor(1, "snapbook-front")  # a repository is for one at a time

    async def begin(self) -> str:
        """Start what the alias points at; its reference. Raises NotFound, Refused."""
        standing = self._standing = await self._look()
        live = standing.live
        if live is None:
            raise NotFound(
                f"Not served: {self._alias} of {self._model} points at nothing",
                act="Let it point at a version",
                hint=Hint("promote", (self._model, self._alias)),
            )
        self._drilled = standing.drill.n if standing.drill is not None else 0
        await self._crew.start(live)
        if why := self._crew.why(live.manifest):
            raise Refused(f"Not served: {why}", kind="not-served")
        await self._apply()
        return live.ref

    def news(self) -> None:
        """The chain grew. From the loop's own thread."""
        self._news.set()

    async def follow(self) -> None:
        """Do what the chain says, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read())
            group.create_task(self._watch())

    async def close(self) -> None:
        """Begin nothing more, and be announced no more."""
        self._watched.close()
        for task in self._acting:
            task.cancel()
        await asyncio.gather(*self._acting, return_exceptions=True)
        await self._crew.close()
        await self._telling.close()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _read(self) -> None:
        """Read what happened, when something did, and do it."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_IDLE_S):
                    await self._news.wait()
            self._news.clear()
            try:
                self._standing = await self._look()
                await self._apply()
                self._lost = ""
            except Exception as error:  # noqa: BLE001 - whatever it is, requests are answered
                # A disk or a registry that does not answer: it is asked again.
                if not self._lost:
                    logs.say("the alias is not followed", error)
                ours = isinstance(error, SnapbookError)
                self._lost = str(error) if ours else "it failed inside; the log says how"
                await asyncio.sleep(1.0)
                self._news.set()

    async def _look(self) -> Standing:
        return await self._asked(self._rollouts.standing, self._model, self._alias)

    async def _apply(self) -> None:
        """Let requests go where they are to go by now, and begin what is needed for that."""
        async with self._one:
            standing = self._standing
            if standing is None or standing.live is None:
                return  # what answered before still does
            live, rollout = standing.live, self._rollout
            if rollout is not None and rollout.n != self._watched.n:
                self._watched.close()
                self._watched = Watched(rollout.n)
            wanted = self._wanted(standing, live, rollout)
            self._crew.ensure(wanted)
            traffic = self._traffic(live, rollout)
            if traffic is None:
                return
            if traffic != self._router.traffic:
                self._switched_s = await self._router.switch(traffic)
                logs.say(
                    "switched", stable=traffic.stable, canary=traffic.canary,
                    share=traffic.share, shadow=traffic.shadow,
                )  # fmt: skip
            self._crew.spare({row.manifest for row in wanted})
            self._rehearse(standing)
            if rollout is not None and self._crew.name(rollout.manifest):
                self._watched.takes_part(rollout)
            elif rollout is not None and not self._watched.held:
                return  # the candidate is not ready yet
            if self._at != standing.head:
                self._at = standing.head
                self._tell()

    @property
    def _rollout(self) -> Rollout | None:
        """The one that is under way."""
        found = self._standing.rollout if self._standing is not None else None
        return found if found is not None and found.active else None

    def _wanted(
        self, standing: Standing, live: VersionRow, rollout: Rollout | None
    ) -> list[VersionRow]:
        """The versions that have workers: what answers, what is to, and what did before."""
        wanted = [live]
        if rollout is not None and rollout.manifest in standing.rows:
            wanted.append(standing.rows[rollout.manifest])
        if standing.back is not None and standing.back.manifest != live.manifest:
            wanted.append(standing.back)
        return wanted

    def _traffic(self, live: VersionRow, rollout: Rollout | None) -> Traffic | None:
        """Where requests are to go; None while what is to answer is not there yet."""
        stable = self._crew.name(live.manifest)
        if not stable:
            return None
        candidate = self._crew.name(rollout.manifest) if rollout is not None else ""
        if rollout is None or not candidate or self._watched.held:
            return Traffic(stable)
        if rollout.shadow:
            return Traffic(stable, shadow=candidate)
        share = rollout.share / 100
        return Traffic(stable, candidate, share, rollout.plan.sticky, salt=rollout.salt)

    async def _watch(self) -> None:
        """Look at figures and clocks while a rollout is under way, and say how things are."""
        while True:
            rollout = self._rollout
            await asyncio.sleep(_TICK_S if rollout is not None else _TELL_S)
            try:
                if rollout is not None and rollout is self._rollout:
                    await self._lead(rollout)
            except Exception as error:  # noqa: BLE001 - one look that failed is not the last one
                logs.say("a rollout cannot be judged", error)
                await asyncio.sleep(_TELL_S)
            if self._telling.silent_s >= (_TELL_S if rollout is not None else _HEARTBEAT_S):
                self._tell()

    async def _lead(self, rollout: Rollout) -> None:
        if not self._watched.held:
            await self._judge(rollout)
        if not self._watched.held:
            self._advance(rollout)

    async def _judge(self, rollout: Rollout) -> None:
        """Hold the rules against the figures; the first that fires ends the rollout."""
        why = self._crew.why(rollout.manifest)
        stable, candidate = self._crew.name(rollout.old), self._crew.name(rollout.manifest)
        if stable and candidate:
            fired = self._watched.judge(self._router, rollout, stable, candidate)
            why = fired.sentence if fired is not None else ""
        if not why:
            return
        self._watched.hold(why)
        with suppress(SnapbookError):  # told by who follows the chain
            await self._apply()
        self._act(self._take_back(rollout, why, self._watched.evidence(self._telling.id)))

    async def _take_back(self, rollout: Rollout, why: str, evidence: Mapping[str, Json]) -> None:
        """Append the end, however often it takes."""
        model, alias = self._model, self._alias
        logs.say("a rollout is taken back", version=self._ref(rollout.manifest), why=why)
        while True:
            try:
                end = partial(self._rollouts.abort, n=rollout.n, why=why, evidence=evidence)
                await self._asked(end, model, alias)
            except SnapbookError as error:
                logs.say("the end of a rollout is not written yet", error)
                await asyncio.sleep(1.0)
            else:
                self._news.set()
                return

    def _advance(self, rollout: Rollout) -> None:
        """Take the next step where it is due, and this server has seen enough of this one."""
        watched, now = self._watched, datetime.now(UTC)
        if not rollout.due(now) or not watched.saw_enough(rollout):
            return
        if time.monotonic() >= watched.again:
            watched.again = time.monotonic() + _AGAIN_S
            self._act(self._step(rollout, now))

    async def _step(self, rollout: Rollout, now: datetime) -> None:
        watched = self._watched
        try:
            await self._asked(self._rollouts.advance, self._model, rollout, now, "")
            watched.again = 0.0
        except SnapbookError as error:
            if watched.waits != error.sentence:
                logs.say("a rollout waits", error, version=self._ref(rollout.manifest))
            watched.waits = error.sentence
        self._news.set()

    def _rehearse(self, standing: Standing) -> None:
        """Rehearse the way back where that was asked for."""
        drill = standing.drill
        if drill is not None and drill.n > self._drilled:
            self._drilled = drill.n
            self._act(self._drill(drill.n, drill.to))

    async def _drill(self, n: int, to: str) -> None:
        seconds, why = 0.0, self._crew.why(to)
        name = self._crew.name(to)
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
        front = self._telling.id
        with suppress(SnapbookError):
            await self._asked(
                self._rollouts.drilled, self._model, self._alias, n, front, seconds, why
            )
        self._news.set()

    async def _asked(self, act: Callable[..., T], *words: object) -> T:
        """What the desk says, which may take its time."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, act, *words)

    def _act(self, act: Coroutine[object, object, None]) -> None:
        """Let ``act`` go on beside the rest."""
        task = asyncio.create_task(act)
        self._acting.add(task)
        task.add_done_callback(self._acting.discard)

    def _ref(self, manifest: str) -> str:
        return self._standing.ref(manifest) if self._standing is not None else manifest[:8]

    def _tell(self) -> None:
        """Say what is so now."""
        traffic, rollout, watched = self._router.traffic, self._rollout, self._watched
        if traffic is None:
            return
        active = rollout is not None
        self._telling.tell(
            {
                "model": self._model, "alias": self._alias, "url": self._url, "at": self._at,
                "answers": traffic.stable, "canary": traffic.canary, "shadow": traffic.shadow,
                "share": traffic.share * 100, "switched_s": round(self._switched_s, 6),
                "why": "; ".join(filter(None, [self._lost, *self._crew.whys])),
                "workers": [{"ref": name, "state": state} for name, state in self._crew.told],
                "rollout": rollout.n if rollout is not None else 0,
                "waits": watched.waits if active else "",
                "rules": watched.rules() if active else [],
                "outcomes": watched.outcomes() if active else None,
                "shadowed": self._shadowed() if traffic.shadow else None,
            }
        )  # fmt: skip

    def _shadowed(self) -> Json:
        """What became of the copies."""
        counts = self._router.shadowed()
        return {
            "compared": counts.compared, "differ": counts.differ, "dropped": counts.dropped
        }  # fmt: skip
