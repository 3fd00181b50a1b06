"""Looking at the user's objects without leaving a trace in the process.

Their methods may change the working directory, the warning filters, ``sys.path``, numpy's error
handling or draw random numbers; all of that is as before afterwards. Warnings are caught and
counted, never shown. Nothing is imported: what is not loaded cannot have been changed.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass(slots=True)
class Calm:
    """What was caught: the warnings, as `warnings` records them."""

    caught: list[warnings.WarningMessage] = field(default_factory=list)

    @property
    def warnings(self) -> int:
        """How many warnings libraries gave."""
        return len(self.caught)


_now = threading.local()


@contextmanager
def calm() -> Iterator[Calm]:
    """Do as in the module's text for the block; inside another such block, nothing more."""
    outer: Calm | None = getattr(_now, "calm", None)
    if outer is not None:
        yield outer
        return
    undo = [*_places(), *_numbers()]
    _now.calm = calm = Calm()
    try:
        with warnings.catch_warnings(record=True) as caught:
            calm.caught = caught
            warnings.simplefilter("always")
            yield calm
    finally:
        _now.calm = None
        for step in undo:
            with suppress(Exception):
                step()


def _places() -> list[Callable[[], object]]:
    path, content = sys.path, list(sys.path)

    def path_back() -> None:
        if sys.path is not path:
            sys.path = path
        if sys.path != content:
            sys.path[:] = content

    try:
        folder = os.getcwd()
    except OSError:  # the folder was deleted under the kernel
        return [path_back]

    def folder_back() -> None:
        with suppress(FileNotFoundError):  # where an object went may be gone already
            if os.getcwd() == folder:
                return
        os.chdir(folder)

    return [path_back, folder_back]


def _numbers() -> list[Callable[[], object]]:
    """Random states and numpy's error handling, of the libraries that are loaded."""
    undo: list[Callable[[], object]] = []
    if (random := sys.modules.get("random")) is not None:
        state = random.getstate()
        undo.append(lambda: random.setstate(state))
    numpy = sys.modules.get("numpy")
    if numpy is not None and "numpy.random" in sys.modules:
        legacy = numpy.random.get_state()
        undo.append(lambda: numpy.random.set_state(legacy))
    if numpy is not None and hasattr(numpy, "seterr"):
        handling = numpy.geterr()
        undo.append(lambda: numpy.seterr(**handling))
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_rng_state"):
        drawn = torch.get_rng_state()
        undo.append(lambda: torch.set_rng_state(drawn))
    return undo
