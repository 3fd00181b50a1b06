"""One request as the routes see it: what was asked, of which folder, and what may be used for it.

Knows the folder that is served and the repositories that are open; knows nothing of HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from snapbook.display.views.asking import Lent, Question
from snapbook.server import paths
from snapbook.verbs import who

if TYPE_CHECKING:
    from snapbook.server.service import Service


@dataclass(frozen=True, slots=True)
class Asking(Question):
    """A question about a notebook's folder.

    ``root`` is the folder that the server serves, ``hidden`` whether names with a dot count there.
    """

    service: Service
    root: Path
    hidden: bool = False

    def spot(self) -> paths.Spot:
        """The folder that is asked about. Raises NotFound for one outside of the root."""
        return paths.spot(self.root, self.text("path"), hidden=self.hidden)

    def me(self) -> who.Me:
        """Who looks at the folder."""
        return who.me(self.spot().folder)

    @contextmanager
    def here(self, *, long: bool = False) -> Iterator[Lent]:
        """See `Question.here`."""
        folder = self.spot().folder
        with self.service.opened.lend(folder, long=long) as lent:
            yield lent
