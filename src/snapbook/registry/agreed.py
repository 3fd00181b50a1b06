"""What a user once let go to a registry: asked once for each, and once more before rows go.

A file in his configuration folder, by the registry's address: under another name it is the same.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

_FILE = "agreed.json"


class Agreed:
    """The agreements written down in ``folder``, the user's configuration."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    def covers(self, url: str, *, rows: bool) -> bool:
        """Whether versions may go to ``url`` unasked, with the ``rows`` of their frames."""
        told = self._read().get(url)
        return told == "rows" or (told == "hashes" and not rows)

    def add(self, url: str, *, rows: bool) -> None:
        """Remember it from now on."""
        if self.covers(url, rows=rows):
            return
        book = self._read() | {url: "rows" if rows else "hashes"}
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Threads of one process agree at once, too.
        partial = self._path.with_name(f".{_FILE}-{secrets.token_hex(8)}")
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(book, file, indent=1)
        partial.replace(self._path)

    def _read(self) -> dict[str, Any]:
        """All of them; none where the file cannot be read: then it is asked once more."""
        try:
            book = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return book if isinstance(book, dict) else {}
