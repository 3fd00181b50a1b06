"""Servers that follow an alias of this registry, as they told of themselves last.

A file each in the registry's folder, so that all its processes on a machine know them; who was not
heard of for a while is gone. It is what others say of themselves: nothing is decided by it.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from snapbook.canonical import Json
from snapbook.deploy import fronts
from snapbook.errors import BadOption
from snapbook.store import durable

GONE_S = 15.0
_MOST = 200
_MOST_BYTES = 64 << 10
_ID = re.compile(r"[0-9a-f]{8,32}")


class Servers:
    """The servers that are told of in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def hear(self, model: str, alias: str, told: Mapping[str, Json]) -> None:
        """Keep what a server of ``alias`` of ``model`` tells now. Raises BadOption."""
        name, text = str(told.get("id")), json.dumps({**told, "model": model, "alias": alias})
        if _ID.fullmatch(name) is None or len(text) > _MOST_BYTES:
            raise BadOption("That is nothing a server tells", kind="argument")
        path = self._folder / f"{name}.json"
        if told.get("gone") is True:
            path.unlink(missing_ok=True)
            return
        with durable.told(self._folder.parent, what="Not kept"):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            if not path.exists() and len(self._living()) >= _MOST:
                raise BadOption(f"More than {_MOST} servers tell of themselves", kind="argument")
            partial = path.with_suffix(f".{os.getpid()}.tmp")
            fronts.write(partial, text)
            os.replace(partial, path)

    def alive(self, model: str, alias: str) -> list[Mapping[str, Any]]:
        """What the servers told that were heard of lately."""
        found = []
        for path in self._living():
            with suppress(OSError, ValueError):
                said = fronts.sound(json.loads(path.read_text("utf-8")))
                if (said["model"].lower(), said["alias"]) == (model.lower(), alias):
                    found.append(said)
        return found

    def _living(self) -> list[Path]:
        """Their files; those of who is gone are swept."""
        latest, found = time.time() - GONE_S, []
        for path in sorted(self._folder.glob("*.json")):
            with suppress(OSError):
                if path.stat().st_mtime >= latest:
                    found.append(path)
                else:
                    path.unlink(missing_ok=True)
        return found
