"""A Python tree walked in the order of its evaluation, giving the events of its names.

Knows Python's statements. Where order or effect cannot be told it says what is safe: a name may be
bound, an object may be changed. It recurses with the tree; the caller guards the depth.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from snapbook.lineage import values, words
from snapbook.lineage.bodies import Function, annotated, class_body, defaults, function_body
from snapbook.lineage.expressions import Expressions
from snapbook.lineage.uses import Bind, Mutate, Read


class Walk(Expressions):
    """Events of one scope: the cell itself, else the body of a function or class."""

    def inner(self) -> Walk:
        """A walk through a scope inside of this one."""
        return Walk()

    def body(self, statements: Iterable[ast.stmt]) -> None:
        """Statements in order."""
        for statement in statements:
            handler = _STATEMENTS.get(type(statement))
            if handler is not None:
                handler(self, statement)

    def _perhaps(self, statements: list[ast.stmt]) -> None:
        """Statements that may not run."""
        self._doubt += 1
        self.body(statements)
        self._doubt -= 1

    def _branches(self, branches: list[list[ast.stmt]], exhaustive: bool) -> None:
        """One of the branches runs. Names bound by all of them are bound."""
        start = len(self.events)
        for branch in branches:
            self._perhaps(branch)
        if exhaustive and not self._doubt:
            common = set.intersection(*(_always(branch) for branch in branches))
            if common:
                self._settle(start, common)

    def _settle(self, start: int, names: set[str]) -> None:
        """Names that some branch binds for sure: nothing bound before them shows through."""
        first: dict[str, int] = {}
        for place in range(start, len(self.events)):
            event = self.events[place]
            if isinstance(event, (Read, Mutate)) and event.name in names:
                names = names - {event.name}  # read before: leave it to the safe side
            elif isinstance(event, Bind) and event.name in names and event.name not in first:
                first[event.name] = place
        for name, place in first.items():
            if name in names:
                event = self.events[place]
                assert isinstance(event, Bind)
                self.events[place] = Bind(
                    name, True, event.sources, event.immutable, event.bodies, event.module
                )

    def _if(self, node: ast.If) -> None:
        self.expr(node.test)
        self._branches([node.body, node.orelse], bool(node.orelse))

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        self.expr(node.iter)
        self._doubt += 1
        self.target(node.target, [("part", name) for name in values.names_in(node.iter)])
        self._doubt -= 1
        # Twice, since what the end of the body does the beginning of the next round sees.
        self._perhaps(node.body)
        self._perhaps(node.orelse)

    def _while(self, node: ast.While) -> None:
        self.expr(node.test)
        self._perhaps(node.body)
        self._perhaps(node.orelse)

    def _try(self, node: ast.Try) -> None:
        self._perhaps(node.body)
        for handler in node.handlers:
            if handler.type is not None:
                self.expr(handler.type)
            if handler.name:
                self._doubt += 1
                self.bind(handler.name)
                self._doubt -= 1
            self._perhaps(handler.body)
        self._perhaps(node.orelse)
        self.body(node.finalbody)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.expr(item.context_expr)
            if item.optional_vars is not None:
                # The target may be what went in: closing(a), nullcontext(a).
                shared = values.sources(item.context_expr)
                same = [
                    ("same" if how == "hold" or how.startswith("arg") else how, name)
                    for how, name in shared
                ]
                self.target(item.optional_vars, same)
        self.body(node.body)

    def _match(self, node: ast.Match) -> None:
        self.expr(node.subject)
        parts = [("part", name) for name in values.names_in(node.subject)]
        for case in node.cases:
            self._doubt += 1
            for pattern in ast.walk(case.pattern):
                name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
                if isinstance(name, str):
                    self.bind(name, parts)
                for expression in (getattr(pattern, "value", None), getattr(pattern, "cls", None)):
                    if isinstance(expression, ast.expr) and isinstance(pattern, ast.pattern):
                        self.expr(expression)
            self._doubt -= 1
            if case.guard is not None:
                self.expr(case.guard)
            self._perhaps(case.body)

    def _assign(self, node: ast.Assign) -> None:
        self.expr(node.value)
        for target in node.targets:
            self._assign_one(target, node.value)

    def _assign_one(self, target: ast.expr, value: ast.expr) -> None:
        pairs = (ast.Tuple, ast.List)
        if (
            isinstance(target, pairs)
            and isinstance(value, pairs)
            and len(target.elts) == len(value.elts)
            and not any(isinstance(item, ast.Starred) for item in (*target.elts, *value.elts))
        ):
            # All values are taken before the first name is bound: `a, b = b, a`.
            for place, item in enumerate(value.elts):
                self.bind(f"#{place}", values.sources(item), immutable=values.immutable(item))
            for place, inner in enumerate(target.elts):
                self.target(inner, [("same", f"#{place}")], values.immutable(value.elts[place]))
            for place, _ in enumerate(value.elts):
                self.bind(f"#{place}")
            return
        shared = values.sources(value)
        if isinstance(target, pairs):
            shared = [("part" if how == "same" else how, name) for how, name in shared]
        self.target(target, shared, values.immutable(value))
        self._lambdas.clear()

    def _annotated(self, node: ast.AnnAssign) -> None:
        self.expr(node.annotation)
        if node.value is not None:
            self.expr(node.value)
            self._assign_one(node.target, node.value)

    def _augmented(self, node: ast.AugAssign) -> None:
        self.expr(node.value)
        self.expr(node.target)
        if isinstance(node.target, ast.Name):
            # A list changes in place and a number is bound anew: both are said.
            name = node.target.id
            self.mutate(node.target)
            self._doubt += 1
            self.bind(name, [("same", name), *values.added(node.value, node.op)])
            self._doubt -= 1
        else:
            self.target(node.target)

    def _expression(self, node: ast.Expr) -> None:
        self.expr(node.value, discarded=True)

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.read(target.id)
                self.deletes.add(target.id)
                self.bind(target.id)
            else:
                self.target(target)

    def _import(self, node: ast.Import) -> None:
        self.read(words.PROCESS)
        for alias in node.names:
            self.imports.add(alias.name)
            self.bind(alias.asname or alias.name.partition(".")[0], module=True)

    def _import_from(self, node: ast.ImportFrom) -> None:
        self.read(words.PROCESS)
        module = "." * node.level + (node.module or "")
        self.imports.add(module)
        for alias in node.names:
            if alias.name == "*":
                self.star = True
            else:
                self.bind(alias.asname or alias.name)

    def _function(self, node: Function) -> None:
        for expression in (*node.decorator_list, *defaults(node.args), *annotated(node)):
            self.expr(expression)
        decorators = [
            ("hold", name) for item in node.decorator_list for name in values.names_in(item)
        ]
        self.bind(node.name, decorators, (function_body(node, self.inner()),))

    def _class(self, node: ast.ClassDef) -> None:
        for expression in (*node.decorator_list, *node.bases, *(k.value for k in node.keywords)):
            self.expr(expression)
        body, immediate = class_body(node, self.inner)
        for name in immediate:
            self.read(name)
        bases = [("hold", name) for base in node.bases for name in values.names_in(base)]
        self.bind(node.name, bases, (body,))

    def _global(self, node: ast.Global | ast.Nonlocal) -> None:
        self.globals.update(node.names)

    def _return(self, node: ast.Return) -> None:
        if node.value is not None:
            self.expr(node.value)
            self.gives(node.value)

    def _raise(self, node: ast.Raise) -> None:
        for value in (node.exc, node.cause):
            if value is not None:
                self.expr(value)

    def _assert(self, node: ast.Assert) -> None:
        self.expr(node.test)
        if node.msg is not None:
            self.expr(node.msg)

    def _type_alias(self, node: Any) -> None:
        self.bind(node.name.id)  # ast.TypeAlias, which Python 3.11 has not


def _always(statements: list[ast.stmt]) -> set[str]:
    """Names that plain assignments, imports and definitions among ``statements`` surely bind."""
    names: set[str] = set()
    for node in statements:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                flat = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
                names.update(item.id for item in flat if isinstance(item, ast.Name))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update(item.asname or item.name.partition(".")[0] for item in node.names)
        elif isinstance(node, ast.If) and node.orelse:
            names.update(_always(node.body) & _always(node.orelse))
    return names


_STATEMENTS: dict[type[ast.stmt], Callable[[Walk, Any], None]] = {
    ast.If: Walk._if,
    ast.For: Walk._for,
    ast.AsyncFor: Walk._for,
    ast.While: Walk._while,
    ast.Try: Walk._try,
    ast.TryStar: Walk._try,
    ast.With: Walk._with,
    ast.AsyncWith: Walk._with,
    ast.Match: Walk._match,
    ast.Assign: Walk._assign,
    ast.AnnAssign: Walk._annotated,
    ast.AugAssign: Walk._augmented,
    ast.Expr: Walk._expression,
    ast.Delete: Walk._delete,
    ast.Import: Walk._import,
    ast.ImportFrom: Walk._import_from,
    ast.FunctionDef: Walk._function,
    ast.AsyncFunctionDef: Walk._function,
    ast.ClassDef: Walk._class,
    ast.Global: Walk._global,
    ast.Nonlocal: Walk._global,
    ast.Return: Walk._return,
    ast.Raise: Walk._raise,
    ast.Assert: Walk._assert,
}
if hasattr(ast, "TypeAlias"):
    _STATEMENTS[ast.TypeAlias] = Walk._type_alias
