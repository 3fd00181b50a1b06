"""Roles of data that a cell hands to the notebook's own functions, or that these use as globals.

`roles` sees one cell; here the bodies of called functions are read as cells of their own, their
parameters standing for what was passed. Pure text, bounded in depth; never raises.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from snapbook.lineage import values
from snapbook.lineage.roles import roles
from snapbook.lineage.syntax import plain

_DEEPEST = 4
Function = ast.FunctionDef | ast.AsyncFunctionDef
_BODIES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def trained_and_tested(
    source: str, others: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names that the cell ``source`` trains on and tests on, in the order of first use.

    ``others`` are the sources of the cells before it, oldest first, which define its functions.
    """
    functions: dict[str, Function] = {}
    for text in (*others, source):
        functions |= _functions(text)
    try:
        train, test = _found(source, functions, _DEEPEST)
    except RecursionError:
        train, test = roles(source).train, roles(source).test
    return tuple(dict.fromkeys(train)), tuple(dict.fromkeys(test))


@lru_cache(maxsize=4096)
def _functions(source: str) -> Mapping[str, Function]:
    if "def " not in source:
        return {}
    tree = plain(source).tree
    body = tree.body if tree is not None else []
    return {one.name: one for one in body if isinstance(one, Function)}


def _found(
    source: str, functions: Mapping[str, Function], deep: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    role = roles(source)
    tree = plain(source).tree if functions and deep else None
    train, test = role.train, role.test
    for call in _calls(tree) if tree is not None else ():
        function = functions.get(call.func.id) if isinstance(call.func, ast.Name) else None
        if function is None:
            continue
        body = ast.unparse(ast.Module(function.body, []))
        rest = {name: one for name, one in functions.items() if one is not function}
        passed = _passed(call, function)
        inner = _found(body, rest, deep - 1)
        train += _outside(inner[0], passed, function)
        test += _outside(inner[1], passed, function)
    return train, test


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    """The calls that run with the cell: not those in bodies of functions and classes."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, _BODIES):
            continue
        if isinstance(node, ast.Call):
            yield node
        waiting = [*ast.iter_child_nodes(node), *waiting]


def _passed(call: ast.Call, function: Function) -> dict[str, str]:
    """Parameter -> the base name of what is passed for it, "" where that is no name."""
    spec = function.args
    names = [one.arg for one in (*spec.posonlyargs, *spec.args)]
    passed = dict.fromkeys([*names, *(one.arg for one in spec.kwonlyargs)], "")
    for name, argument in zip(names, call.args, strict=False):
        passed[name] = values.path(argument)[0] or ""
    for keyword in call.keywords:
        if keyword.arg in passed:
            passed[str(keyword.arg)] = values.path(keyword.value)[0] or ""
    return passed


def _outside(
    names: Sequence[str], passed: Mapping[str, str], function: Function
) -> tuple[str, ...]:
    """What the names of a body are outside of it; its own variables are nothing there."""
    own = {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    found = [passed.get(name, "" if name in own else name) for name in names]
    return tuple(name for name in found if name)
