"""What all routes of a registry share: its Repository, its tokens, its limits, who asks.

Knows nothing of HTTP beyond a header's text. Every thread that works has a Repository of its own
over the same folder, as processes have: what they share is on the disk.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from snapbook.catalog.rows import VersionRow
from snapbook.errors import Refused
from snapbook.registry.answers import Answers
from snapbook.registry.identity import Drawer, FolderDrawer, Identity
from snapbook.registry.meters import Meters
from snapbook.registry.mlflow.shelves import FolderShelf as FolderDrafts
from snapbook.registry.mlflow.shelves import Shelf as DraftShelf
from snapbook.registry.people import People
from snapbook.registry.quotas import Ledger, Quota
from snapbook.registry.roles import Principal
from snapbook.registry.servers import FolderServers, Servers
from snapbook.registry.sessions import Sessions, Shelf
from snapbook.registry.shelves import FolderShelf
from snapbook.registry.stepping import Stepping
from snapbook.registry.tokens import Tokens
from snapbook.registry.witness import Witnessed
from snapbook.repository import Repository
from snapbook.store.packs import PackStore
from snapbook.transfer import words_of

_REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one request may bring, in bytes: a pack as it travels, and unpacked.

    And how many requests a second one token or one address may make; 0 is without limit. And how
    many bytes the versions of some models may take; and how long a client may be silent within a
    request.
    """

    pack_bytes: int = 32 << 30
    unpacked_bytes: int = 128 << 30
    requests_per_s: float = 1000
    quotas: tuple[Quota, ...] = ()
    patience_s: float = 30


@dataclass(slots=True)
class Service:
    """A registry over the Repository that ``open`` opens in ``folder``."""

    folder: Path
    open: Callable[[], Repository]
    tokens: Tokens
    name: str
    version: str = "unknown"
    limits: Limits = field(default_factory=Limits)
    meters: Meters = field(default_factory=Meters)
    shelf: Shelf | None = None  # of sessions; the folder's, if none is given
    drawer: Drawer | None = None  # of its key; the folder's, if none is given
    people: People | None = None  # who signs in elsewhere
    drafting: DraftShelf | None = None  # of what MLflow logs; the folder's, if none is given
    following: Servers | None = None  # that follow an alias; the folder's, if none are given
    sessions: Sessions = field(init=False)
    identity: Identity = field(init=False)
    ledger: Ledger = field(init=False)
    answers: Answers = field(default_factory=Answers, init=False)
    drafts: DraftShelf = field(init=False)
    servers: Servers = field(init=False)
    stepping: Stepping = field(default_factory=Stepping, init=False)
    _threads: threading.local = field(default_factory=threading.local, init=False)
    _all: list[Repository] = field(default_factory=list, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _needed: OrderedDict[tuple[str, tuple[str, ...]], frozenset[str]] = field(
        default_factory=OrderedDict, init=False
    )

    def __post_init__(self) -> None:
        shelf = self.shelf or FolderShelf(self.folder / "sessions")
        self.sessions = Sessions(shelf, self.tokens)
        self.drafts = self.drafting or FolderDrafts(self.folder / "mlflow")
        self.servers = self.following or FolderServers(self.folder / "fronts")
        self.ledger = Ledger(self.limits.quotas)
        self.identity = Identity(self.drawer or FolderDrawer(self.folder))

    @property
    def repository(self) -> Repository:
        """The Repository of the thread that asks."""
        found: Repository | None = getattr(self._threads, "repository", None)
        if found is None:
            found = self.open()
            found.catalog = Witnessed(found.catalog, partial(self.ledger.admit, found))
            self._threads.repository = found
            with self._lock:
                self._all.append(found)
        return found

    @property
    def store(self) -> PackStore[Any]:
        """The store of `repository`; packs come and go as files or objects."""
        store = self.repository.store
        assert isinstance(store, PackStore)
        return store

    @property
    def chain(self) -> Witnessed:
        """The catalog of `repository`: whatever is appended to it says which request did it."""
        catalog = self.repository.catalog
        assert isinstance(catalog, Witnessed)
        return catalog

    def close(self) -> None:
        """Let go of all files."""
        with self._lock:
            while self._all:
                self._all.pop().close()

    def principal(self, authorization: str, session: str = "") -> Principal:
        """Who asks, by the header "Authorization", or by a session where there is none.

        Raises Refused (kind "unauthenticated"), and Unreachable where the keys of a sign-in are.
        """
        if session and not authorization:
            who = self.sessions.principal(session)
        else:
            scheme, _, token = authorization.partition(" ")
            who = self._bearer(token.strip()) if scheme.lower() == "bearer" else None
        if who is None:
            raise Refused(
                "This registry does not know you",
                "the token is absent, wrong, expired or revoked",
                act="Get one from its administrator",
                kind="unauthenticated",
            )
        return who

    def _bearer(self, token: str) -> Principal | None:
        who = self.tokens.principal(token)
        if who is None and self.people is not None:
            who = self.people.principal(token)
        return who

    def needed(self, row: VersionRow) -> frozenset[str]:
        """The blobs of a version; those of its Manifest are remembered, for the last asked for."""
        place = (row.manifest, row.withheld)
        with self._lock:
            known = self._needed.get(place)
        if known is None:
            known = frozenset({row.manifest, *self.repository.needed(row)})
            with self._lock:
                self._needed[place] = known
                while len(self._needed) > _REMEMBERED:
                    self._needed.popitem(last=False)
        return known | words_of(self.repository, row)

    def reachable(self, who: Principal, model: str) -> frozenset[str] | None:
        """The blobs that ``who`` may know to be here when he writes to ``model``: None for all.

        Those of the newest versions of the model: for others he uploads what may be here already,
        and learns nothing of it.
        """
        if who.may_all("read"):
            return None
        if not who.may("read", model):
            return frozenset()
        page = self.repository.index.page(model, limit=20)
        return frozenset().union(*(self.needed(row) for row in page.rows))
