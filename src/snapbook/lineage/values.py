"""What the value of an expression shares with names: the form of the tree alone.

Knows expressions, not scopes and not order (`walk`). What is told here is a guess from names like
``fit`` or ``copy`` (`words`), on the safe side.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from snapbook.lineage import words

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def sources(node: ast.expr) -> list[tuple[str, str]]:
    """What the value of ``node`` shares with names, see `Bind.sources`."""
    return list(dict.fromkeys(shared(node)))


def shared(node: ast.expr) -> Iterator[tuple[str, str]]:
    """What a value shares, (how, name) each, with repetitions."""
    if isinstance(node, ast.Name):
        yield "same", node.id
    elif isinstance(node, (ast.Attribute, ast.Subscript)):
        name, _ = path(node)
        if name and not _scalar(node) and not _mask(node):
            yield "part", name
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        for item in node.elts:
            yield from (("hold", name) for name in held(item))
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from (("hold", name) for name in held(value))
    elif isinstance(node, _COMPREHENSIONS):
        inner = {name for generator in node.generators for name in names_in(generator.target)}
        for generator in node.generators:
            yield from (("copy", name) for name in held(generator.iter) if name not in inner)
        value = node.value if isinstance(node, ast.DictComp) else node.elt
        yield from (("hold", name) for name in held(value) if name not in inner)
    elif isinstance(node, ast.IfExp):
        yield from shared(node.body)
        yield from shared(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from shared(value)
    elif isinstance(node, (ast.NamedExpr, ast.Await, ast.Starred)):
        yield from shared(node.value)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.BitOr, ast.Mult)):
        for side in (node.left, node.right):
            yield from added(side, node.op)
    elif isinstance(node, ast.Call):
        yield from _from_call(node)


def added(node: ast.expr, op: ast.operator) -> Iterator[tuple[str, str]]:
    """What a list shares once the value of ``node`` was added to it: the elements, not itself."""
    if isinstance(op, (ast.Add, ast.BitOr, ast.Mult)):
        for how, name in shared(node):
            if how in ("same", "copy", "hold"):
                yield "hold" if how == "hold" else "copy", name


def _from_call(node: ast.Call) -> Iterator[tuple[str, str]]:
    function = node.func
    given = [(place, name) for place, item in enumerate(node.args) for name in held(item)]
    keyed = [(word.arg or "0", name) for word in node.keywords for name in held(word.value)]
    last = dotted(function).rpartition(".")[2]
    if isinstance(function, ast.Attribute):
        owner, _ = path(function.value)
        if last in words.FLUENT:
            yield from shared(function.value)
        elif owner and last in words.VIEWS:
            yield "part", owner
        elif owner and last in words.SHALLOW_COPIES:
            yield "copy", owner
        elif owner:
            yield "method", owner
        if owner and words.constructor(last):
            yield "callee", owner
    elif isinstance(function, ast.Name):
        yield "callee", function.id
    for key, name in (*given, *keyed):
        if words.constructor(last):
            yield "hold", name
        elif isinstance(function, ast.Name):
            yield ("copy" if last in words.CONTAINERS else f"arg:{key}"), name


def held(node: ast.expr) -> Iterator[str]:
    """Names of objects that a container with ``node`` in it would hold."""
    for how, name in shared(node):
        if how in ("same", "part", "hold", "copy"):
            yield name


def constructed(node: ast.Call) -> Iterator[str]:
    """Names of objects that went into the call that makes an object."""
    for item in (*node.args, *(keyword.value for keyword in node.keywords)):
        yield from held(item)


def path(node: ast.expr) -> tuple[str, int]:
    """The name at the root of ``df.loc[0]`` and the steps down from it, or no name."""
    depth = 0
    while True:
        if isinstance(node, ast.Attribute):
            depth += node.attr not in words.INDEXERS
        elif isinstance(node, ast.Subscript):
            depth += 1
        elif isinstance(node, ast.Name):
            return node.id, depth
        elif not isinstance(node, (ast.Starred, ast.Await)):
            return "", 0
        node = node.value


def dotted(node: ast.expr) -> str:
    """``a.b.c`` as written; parts that are no names stand as ()."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "()")
    return ".".join(reversed(parts))


def _scalar(node: ast.expr) -> bool:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        if isinstance(node, ast.Attribute) and node.attr in words.SCALARS:
            return True
        node = node.value
    return False


def _mask(node: ast.expr) -> bool:
    """Whether a subscript picks by a list or condition, which copies."""
    if not isinstance(node, ast.Subscript):
        return False
    picks = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return any(
        isinstance(pick, (ast.List, ast.Compare, ast.BinOp, ast.BoolOp, ast.ListComp))
        or (isinstance(pick, ast.UnaryOp) and isinstance(pick.op, ast.Invert))
        for pick in picks
    )


def immutable(node: ast.expr) -> bool:
    """Whether the value surely cannot be changed in place."""
    if isinstance(node, (ast.Constant, ast.JoinedStr, ast.Compare)):
        return True
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not) or immutable(node.operand)
    if isinstance(node, ast.BinOp):
        return immutable(node.left) and immutable(node.right)
    if isinstance(node, ast.Tuple):
        return all(immutable(item) for item in node.elts)
    if isinstance(node, ast.Call):
        last = dotted(node.func).rpartition(".")[2]
        return last in words.IMMUTABLE_CALLS
    return isinstance(node, (ast.Attribute, ast.Subscript)) and _scalar(node)


def in_place(node: ast.Call) -> bool:
    """Whether the call says ``inplace=`` and not False."""
    return any(
        keyword.arg == "inplace"
        and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
        for keyword in node.keywords
    )


def names_in(node: ast.AST) -> list[str]:
    """All names that occur."""
    return [inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)]
