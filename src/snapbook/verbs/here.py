"""Where a verb was asked: which folder, which kernel if any, through which face."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook.errors import Unreachable

if TYPE_CHECKING:
    from snapbook.kernel import Kernel
    from snapbook.registry.app import Page
    from snapbook.repository import Repository

Progress = Callable[[str, int, int], None]


def unsaid(_line: str) -> None:
    """For faces that can show nothing before a verb has ended."""


def silent(_what: str, _done: int, _of: int) -> None:
    """A progress that shows nothing."""


def release() -> str:
    """The version of snapbook that runs; "" where it runs from its sources."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("snapbook")
    except PackageNotFoundError:
        return ""


def folder_now() -> Path:
    """The folder that the process is in. Raises Unreachable where it was deleted."""
    try:
        return Path.cwd()
    except OSError as error:
        raise Unreachable(
            "The folder you are in is gone", act="Go to one that is there, then again"
        ) from error


@dataclass(frozen=True, slots=True)
class Here:
    """The surroundings of one call. ``progress`` is told (what, done, of) while something lasts,
    ``say`` a line that people have to see before the verb has ended, ``line`` one of what they
    asked for, as it comes; ``page`` makes what a registry that is served from here shows to people.

    A context: the repositories that were opened through it are closed at its end.
    """

    folder: Path
    kernel: Kernel | None = None
    face: str = "python"
    progress: Progress = field(default=silent)
    say: Callable[[str], None] = field(default=unsaid)
    line: Callable[[str], None] = field(default=unsaid)
    page: Callable[[], Page] | None = None
    _opened: list[Repository] = field(default_factory=list, init=False, repr=False, compare=False)

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        while self._opened:
            self._opened.pop().close()

    def repository(self) -> Repository:
        """The repository of the folder, for reading; an empty one in memory where there is none."""
        from snapbook import places

        return self._noted(places.find_repository(self.folder))

    def writable(self) -> Repository:
        """The repository of the folder, made on first use."""
        from snapbook import places

        return self._noted(places.make_repository(self.folder))

    def _noted(self, repository: Repository) -> Repository:
        self._opened.append(repository)
        if self.kernel is not None:
            from snapbook.verbs import late

            self.kernel.may_finish(partial(late.written, repository))
        return repository
