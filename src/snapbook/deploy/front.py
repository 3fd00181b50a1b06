"""A server that follows an alias: it does what the chain says, and says what it sees.

Nothing is decided here alone. What is under way is folded from the chain each time it grew; whose
clock says that a step is over appends the next one, whose rules fire appends the end, and whoever
comes second finds it done. But stable answers everything again before anybody is asked.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from snapbook.canonical import Json
from snapbook.catalog.rows import VersionRow
from snapbook.deploy.beside import Beside
from snapbook.deploy.crew import Crew, Prepare
from snapbook.deploy.desk import Rollouts
from snapbook.deploy.leading import Leading
from snapbook.deploy.rollout import Rollout
from snapbook.deploy.standing import Standing
from snapbook.deploy.telling import Announcement, Telling
from snapbook.errors import Hint, NotFound, Refused, SnapbookError
from snapbook.serve import logs
from snapbook.serve.router import Router
from snapbook.serve.traffic import Traffic

_TICK_S = 0.05
_IDLE_S = 10.0
_TELL_S = 1.0
_HEARTBEAT_S = 5.0


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
        self._beside = Beside()
        self._leading = Leading(
            router, self._crew, rollouts, self._beside, announcement.id, self._apply, self.news
        )
        self._at = 0
        self._switched_s = 0.0
        self._lost = ""

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
        self._leading.join(standing)
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
        self._leading.watched.close()
        await self._crew.close()
        await self._telling.close()
        await self._beside.close()

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
        return await self._beside.ask(self._rollouts.standing, self._model, self._alias)

    async def _apply(self) -> None:
        """Let requests go where they are to go by now, and begin what is needed for that."""
        async with self._one:
            standing = self._standing
            if standing is None or standing.live is None:
                return  # what answered before still does
            live, rollout = standing.live, self._rollout
            if rollout is not None:
                self._leading.follow(standing, rollout)
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
            self._leading.rehearse(standing)
            if rollout is not None and self._crew.name(rollout.manifest):
                self._leading.watched.takes_part(rollout)
            elif rollout is not None and not self._leading.watched.held:
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
        if rollout is None or not candidate or self._leading.watched.held:
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
                if rollout is not None and rollout is self._rollout and self._standing is not None:
                    await self._leading.look(self._standing, rollout)
            except Exception as error:  # noqa: BLE001 - one look that failed is not the last one
                logs.say("a rollout cannot be judged", error)
                await asyncio.sleep(_TELL_S)
            if self._telling.silent_s >= (_TELL_S if rollout is not None else _HEARTBEAT_S):
                self._tell()

    def _tell(self) -> None:
        """Say what is so now."""
        traffic, rollout, watched = self._router.traffic, self._rollout, self._leading.watched
        standing = self._standing
        if traffic is None or standing is None:
            return
        active = rollout is not None
        self._telling.tell(
            {
                "model": standing.model, "alias": standing.alias, "url": self._url, "at": self._at,
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
