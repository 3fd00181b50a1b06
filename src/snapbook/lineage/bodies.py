"""Functions and classes as what calling them does: to names outside, to arguments, to the result.

Knows the parameters of a definition and how the events of its body add up. The walk through the
body is given, for it meets further definitions.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from snapbook.lineage import values
from snapbook.lineage.flow import Flow
from snapbook.lineage.uses import Bind, Body, Call, Event

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Inner(Protocol):
    """A walk through a scope inside of another."""

    events: list[Event]
    globals: set[str]

    def body(self, statements: Iterable[ast.stmt]) -> None:
        """Statements in order."""

    def expr(self, node: ast.expr, *, discarded: bool = False) -> None:
        """An expression; ``discarded`` when it stands alone as a statement."""

    def gives(self, node: ast.expr) -> None:
        """The value goes to the caller of the function."""


def defaults(arguments: ast.arguments) -> list[ast.expr]:
    """The default values of parameters, which are evaluated with the definition."""
    return [node for node in (*arguments.defaults, *arguments.kw_defaults) if node is not None]


def annotated(node: Function) -> Iterator[ast.expr]:
    """The annotations of a function, in their order."""
    for argument in _parameters(node.args):
        if argument.annotation is not None:
            yield argument.annotation
    if node.returns is not None:
        yield node.returns


def _parameters(arguments: ast.arguments) -> list[ast.arg]:
    extra = [item for item in (arguments.vararg, arguments.kwarg) if item is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra]


def function_body(node: Function | ast.Lambda, walk: Inner) -> Body:
    """What calling the function does to names outside of it and to its arguments.

    ``walk`` has seen nothing yet.
    """
    name = ""
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


def class_body(node: ast.ClassDef, fresh: Callable[[], Inner]) -> tuple[Body, frozenset[str]]:
    """What an object of the class may do, and the names read while the class is made.

    ``fresh`` gives a walk that has seen nothing yet.
    """
    walk = fresh()
    walk.body([item for item in node.body if not isinstance(item, Function)])
    bound = {event.name for event in walk.events if isinstance(event, Bind)}
    flow = Flow()
    flow.step(0, walk.events)
    methods = {item.name: item for item in node.body if isinstance(item, Function)}
    bodies = {name: function_body(item, fresh()) for name, item in methods.items()}
    made: set[str] = set(flow.free - bound)
    for item in methods.values():
        for expression in (*item.decorator_list, *defaults(item.args), *annotated(item)):
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
