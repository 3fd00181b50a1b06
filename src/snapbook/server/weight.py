"""How many bytes a repository takes on disk, told again and again without asking for each file."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

_GOOD_S = 30.0


class Weights:
    """The weights of repositories, each weighed at most every half a minute."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[int, float, int]] = {}
        self._lock = threading.Lock()

    def of(self, folder: Path, head: int) -> int:
        """The bytes of all files of the repository in ``folder``, whose newest event is ``head``.

        Weighed anew only where there was an event since, and not within half a minute.
        """
        with self._lock:
            known = self._known.get(folder)
        if known is not None:
            seen, when, size = known
            if seen == head or time.monotonic() - when < _GOOD_S:
                return size
        size = _weight(folder)
        with self._lock:
            self._known[folder] = (head, time.monotonic(), size)
        return size


def _weight(folder: Path) -> int:
    total = 0
    folders = [os.fspath(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue  # swept, or closed to us: the rest still weighs
    return total
