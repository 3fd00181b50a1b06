"""A Python tree walked in the order of its evaluation, giving the events of its names.

Knows Python's syntax and scopes. Where order or effect cannot be told it says what is safe: a name
may be bound, an object may be changed. It recurses with the tree; the caller guards the depth.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from snapbook.lineage import values, words
from snapbook.lineage.flow import Flow
from snapbook.lineage.uses import Bind, Body, Call, Event, Link, Mutate, Read

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Walk:
    """Events of one scope. ``top`` is the cell itself, else the body of a function or class."""

    def __init__(self, top: bool = True) -> None:
        self.events: list[Event] = []
        self.calls: list[str] = []
        self.imports: set[str] = set()
        self.deletes: set[str] = set()
        self.globals: set[str] = set()
        self.star = False
        self._top = top
        self._seen: set[str] = set()
        self._doubt = 0
        self._hidden: list[set[str]] = []
        self._lambdas: list[Body] = []

    # -- what happened ---------------------------------------------------------------------------

    def read(self, name: str) -> None:
        """A look-up, told once until something is bound."""
        if name not in self._seen and not any(name in names for names in self._hidden):
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
        if any(name in names for names in self._hidden):
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

    def _is_hidden(self, name: str) -> bool:
        return any(name in names for names in self._hidden)

    # -- statements ------------------------------------------------------------------------------

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
            self.bind(name, [("same", name)])
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

    def _function(self, node: _Function) -> None:
        for expression in (*node.decorator_list, *_defaults(node.args), *_annotations(node)):
            self.expr(expression)
        decorators = [
            ("hold", name) for item in node.decorator_list for name in values.names_in(item)
        ]
        self.bind(node.name, decorators, (function_body(node),))

    def _class(self, node: ast.ClassDef) -> None:
        for expression in (*node.decorator_list, *node.bases, *(k.value for k in node.keywords)):
            self.expr(expression)
        body, immediate = class_body(node)
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

    def gives(self, node: ast.expr) -> None:
        """The value goes to the caller of the function."""
        self.events.append(Bind("#return", False, tuple(values.sources(node))))

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

    # -- targets ---------------------------------------------------------------------------------

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

    # -- expressions -----------------------------------------------------------------------------

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
        for default in _defaults(node.args):
            self.expr(default)
        body = function_body(node)
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


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [node for node in (*arguments.defaults, *arguments.kw_defaults) if node is not None]


def _annotations(node: _Function) -> Iterator[ast.expr]:
    for argument in _parameters(node.args):
        if argument.annotation is not None:
            yield argument.annotation
    if node.returns is not None:
        yield node.returns


def _parameters(arguments: ast.arguments) -> list[ast.arg]:
    extra = [item for item in (arguments.vararg, arguments.kwarg) if item is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra]


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


def function_body(node: _Function | ast.Lambda, name: str = "") -> Body:
    """What calling the function does to names outside of it and to its arguments."""
    walk = Walk(top=False)
    if isinstance(node, ast.Lambda):
        walk.expr(node.body, discarded=True)
        walk.gives(node.body)
    else:
        walk.body(node.body)
        name = node.name
    parameters = tuple(argument.arg for argument in _parameters(node.args))
    bound = {event.name for event in walk.events if isinstance(event, Bind)}
    local = (bound - walk.globals) | set(parameters)
    flow = Flow(guess=True)
    # The arguments are there from the start, under names that the body cannot rebind.
    for parameter in parameters:
        flow.step(0, [Bind(f"#{parameter}"), Bind(parameter, True, (("same", f"#{parameter}"),))])
    events = [e for e in walk.events if not isinstance(e, Call) or e.method]
    flow.step(1, events)
    changed = {name for name in parameters if flow.writers[f"#{name}"][-1] == 1}
    given = set(flow.reach("#return"))
    outside = flow.free - local
    return Body(
        name=name,
        reads=frozenset(outside | (walk.globals & flow.free)),
        binds=frozenset(bound & walk.globals),
        mutates=frozenset(flow.changed - local),
        parameters=parameters,
        changed=frozenset(changed),
        gives=frozenset(name for name in parameters if f"#{name}" in given),
        passes=tuple(
            (event.callee, key, other, event.discarded)
            for event in walk.events
            if isinstance(event, Call) and not event.method
            for key, other in event.arguments
            if other in parameters
        ),
    )


def class_body(node: ast.ClassDef) -> tuple[Body, frozenset[str]]:
    """What an object of the class may do, and the names read while the class is made."""
    walk = Walk(top=False)
    walk.body([item for item in node.body if not isinstance(item, _Function)])
    bound = {event.name for event in walk.events if isinstance(event, Bind)}
    flow = Flow()
    flow.step(0, walk.events)
    methods = {item.name: item for item in node.body if isinstance(item, _Function)}
    bodies = {name: function_body(item) for name, item in methods.items()}
    made: set[str] = set(flow.free - bound)
    for item in methods.values():
        for expression in (*item.decorator_list, *_defaults(item.args), *_annotations(item)):
            made.update(set(values.names_in(expression)) - bound)
    start = bodies.get("__init__", Body(""))
    return Body(
        name=node.name,
        reads=frozenset().union(*(body.reads for body in bodies.values())),
        binds=frozenset().union(*(body.binds for body in bodies.values())),
        mutates=frozenset().union(*(body.mutates for body in bodies.values())),
        parameters=start.parameters,
        changed=start.changed - set(start.parameters[:1]),
        passes=tuple(entry for entry in start.passes if entry[2] not in start.parameters[:1]),
        methods=frozenset(bodies),
        changers=frozenset(
            name
            for name, body in bodies.items()
            if body.parameters and body.parameters[0] in body.changed and name != "__init__"
        ),
        is_class=True,
    ), frozenset(made)


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
