"""The names of one scope: what happens to them, told as events in the order of the code.

Knows that a look-up is told once, that what may not run is no sure binding, and that a
comprehension hides names; knows no syntax beyond the name at the bottom of an expression.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from snapbook.lineage import values, words
from snapbook.lineage.uses import Bind, Body, Event, Mutate, Read


class Scope:
    """Events of one scope: the cell itself, or the body of a function or class."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.calls: list[str] = []
        self.imports: set[str] = set()
        self.deletes: set[str] = set()
        self.globals: set[str] = set()
        self.star = False
        self._seen: set[str] = set()
        self._doubt = 0
        self._hidden: list[set[str]] = []

    def read(self, name: str) -> None:
        """A look-up, told once until something is bound."""
        if name not in self._seen and not self._is_hidden(name):
            self._seen.add(name)
            self.events.append(Read(name))

    def bind(
        self,
        name: str,
        sources: Iterable[tuple[str, str]] = (),
        bodies: tuple[Body, ...] = (),
        *,
        immutable: bool = False,
        module: bool = False,
    ) -> None:
        """A name is bound, here and now or perhaps."""
        self._seen.clear()
        if self._is_hidden(name):
            return
        definite = self._doubt == 0
        shared = tuple((how, other) for how, other in sources if not self._is_hidden(other))
        self.events.append(Bind(name, definite, shared, immutable, bodies, module))

    def mutate(self, node: ast.expr, *, within: int = 0) -> None:
        """The object that ``node`` denotes is changed, below ``within`` steps from its name."""
        name, depth = values.path(node)
        if name and not self._is_hidden(name):
            self.events.append(Mutate(name, depth > within))
            if values.dotted(node).startswith(tuple(words.SETTING_OBJECTS)):
                self.events.append(Mutate(words.PROCESS))

    def gives(self, node: ast.expr) -> None:
        """The value goes to the caller of the function."""
        self.events.append(Bind("#return", False, tuple(values.sources(node))))

    def _is_hidden(self, name: str) -> bool:
        return any(name in names for names in self._hidden)
