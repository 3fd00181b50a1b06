"""Expressions in the order of their evaluation: what they read, bind, call and change.

Knows the forms of expressions and of targets. What a call changes is told as far as its form shows;
`Flow` knows the functions.
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator

from snapbook.lineage import values, words
from snapbook.lineage.bodies import Inner, defaults, function_body
from snapbook.lineage.scope import Scope
from snapbook.lineage.uses import Body, Call, Link, Mutate

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Expressions(Scope, ABC):
    """A scope whose expressions are walked."""

    def __init__(self) -> None:
        super().__init__()
        self._lambdas: list[Body] = []

    @abstractmethod
    def inner(self) -> Inner:
        """A walk through a scope inside of this one, that of a lambda."""

    def target(
        self, node: ast.expr, sources: Iterable[tuple[str, str]] = (), immutable: bool = False
    ) -> None:
        """What stands left of an equals sign."""
        if isinstance(node, ast.Name):
            self.bind(node.id, sources, tuple(self._lambdas), immutable=immutable)
        elif isinstance(node, (ast.Tuple, ast.List)):
            for inner in node.elts:
                self.target(inner, sources, False)
        elif isinstance(node, ast.Starred):
            self.target(node.value, sources, False)
        elif isinstance(node, (ast.Attribute, ast.Subscript)):
            self.expr(node.value)
            if isinstance(node, ast.Subscript):
                self.expr(node.slice)
            self.mutate(node, within=1)
            name = values.path(node)[0]
            for how, other in sources if name else ():
                if name and how in ("same", "hold", "part"):
                    self.events.append(Link(name, other))

    def expr(self, node: ast.expr, *, discarded: bool = False) -> None:
        """An expression; ``discarded`` when it stands alone as a statement."""
        if isinstance(node, ast.Name):
            self.read(node.id)
        elif isinstance(node, ast.Constant):
            return
        elif isinstance(node, ast.Call):
            self._call(node, discarded)
        elif isinstance(node, ast.Await):
            self.expr(node.value, discarded=discarded)
        elif isinstance(node, ast.NamedExpr):
            self.expr(node.value)
            self.target(node.target, values.sources(node.value), values.immutable(node.value))
        elif isinstance(node, (ast.Yield, ast.YieldFrom)) and node.value is not None:
            self.expr(node.value)
            self.gives(node.value)
        elif isinstance(node, ast.Lambda):
            self._lambda(node)
        elif isinstance(node, _COMPREHENSIONS):
            self._comprehension(node)
        elif isinstance(node, (ast.IfExp, ast.BoolOp)):
            self._doubt += 1
            self._children(node)
            self._doubt -= 1
        else:
            self._children(node)

    def _children(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.expr(child)
            elif isinstance(child, (ast.keyword, ast.FormattedValue)):
                self._children(child)

    def _lambda(self, node: ast.Lambda) -> None:
        for default in defaults(node.args):
            self.expr(default)
        body = function_body(node, self.inner())
        for name in sorted(body.reads):
            self.read(name)
        self._lambdas.append(body)

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> None:
        self.expr(node.generators[0].iter)
        hidden: set[str] = set()
        self._hidden.append(hidden)
        for position, generator in enumerate(node.generators):
            if position:
                self.expr(generator.iter)
            hidden.update(values.names_in(generator.target))
            for condition in generator.ifs:
                self.expr(condition)
        parts = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        for part in parts:
            self.expr(part, discarded=True)
        self._hidden.pop()
        self._seen.clear()

    def _call(self, node: ast.Call, discarded: bool) -> None:
        function = node.func
        self.expr(function)
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            self.expr(argument)
        dotted = values.dotted(function)
        self.calls.append(dotted)
        self.read(words.PROCESS)
        last = dotted.rpartition(".")[2]
        if last in words.SETTINGS or dotted.rpartition(".")[0] in words.SETTING_OBJECTS:
            self.events.append(Mutate(words.PROCESS))
        if dotted in ("exec", "eval", "globals", "locals", "vars") and dotted != "vars":
            self.star = self.star or dotted == "exec"
        if dotted in ("setattr", "delattr", "next") and node.args:
            self.mutate(node.args[0])
        self._effect(node, last, discarded)

    def _effect(self, node: ast.Call, last: str, discarded: bool) -> None:
        """What the call changes, as far as the form tells; `Flow` knows the functions."""
        arguments = tuple(self._arguments(node))
        function = node.func
        if isinstance(function, ast.Name):
            if not self._is_hidden(function.id):
                self.events.append(Call(function.id, "", arguments, discarded))
            return
        if not isinstance(function, ast.Attribute):
            return
        name, depth = values.path(function.value)
        if values.in_place(node) and name and not self._is_hidden(name):
            self.events.append(Mutate(name, depth > 0))
        elif name and not self._is_hidden(name):
            self.events.append(Call(name, last, arguments, discarded))
            if depth and last in words.SHALLOW and last not in words.DEEP:
                self.events.append(Call(name, "backward", (), True))
        elif last in words.DEEP and isinstance(function.value, ast.Call):
            # Pipeline([("scale", scaler), ...]).fit(X): the steps are fitted.
            for inner in values.constructed(function.value):
                self.events.append(Mutate(inner, True))

    def _arguments(self, node: ast.Call) -> Iterator[tuple[int | str, str]]:
        for place, argument in enumerate(node.args):
            for name in values.held(argument):
                if not self._is_hidden(name):
                    yield place, name
        for keyword in node.keywords:
            for name in values.held(keyword.value):
                if not self._is_hidden(name):
                    yield keyword.arg or 0, name
