"""The threads that send events to webhooks: one looks for news, and each webhook has its own.

So one that is slow or dead keeps no other waiting. Order is the chain's; an event is sent until it
was taken (a status of 2xx), with longer and longer pauses, and only then the next one. A server
that may not send just now, since another one does, looks again when the lease is over.
"""

from __future__ import annotations

import random
import secrets
import threading
import time
from contextlib import suppress

from snapbook.errors import SnapbookError
from snapbook.registry import happened, logs, sending
from snapbook.registry.hooks import Hook, Hooks
from snapbook.registry.service import Service

_LOOK_S = 1.0
_FIRST_S, _MOST_S = 1.0, 300.0
_LAST_S = 3.0
_GONE = 410


class Dispatch:
    """Sends the events of the registry behind ``service`` from `start` until `stop`."""

    def __init__(self, service: Service, hooks: Hooks, look_s: float = _LOOK_S) -> None:
        self._service = service
        self._hooks = hooks
        self._look_s = look_s
        self._me = secrets.token_hex(8)
        self._ended = threading.Event()
        self._senders: dict[str, _Sender] = {}
        self._thread = threading.Thread(target=self._watch, name="snapbook-hooks", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is being sent may be sent again by the next one."""
        self._ended.set()
        self._thread.join(_LAST_S)
        for sender in self._senders.values():
            sender.end()
        until = time.monotonic() + _LAST_S
        for sender in self._senders.values():
            sender.join(until - time.monotonic())

    def _watch(self) -> None:
        while not self._ended.wait(self._look_s):
            try:
                self._look()
            except SnapbookError as error:
                logs.say("webhooks are not looked at", error)

    def _look(self) -> None:
        hooks = {hook.id: hook for hook in self._hooks.all()}
        for id_ in [one for one in self._senders if one not in hooks]:
            self._senders.pop(id_).end()
        if not hooks:
            return
        head = self._service.repository.catalog.head().n
        for id_, hook in hooks.items():
            if id_ not in self._senders or not self._senders[id_].lives:
                self._senders[id_] = _Sender(self._service, self._hooks, hook, self._me)
            self._senders[id_].wake(head)


class _Sender:
    """The thread of one webhook."""

    def __init__(self, service: Service, hooks: Hooks, hook: Hook, me: str) -> None:
        self._service, self._hooks, self._hook, self._me = service, hooks, hook, me
        self._head = 0
        self._woken = threading.Condition()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"hook-{hook.id}", daemon=True)
        self._thread.start()

    @property
    def lives(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def wake(self, head: int) -> None:
        """There are events up to ``head``."""
        with self._woken:
            if head > self._head:
                self._head = head
                self._woken.notify()

    def end(self) -> None:
        """Send nothing more."""
        with self._woken:
            self._ended.set()
            self._woken.notify()

    def join(self, seconds: float) -> None:
        """Wait so long until it has ended; what hangs is let go."""
        self._thread.join(max(0.0, seconds))

    def _run(self) -> None:
        at = self._hook.since
        while not self._ended.is_set():
            with self._woken:
                while not self._ended.is_set() and self._head <= at:
                    self._woken.wait()
            if self._ended.is_set():
                break
            try:
                at = self._send(at)
            except SnapbookError as error:
                logs.say("a webhook waits", error, webhook=self._hook.id)
                self._pause(_LOOK_S)
        with suppress(SnapbookError):
            self._hooks.leave(self._hook, self._me)

    def _send(self, at: int) -> int:
        """Send what is behind the place reached, as far as there is; gives how far that was."""
        if not self._mine():
            self._pause(self._hooks.lease_s / 4)
            return at
        at = self._hooks.place(self._hook).n
        repository = self._service.repository
        head = repository.follow()
        for event in repository.catalog.read(at + 1):
            wanted = self._hook.wants(happened.names(repository, event))
            if wanted and not self._sent(event.n, happened.told(repository, event)):
                return at
            at = event.n
            if wanted and not self._hooks.reach(self._hook, self._me, at):
                return at
        at = max(at, head.n)  # behind the last that can be read there may be some that cannot
        self._hooks.reach(self._hook, self._me, at)
        return at

    def _sent(self, n: int, news: happened.News) -> bool:
        """Send until it is taken; False where the sender ends, or another one sends now."""
        wait = _FIRST_S
        while not self._ended.is_set():
            status = 0
            try:
                status = sending.send(self._hook, news, int(time.time()))
            except SnapbookError as error:
                logs.say("a webhook was not reached", error, webhook=self._hook.id, event=n)
            if 200 <= status < 300:
                return True
            if status == _GONE:
                self._forget(n)
                return False
            if status:
                logs.say("a webhook refused", webhook=self._hook.id, event=n, status=status)
            if not self._patient(wait * random.uniform(0.8, 1.2)):
                return False
            wait = min(wait * 2, _MOST_S)
        return False

    def _forget(self, n: int) -> None:
        """Who was told of event ``n`` wants no more of them."""
        logs.say("a webhook wants no more", webhook=self._hook.id, event=n)
        self.end()
        with suppress(SnapbookError):
            self._hooks.remove(self._hook.id)

    def _patient(self, seconds: float) -> bool:
        """Wait, and keep the lease meanwhile; False where another one has it."""
        until = time.monotonic() + seconds
        while not self._ended.is_set() and (left := until - time.monotonic()) > 0:
            self._pause(min(left, self._hooks.lease_s / 3))
            if not self._mine():
                return False
        return not self._ended.is_set()

    def _pause(self, seconds: float) -> None:
        with self._woken:
            if not self._ended.is_set():
                self._woken.wait_for(lambda: self._ended.is_set(), seconds)

    def _mine(self) -> bool:
        return self._hooks.claim(self._hook, self._me)
