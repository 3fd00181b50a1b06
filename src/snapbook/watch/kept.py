"""The folder of a log: files by what is in them and when they began, bounded in bytes and in age.

Several processes may write into one folder, each its own files. Who writes removes the oldest once
there are too many, whoever wrote them; a file that grows still is never among the oldest for long,
because each is ended after an hour or when it is large. Reading takes what is there.
"""

from __future__ import annotations

import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snapbook.errors import Unreachable
from snapbook.watch import stored
from snapbook.watch.answers import Answers, Outcomes, Refused, Traffic, joined

FOLDER = "snapbook-log"  # where a project's log is looked for
Thing = Answers | Outcomes | Traffic | Refused
MOST = 500_000  # rows that are read
_LONGEST_S = 3600.0  # that a file is added to
_PAUSE_S = 10.0  # after a disk refused
_PIECES = 8  # at least so many files share the bytes that there may be
_LEAST_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that a folder may hold."""

    bytes: int = 256 << 20
    age_s: float = 30 * 86400.0


class Keeping:
    """What is written into ``folder`` of the version that ``about`` names.

    Raises Unreachable for a folder that cannot be made, and nothing for a disk that is full or
    gone: what cannot be written is counted in ``lost``, and after a while it is tried again.
    """

    def __init__(
        self,
        folder: Path,
        about: Mapping[str, str],
        bounds: Bounds | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.lost = 0
        self.fails = ""  # what the disk said, while it refuses
        self._folder = folder
        self._about = dict(about)
        self._bounds = bounds or Bounds()
        self._clock = clock
        self._name = secrets.token_hex(4)
        self._sheets: dict[str, tuple[stored.Sheet, float]] = {}
        self._again = 0.0
        stored.arrow()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Unreachable(f"No log can be kept in {folder.name}", act="Name another") from error

    def add(self, kind: str, of: Thing) -> None:
        """Write ``of`` behind what there is."""
        now = self._clock()
        if now < self._again:
            self.lost += len(of)
            return
        try:
            self._add(kind, stored.batch(kind, of), now)
            self.fails = ""
            self.tidy()
        except OSError as error:
            self.lost += len(of)
            self.fails = os.strerror(error.errno) if error.errno else type(error).__name__
            self._again = now + _PAUSE_S
            self._end(kind)
            self.tidy()

    def close(self) -> None:
        """End all files."""
        for kind in list(self._sheets):
            self._end(kind)

    def tidy(self) -> None:
        """Remove what is too old, and the oldest of what is too much."""
        files = list(_files(self._folder))
        held = sum(size for _, size, _ in files)
        now = self._clock()
        growing = {sheet.path for sheet, _ in self._sheets.values()}
        for path, size, changed in files:
            if held <= self._bounds.bytes and now - changed <= self._bounds.age_s:
                continue
            if path in growing and held - size <= self._bounds.bytes:
                continue
            for kind, (sheet, _) in list(self._sheets.items()):
                if sheet.path == path:
                    self._end(kind)
            with suppress(OSError):
                path.unlink()
                held -= size

    def _add(self, kind: str, batch: Any, now: float) -> None:
        held = self._sheets.get(kind)
        most = max(self._bounds.bytes // _PIECES, _LEAST_BYTES)
        if held is not None and (
            not held[0].takes(batch) or held[0].size > most or now - held[1] > _LONGEST_S
        ):
            self._end(kind)
            held = None
        if held is None:
            stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now))
            part = int(now % 1 * 1e6)
            name = f"{kind}-{stamp}.{part:06d}-{self._name}{stored.SUFFIX}"
            held = stored.Sheet(self._folder / name, self._about, batch), now
            self._sheets[kind] = held
        held[0].add(batch)

    def _end(self, kind: str) -> None:
        held = self._sheets.pop(kind, None)
        if held is not None:
            held[0].close()


@dataclass(frozen=True, slots=True)
class Log:
    """What a folder holds of one version: ``model``, ``number``, ``manifest``. ``unread`` are files
    of which all or a part is none of a log's: damaged, or somebody else's.
    """

    model: str
    number: str
    manifest: str
    answers: Answers | None
    outcomes: Outcomes | None
    traffic: Traffic | None
    refused: Refused | None
    unread: int = 0


def check(folder: Path) -> None:
    """Raise Unreachable where there is something that cannot be looked into; what is not there at
    all is an empty log.
    """
    try:
        os.listdir(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        why = f"{folder.name} cannot be looked into ({error.strerror})"
        raise Unreachable("No log was read", why, act="Name another with --log") from error


def versions(folder: Path) -> dict[str, tuple[str, str, float]]:
    """The versions that a folder holds answers of, by manifest: model, number, last change."""
    found: dict[str, tuple[str, str, float]] = {}
    for path, _, changed in _files(folder, stored.ANSWERS):
        about = stored.about(path)
        if "manifest" in about:
            known = found.get(about["manifest"], ("", "", 0.0))
            told = about.get("model", ""), about.get("number", ""), max(known[2], changed)
            found[about["manifest"]] = told
    return found


def read(folder: Path, manifest: str, since: float = 0.0) -> Log:
    """What ``folder`` holds of the version with this manifest, from ``since`` on.

    Outcomes are all there, since they are told of earlier rows as well. Of a log of millions of
    rows the newest files are read, until there are `MOST`.
    """
    every: list[Answers] = []
    rest: dict[str, Any] = {}
    about: dict[str, str] = {}
    unread = 0
    for kind in (stored.ANSWERS, stored.OUTCOMES, stored.TRAFFIC, stored.REFUSED):
        batches: list[Any] = []
        rows = 0
        for path, size, changed in reversed(list(_files(folder, kind))):
            if changed < since or rows >= MOST:
                break
            told, found = stored.read(path)
            unread += not told and size > 0
            if told.get("manifest") == manifest:
                about = told
                whole = [one for one in found if stored.sound(one)]
                unread += len(whole) < len(found)
                batches[:0] = whole
                rows += sum(one.num_rows for one in whole)
        if kind == stored.ANSWERS:
            every = stored.answers(batches)
        else:
            rest[kind] = stored.others(kind, batches)
    answers = _ordered(joined(every), since) if every else None
    model, number = about.get("model", ""), about.get("number", "")
    return Log(
        model, number, manifest, answers,
        rest[stored.OUTCOMES], _late(rest[stored.TRAFFIC], since),
        _late(rest[stored.REFUSED], since), unread,
    )  # fmt: skip


def requests(folder: Path, manifest: str, most: int) -> Iterator[dict[str, int]]:
    """The newest requests of a version that answers are kept of, file by file: the rows that each
    had, by its id. They end with the file in which there are ``most``.
    """
    count = 0
    for path, _, _ in reversed(list(_files(folder, stored.ANSWERS))):
        told, found = stored.requests(path)
        if told.get("manifest") == manifest:
            yield found
            count += len(found)
            if count >= most:
                return


def _ordered(answers: Answers, since: float) -> Answers:
    import numpy as np

    order = np.argsort(answers.time, kind="stable")
    return answers.part(order[np.searchsorted(answers.time[order], since) :])


def _late(of: Any, since: float) -> Any:
    """Those of ``of`` from ``since`` on, oldest first."""
    if of is None:
        return None
    import numpy as np

    order = np.argsort(of.time, kind="stable")
    chosen = order[np.searchsorted(of.time[order], since) :]
    return type(of)(*(getattr(of, name)[chosen] for name in of.__slots__))


def _files(folder: Path, kind: str = "") -> Iterator[tuple[Path, int, float]]:
    """The files, their sizes and when each was changed last; the oldest first."""
    found = []
    with suppress(OSError):
        for path in folder.glob(f"{kind or '*'}-*{stored.SUFFIX}"):
            with suppress(OSError):
                told = path.stat()
                if stat.S_ISREG(told.st_mode):
                    found.append((path, told.st_size, told.st_mtime))
    yield from sorted(found, key=lambda one: one[2])
