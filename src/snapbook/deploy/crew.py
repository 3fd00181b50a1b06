"""The workers that a server needs, by the versions that they are of: begun, kept warm, ended.

Knows manifests and workers; how a version becomes one is given to it. One that cannot be started is
tried again later, and what it said is told meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from snapbook.catalog.rows import VersionRow
from snapbook.deploy.beside import apart
from snapbook.errors import SnapbookError
from snapbook.serve import logs
from snapbook.serve.router import Router
from snapbook.serve.worker import Worker

Prepare: TypeAlias = Callable[[VersionRow], Worker]
"""A version as a worker that can be started; in a thread, since it may take its time."""
_AGAIN_S = 30.0


class Crew:
    """The workers of ``router``; ``changed`` is called when one is ready, or is not to be had."""

    def __init__(self, router: Router, prepare: Prepare, changed: Callable[[], None]) -> None:
        self._router = router
        self._prepare = prepare
        self._changed = changed
        self._names: dict[str, str] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ending: dict[str, asyncio.Task[None]] = {}
        self._failed: dict[str, tuple[str, float]] = {}

    def name(self, manifest: str) -> str:
        """The worker of a version; "" where there is none yet."""
        return self._names.get(manifest, "")

    def why(self, manifest: str) -> str:
        """Why a version has no worker; "" where it has, or none was asked for yet."""
        return self._failed.get(manifest, ("", 0.0))[0]

    @property
    def whys(self) -> list[str]:
        """All that could not be started."""
        return [why for why, _ in self._failed.values()]

    @property
    def told(self) -> list[tuple[str, str]]:
        """Each worker, and how it is."""
        known = [
            (name, "ready" if self._router.ready(name) else "starting")
            for name in self._names.values()
        ]
        return sorted(known)

    def ensure(self, rows: Sequence[VersionRow]) -> None:
        """Begin to start the workers that are not there, the first one first."""
        for row in rows:
            if row.manifest in self._names or row.manifest in self._tasks:
                continue
            _, since = self._failed.get(row.manifest, ("", -_AGAIN_S))
            if time.monotonic() - since >= _AGAIN_S:
                self._tasks[row.manifest] = asyncio.create_task(self.start(row))

    async def start(self, row: VersionRow) -> None:
        """Start the worker of a version; `why` says it where that cannot be."""
        try:
            worker = await apart(self._prepare, row)
            if (ending := self._ending.get(worker.name)) is not None:
                await asyncio.wait([ending])  # it is wanted again
            await self._router.add(worker)
            self._names[row.manifest] = worker.name
            self._failed.pop(row.manifest, None)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not tried without a pause
            said = "it failed inside; the log says how"
            if isinstance(error, SnapbookError):
                said = error.sentence.rstrip(".")
            told = f"{row.ref} is not served here: {said}"
            self._failed[row.manifest] = (told, time.monotonic())
            logs.say("a version is not served", error, version=row.ref)
        finally:
            self._tasks.pop(row.manifest, None)
            self._changed()

    def spare(self, kept: Collection[str]) -> None:
        """End the workers that get no requests, but for those of the versions ``kept``."""
        traffic = self._router.traffic
        busy = (*traffic.answering, traffic.shadow) if traffic is not None else ()
        for manifest, name in list(self._names.items()):
            if manifest not in kept and name not in busy:
                del self._names[manifest]
                self._ending[name] = asyncio.create_task(self._end(name))
        for manifest in self._failed.keys() - set(kept):
            del self._failed[manifest]

    async def _end(self, name: str) -> None:
        try:
            await self._router.remove(name)
        finally:
            del self._ending[name]

    async def close(self) -> None:
        """Begin nothing more."""
        tasks = [*self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *self._ending.values(), return_exceptions=True)
