"""The newest event of each chain that this user saw, in a small file of his own.

So a registry, or a folder, cannot quietly go back to an earlier state: what was seen there once has
to be there again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snapbook.catalog.audit import Seen
from snapbook.catalog.base import Head
from snapbook.errors import Damaged
from snapbook.store import durable

_FILE = "heads.json"


@dataclass(frozen=True, slots=True)
class Remembered:
    """A head that a registry signed: its ``signed`` time by that clock, ``time`` by this one."""

    head: Head
    time: str
    signed: str = ""


class Heads:
    """What is remembered in ``folder`` of chains, by where they are."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    def get(self, where: str) -> Seen | None:
        """What was seen last at ``where``; None for a chain that was never looked at."""
        found = self.remembered(where)
        return None if found is None else Seen(found.head.n, found.head.digest, found.time)

    def keep(self, where: str, seen: Seen) -> None:
        """Remember ``seen`` of the chain at ``where``."""
        before = self.remembered(where)
        signed = before.signed if before is not None else ""
        self.remember(where, Remembered(Head(seen.n, seen.digest), seen.time, signed))

    def remembered(self, where: str) -> Remembered | None:
        """What was seen last at ``where``, with the time that was signed."""
        found = self._read().get(where)
        if found is None:
            return None
        head = Head(found["n"], found["digest"])
        return Remembered(head, found["time"], str(found.get("signed", "")))

    def remember(self, where: str, new: Remembered) -> None:
        """Remember ``new`` of the chain at ``where``, in place of what was."""
        entry = {
            "n": new.head.n, "digest": new.head.digest, "time": new.time, "signed": new.signed,
        }  # fmt: skip
        with self._alone():
            self._write({**self._read(), where: entry})

    def forget(self, where: str) -> None:
        """Forget what was seen at ``where``."""
        with self._alone():
            book = self._read()
            if where in book:
                self._write({name: entry for name, entry in book.items() if name != where})

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time, so that none undoes what another has just seen."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = self._path.with_name(f".{_FILE}.lock")
        fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            durable.wait_alone(fd)
            yield
        finally:
            durable.unlock(fd)
            os.close(fd)

    def _write(self, book: Mapping[str, Any]) -> None:
        partial = self._path.with_name(f".{_FILE}-{os.getpid()}")
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(book, file, indent=1)
        partial.replace(self._path)

    def _read(self) -> Mapping[str, Any]:
        try:
            book = json.loads(self._path.read_text("utf-8"))
            for found in book.values():
                if type(found["n"]) is not int:
                    raise TypeError("no place")
                _ = str(found["digest"]) + str(found["time"])
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Damaged(
                "What was seen of chains before cannot be read",
                act=f"Move {_FILE} away; the next audit begins anew",
            ) from error
        return dict(book)
