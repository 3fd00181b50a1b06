"""Webhooks of a registry: where events are sent, with which secret, and how far each has come.

Kept where the registry's key is, so that all its servers know them. How far one has come is a place
in the chain: the chain is the queue, and there is no other. Who sends holds a lease on that place,
so that several servers do not send each event as many times; a lease is a courtesy, and after a
server was killed an event may come twice, never not at all.
"""

from __future__ import annotations

import base64
import json
import random
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from snapbook.errors import BadOption, Damaged, NotFound
from snapbook.registry.identity import Drawer
from snapbook.registry.roles import Grant, parse_grant

_BOOK = "webhooks.json"
LEASE_S = 45.0  # longer than one event may take to be sent
_SETTLES_S = 0.2


@dataclass(frozen=True, slots=True)
class Hook:
    """A place that events are sent to: those about models that match ``model``, behind the event
    ``since``. ``private``: its address may be one that only this network knows.
    """

    id: str
    url: str
    model: str
    secret: str
    private: bool
    since: int
    made: str

    def wants(self, names: list[str]) -> bool:
        """Whether it is told of an event that is about a model called so (none: about no model)."""
        pattern = Grant("reader", self.model)
        return any(map(pattern.covers, names)) if names else self.model == "*"


@dataclass(frozen=True, slots=True)
class Place:
    """How far a hook has come, who sends, and until when (seconds since 1970) he alone does."""

    n: int
    holder: str = ""
    until: float = 0.0


class Hooks:
    """The webhooks in ``drawer``."""

    def __init__(self, drawer: Drawer, lease_s: float = LEASE_S) -> None:
        self._drawer = drawer
        self.lease_s = lease_s
        self._seen: dict[str, tuple[Place, float]] = {}  # of others, and since when so

    def all(self) -> list[Hook]:
        """Every webhook. Raises Damaged."""
        try:
            return [Hook(**one) for one in json.loads(self._drawer.get(_BOOK) or "[]")]
        except (ValueError, TypeError) as error:
            raise Damaged("The list of webhooks cannot be read", _BOOK) from error

    def add(self, url: str, model: str, since: int, made: str, *, private: bool = False) -> Hook:
        """Make a webhook; its secret is in it. Raises BadOption for an address that cannot be one.

        It is told of events behind the place ``since``.
        """
        checked(url, private=private)
        pattern = parse_grant(f"reader:{model}").pattern if model else "*"
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        hook = Hook(secrets.token_hex(4), url, pattern, secret, private, since, made)
        self._write([*self.all(), hook])
        return hook

    def remove(self, id_: str) -> Hook:
        """Send nothing there any more. Raises NotFound."""
        every = self.all()
        found = next((one for one in every if one.id == id_), None)
        if found is None:
            known = ", ".join(one.id for one in every) or "none"
            raise NotFound(f"There is no webhook {id_} (there is: {known})", kind="no-webhook")
        self._write([one for one in every if one is not found])
        return found

    def place(self, hook: Hook) -> Place:
        """How far ``hook`` has come; what cannot be read is where it began."""
        try:
            told: Mapping[str, Any] = json.loads(self._drawer.get(_place(hook)) or "{}")
            return Place(max(int(told["n"]), hook.since), str(told["holder"]), float(told["until"]))
        except (ValueError, TypeError, KeyError):
            return Place(hook.since)

    def claim(self, hook: Hook, holder: str) -> bool:
        """Whether ``holder`` is the one who sends from now on, for a while."""
        place = self.place(hook)
        if place.holder not in ("", holder) and self._lives(hook, place):
            return False
        self._put(hook, replace(place, holder=holder, until=time.time() + self.lease_s))
        if place.holder == holder:
            return True
        # Another one may have written at the same moment: the last one is it.
        time.sleep(_SETTLES_S * (1 + random.random()))
        return self.place(hook).holder == holder

    def _lives(self, hook: Hook, place: Place) -> bool:
        """Whether who holds it may still send: by what he wrote, unless nothing came for a lease.

        Clocks of two servers may be a day apart; how long one of them waits is told by one.
        """
        seen, since = self._seen.get(hook.id, (None, 0.0))
        if seen != place:
            since = time.monotonic()
            self._seen[hook.id] = (place, since)
        return place.until > time.time() and time.monotonic() - since < self.lease_s

    def reach(self, hook: Hook, holder: str, n: int) -> bool:
        """Remember that ``hook`` was told of event ``n``; False where another one sends by now."""
        if self.place(hook).holder != holder:
            return False
        self._put(hook, Place(n, holder, time.time() + self.lease_s))
        return True

    def leave(self, hook: Hook, holder: str) -> None:
        """Let the next one send at once."""
        place = self.place(hook)
        if place.holder == holder:
            self._put(hook, Place(place.n))

    def _put(self, hook: Hook, place: Place) -> None:
        self._drawer.put(_place(hook), json.dumps(asdict(place)))

    def _write(self, hooks: list[Hook]) -> None:
        self._drawer.put(_BOOK, json.dumps([asdict(one) for one in hooks], indent=1))


def checked(url: str, *, private: bool) -> None:
    """Raise BadOption for an address that events cannot be sent to."""
    parts = urlsplit(url)
    schemes = ("https", "http") if private else ("https",)
    if parts.scheme not in schemes or not parts.hostname:
        act = "Like: https://ci.example.com/hook; http only with --private"
        raise BadOption("That is no address for a webhook", act=act)
    try:
        wrong = parts.username is not None or parts.port == 0 or any(c <= " " for c in url)
    except ValueError:
        wrong = True
    if wrong:
        raise BadOption("That is no address for a webhook", act="Without a name and a password")


def _place(hook: Hook) -> str:
    return f"webhook-{hook.id}.json"
