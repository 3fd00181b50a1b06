"""Quotas: how many bytes the versions of some models may take in a registry.

What counts are the blobs that the living versions of these models need, each once, as large as they
are unpacked. Counted once after a start, from then on with each version; looked at when an event is
about to be made, so that no way into the chain goes past it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from snapbook import settings
from snapbook.canonical import Json
from snapbook.errors import BadOption, Refused
from snapbook.registry.roles import Grant, parse_grant
from snapbook.repository import Repository
from snapbook.store.packs import PackStore
from snapbook.transfer import needed_by
from snapbook.withheld import blobs

_ADDING = frozenset({"version", "shared", "tag", "note", "alias", "request", "approval", "policy"})


@dataclass(frozen=True, slots=True)
class Quota:
    """The most bytes that the versions of the models ``pattern`` may take together."""

    pattern: str
    bytes: int

    def covers(self, model: str) -> bool:
        """Whether ``model`` counts."""
        return Grant("writer", self.pattern).covers(model)


def parse(text: str) -> Quota:
    """The quota that "risk/*=50 GB" spells. Raises BadOption."""
    pattern, equals, size = text.partition("=")
    if not equals:
        raise BadOption(f"--quota cannot be {text}", act="It takes models and a size: risk/*=50 GB")
    grant = parse_grant(f"writer:{pattern.strip()}")
    limit = settings.parse(settings.Setting("--quota", 0, "", unit="bytes"), size)
    return Quota(grant.pattern, int(limit))


@dataclass(slots=True)
class _Account:
    """What counts for one quota, as of event ``n``: digests and their bytes together."""

    known: set[bytes] = field(default_factory=set)
    used: int = 0
    n: int = 0


class Ledger:
    """What each of ``quotas`` was used for."""

    def __init__(self, quotas: Iterable[Quota] = ()) -> None:
        self._accounts = [(quota, _Account()) for quota in quotas]
        self._lock = threading.Lock()

    def admit(self, repository: Repository, type: str, body: Mapping[str, Json]) -> None:
        """Raise Refused where an event would bring more than a quota leaves."""
        model = str(body.get("model"))
        if type not in ("version", "rows") or not any(q.covers(model) for q, _ in self._accounts):
            return
        with self._lock:
            for quota, account in self._accounts:
                if quota.covers(model):
                    self._follow(repository, quota, account)
                    needed = _brought(repository, type, body)
                    new = _bytes(repository, needed - account.known)
                    if account.used + new > quota.bytes:
                        raise _full(quota, account.used, f"{model} would bring {_text(new)}")

    def check_room(self, repository: Repository, model: str) -> None:
        """Raise Refused where nothing is left for ``model``: before it sends anything."""
        for quota, account in self._accounts:
            if quota.covers(model):
                with self._lock:
                    self._follow(repository, quota, account)
                if account.used >= quota.bytes:
                    raise _full(quota, account.used, "nothing is left")

    def _follow(self, repository: Repository, quota: Quota, account: _Account) -> None:
        head = repository.follow()
        if head.n == account.n:
            return
        types = {event.type for event in repository.catalog.read(account.n + 1)}
        if account.n > head.n or types - _ADDING:
            # Something went, or got another name: what is left is counted anew.
            account.known, account.used, account.n = set(), 0, 0
        for row in repository.every_version():
            if row.n <= account.n:
                break
            if quota.covers(row.model):
                new = _keys(needed_by(repository, row)) - account.known
                account.used += _bytes(repository, new)
                account.known |= new
        account.n = head.n


def _brought(repository: Repository, type: str, body: Mapping[str, Any]) -> set[bytes]:
    """The blobs that the version of an event needs once it is made."""
    manifest, get = repository.manifest(str(body["manifest"])), repository.store.get
    kept: tuple[str, ...] = tuple(body.get("withheld") or ()) if type == "version" else ()
    needed = manifest.reachable(get) - blobs(manifest, kept, get)
    return _keys({str(body["manifest"]), *needed})


def _keys(digests: Iterable[str]) -> set[bytes]:
    return {bytes.fromhex(digest) for digest in digests}


def _bytes(repository: Repository, keys: Iterable[bytes]) -> int:
    store = repository.store
    assert isinstance(store, PackStore)
    return sum(_size(store, key) for key in keys)


def _size(store: PackStore[Any], key: bytes) -> int:
    name = store.holder(key)
    pack = store.open_pack(name) if name is not None else None
    place = pack.find(key) if pack is not None else None
    return place.size if place is not None else 0


def _text(count: float) -> str:
    """Bytes in units of 1024, as quotas are written."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GB"


def _full(quota: Quota, used: int, why: str) -> Refused:
    return Refused(
        f"Not pushed: {quota.pattern} may take {_text(quota.bytes)} in this registry",
        f"{_text(used)} are taken, {why}",
        act="Ask its administrator for more, or for what can be deleted",
        kind="quota",
    )
