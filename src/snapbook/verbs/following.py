"""serve MODEL@ALIAS --follow: a server that goes where the alias goes, and rolls out what is next.

One process holds the port and loads no model; each version answers in a process of its own. What is
needed of a version is exported into the user's cache first, as for `serve`. The alias may be one of
this project or of a registry.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from snapbook import refs
from snapbook.deploy.front import Front
from snapbook.deploy.fronts import Announced
from snapbook.deploy.telling import Announcement
from snapbook.errors import NotRestorable, Usage
from snapbook.noticing import Watcher
from snapbook.promote.desk import LocalDesk
from snapbook.serve import environment, logs, public, start
from snapbook.serve.options import OPTIONS
from snapbook.serve.router import Router
from snapbook.serve.worker import Worker
from snapbook.verbs import deploying, promotion
from snapbook.verbs.here import Here
from snapbook.verbs.opening import opened
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.catalog.rows import VersionRow
    from snapbook.deploy.desk import Rollouts
    from snapbook.promote.desk import Desk
    from snapbook.refs import Ref
    from snapbook.verbs.table import Asked

_OF_WORKERS = "--log"  # options that begin so are for each worker
_ASK_S = 0.5


class _Unannounced:
    """Where there is no place for servers to tell of themselves: a bucket."""

    def __init__(self) -> None:
        self.id = secrets.token_hex(4)

    def say(self, told: Mapping[str, Json]) -> None:
        """Nobody hears it."""

    def close(self) -> None:
        """Nobody heard it."""


def follow(here: Here, asked: Asked) -> Done:
    """Answer with what an alias points at, wherever it goes, until interrupted."""
    ref = _alias(asked.ref or "")
    wanted = start.serving(asked)
    with promotion.desk(here, ref.registry) as desk:
        rollouts = deploying.of(desk)
        url = public.loop(_serve(here, asked, wanted, ref, desk, rollouts))
    return Done((f"stopped serving {ref}",), {"url": url, "ref": str(ref)})


async def _serve(
    here: Here, asked: Asked, wanted: start.Serving, ref: Ref, desk: Desk, rollouts: Rollouts
) -> str:
    logs.begin()
    router = Router(wanted.limits)
    with start.listening_at(wanted) as listening:
        url = start.address(wanted, listening)
        prepare = _preparing(here, asked, ref.registry)
        front = Front(router, rollouts, _announced(desk), prepare, ref.model, ref.alias, url)
        try:
            live = await front.begin()
            with _heard(desk, front.news):
                following = asyncio.create_task(front.follow())
                line = f"serving {ref} ({live}) at {url}. Stop it with Ctrl+C"
                await public.run(router, listening, wanted, lambda: here.say(line))
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)
        finally:
            await front.close()
            await router.close()
    return url


def _announced(desk: Desk) -> Announcement:
    """Where this server tells of itself."""
    if isinstance(desk, LocalDesk):
        folder = desk.repository.folder
        return Announced(folder) if folder is not None else _Unannounced()
    from snapbook.registry.desk import HttpDesk
    from snapbook.registry.rollouts import HttpAnnounced

    assert isinstance(desk, HttpDesk)
    return HttpAnnounced(desk.http)


@contextmanager
def _heard(desk: Desk, news: Callable[[], None]) -> Iterator[None]:
    """Call ``news`` in the loop when the chain grows: at once in a folder, else soon."""
    loop = asyncio.get_running_loop()

    def tell(*_: object) -> None:
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(news)

    if isinstance(desk, LocalDesk) and desk.repository.folder is not None:
        watcher = Watcher(tell, asked_s=math.inf)
        watcher.ask("", desk.repository.folder, 0)
        try:
            yield
        finally:
            watcher.stop()
        return
    asking = asyncio.create_task(_again(news))
    try:
        yield
    finally:
        asking.cancel()


async def _again(news: Callable[[], None]) -> None:
    """Nobody tells when a registry's chain grows: it is asked twice a second."""
    while True:
        await asyncio.sleep(_ASK_S)
        news()


def _preparing(here: Here, asked: Asked, registry: str) -> Callable[[VersionRow], Worker]:
    """How a version becomes a worker: its bundle, its Python, and whether it is trusted."""
    words = []
    for option in OPTIONS:
        value = getattr(asked, option.word.removeprefix("--").replace("-", "_"))
        if option.word.startswith(_OF_WORKERS) and value is not None:
            words += [option.word, str(value)]

    def prepare(row: VersionRow) -> Worker:
        with Here(here.folder, face=here.face) as own:
            found = opened(own, f"{registry}::{row.ref}" if registry else row.ref, "serve")
        trusted = bool(asked.trust) or found.trusted
        python = [sys.executable]
        if trusted and environment.misfits(found.bundle):
            try:
                python = [str(environment.python_for(found.path)), "-I"]
            except NotRestorable as error:
                logs.say("served in this environment, not in its own", error, version=row.ref)
        # What writes the log is in this environment; nobody put it into another one.
        more = words if python == [sys.executable] else ()
        return Worker(row.ref, found.path, python=python, trust=trusted, words=more)

    return prepare


def _alias(text: str) -> Ref:
    """The alias that is to be followed. Raises Usage."""
    ref = refs.parse(text) if text else refs.Ref()
    if not ref.model or not ref.alias or ref.back:
        raise Usage(
            f"--follow takes an alias, and {text or 'nothing'} is none",
            act="Like", hint="snapbook serve churn@production --follow",
        )  # fmt: skip
    return replace(ref, alias=ref.alias.lower())
