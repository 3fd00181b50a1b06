"""The newest event of each chain that this user found whole, in a small file of his own.

So a registry, or a folder, cannot quietly go back to an earlier state: what was seen there once has
to be there again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snapbook.catalog.audit import Seen
from snapbook.errors import Damaged

_FILE = "heads.json"


class Heads:
    """What is remembered in ``folder`` of chains, by where they are."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    def get(self, where: str) -> Seen | None:
        """What was seen last at ``where``; None for a chain that was never looked at."""
        found = self._read().get(where)
        return None if found is None else Seen(found["n"], found["digest"], found["time"])

    def keep(self, where: str, seen: Seen) -> None:
        """Remember ``seen`` of the chain at ``where``."""
        book = {**self._read(), where: {"n": seen.n, "digest": seen.digest, "time": seen.time}}
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
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
