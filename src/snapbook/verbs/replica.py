"""One process of a registry that is served: what it opens, from words that can be sent to it."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook import places
from snapbook.verbs.here import release

if TYPE_CHECKING:
    from fastapi import FastAPI

    from snapbook.registry.app import Page
    from snapbook.registry.identity import Drawer
    from snapbook.registry.mlflow.shelves import Shelf as Drafts
    from snapbook.registry.people import People
    from snapbook.registry.servers import Servers
    from snapbook.registry.service import Limits, Service
    from snapbook.registry.sessions import Shelf
    from snapbook.registry.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Replica:
    """What all processes of a registry answer by: where it lies, its limits, where people sign in.

    ``sign_in`` is issuer, client and secret; ``page`` makes what people are shown. It can be
    pickled, and is called in a process of its own.
    """

    folder: Path
    database: str
    store: str
    limits: Limits
    sign_in: tuple[str, str, str] | None = None
    page: Callable[[], Page] | None = None

    @contextmanager
    def opened(self) -> Iterator[Service]:
        """The registry, open until the block ends. Raises what `places.served` does."""
        from snapbook.registry.service import Service

        with ExitStack() as open_:
            kept = open_.enter_context(
                closing(places.served(self.folder, self.database, self.store))
            )
            tokens = open_.enter_context(_tokens(kept))
            yield Service(
                kept.folder,
                kept.open,
                tokens,
                kept.folder.name,
                release() or "unknown",
                self.limits,
                shelf=_shelf(kept),
                drawer=drawer(kept),
                people=self._people(open_, tokens),
                drafting=_drafts(kept),
                following=_following(kept),
            )

    def shown(self) -> Page | None:
        """What people are shown."""
        return self.page() if self.page is not None else None

    def __call__(self) -> FastAPI:
        """The application of this process, which ends with the one that started it."""
        from snapbook.registry import app, logs

        logs.begin()
        threading.Thread(target=_end_with_parent, daemon=True).start()
        open_ = ExitStack()
        atexit.register(open_.close)
        return app.make(open_.enter_context(self.opened()), self.shown())

    def _people(self, open_: ExitStack, tokens: Tokens) -> People | None:
        if self.sign_in is None:
            return None
        from snapbook.registry.oidc import Issuer
        from snapbook.registry.people import People

        issuer = open_.enter_context(closing(Issuer(*self.sign_in)))
        issuer.watch()
        return People(issuer, tokens)


def drawer(kept: places.Served) -> Drawer | None:
    """Where its key lies, if not in its folder: in the database that servers share."""
    from snapbook.registry.identity import DatabaseDrawer

    return None if kept.database is None else DatabaseDrawer(kept.database)


def _shelf(kept: places.Served) -> Shelf:
    """Where sessions at the page lie: with the tokens, so that they hold at every server."""
    from snapbook.registry import shelves

    if kept.database is None:
        return shelves.FolderShelf(kept.folder / "sessions")
    return shelves.DatabaseShelf(kept.database)


def _drafts(kept: places.Served) -> Drafts | None:
    """Where what MLflow logs lies, if not in its folder: where all servers reach it."""
    from snapbook.registry.mlflow.shelves import SharedShelf

    if kept.database is None or kept.objects is None:
        return None
    return SharedShelf(kept.database, kept.objects.bucket)


def _following(kept: places.Served) -> Servers | None:
    """Where servers that follow an alias are known, if not in its folder: where all hosts look."""
    from snapbook.registry.servers import DatabaseServers

    return None if kept.database is None else DatabaseServers(kept.database)


@contextmanager
def _tokens(kept: places.Served) -> Iterator[Tokens]:
    """The tokens of a served registry: in its folder, or in the database that servers share."""
    from snapbook.registry.tokens import Tokens

    if kept.database is None:
        yield Tokens(kept.folder)
        return
    from snapbook.registry.shared import SharedTokens

    with closing(SharedTokens(kept.database)) as tokens:
        tokens.watch()
        yield tokens


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
