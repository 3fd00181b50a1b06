"""Code without its form: equal for sources that differ in white space, comments and magics of ours.

The text is a function of the tree, not of Python's release: fields that releases add or leave out
when empty are not written, strings are written in ASCII. Stored keys rest on it: a change here
makes all code look changed.
"""

from __future__ import annotations

import ast
from functools import lru_cache

from snapbook.lineage.syntax import own_line, plain

# Not code, or not in every release.
_LEFT_OUT = frozenset({"ctx", "type_comment", "type_ignores", "kind", "lineno", "col_offset"})


@lru_cache(maxsize=1024)
def normal_code(source: str) -> str:
    """The normal form of a cell; its stripped text where it does not parse."""
    python = plain(source)
    if python.tree is None:
        return _stripped(source)
    try:
        out: list[str] = []
        _write(python.tree, out)
    except RecursionError:
        return _stripped(source)
    return "\n".join(["".join(out), *python.magics]) if python.magics else "".join(out)


def _stripped(source: str) -> str:
    lines = [line.rstrip() for line in source.strip().splitlines()]
    if lines and own_line(lines[0]):
        del lines[0]
    return "\n".join(lines).strip()


def _write(node: object, out: list[str]) -> None:
    if isinstance(node, ast.JoinedStr):
        _write_joined(node, out)
    elif isinstance(node, ast.AST):
        out.append(type(node).__name__)
        out.append("(")
        for name in node._fields:
            value = getattr(node, name, None)
            absent = value == [] or (value is None and type(node) is not ast.Constant)
            if name in _LEFT_OUT or absent:
                continue
            out.append(name)
            out.append("=")
            _write(value, out)
            out.append(",")
        out.append(")")
    elif isinstance(node, list):
        out.append("[")
        for item in node:
            _write(item, out)
            out.append(",")
        out.append("]")
    else:
        out.append(_constant(node))


def _write_joined(node: ast.JoinedStr, out: list[str]) -> None:
    """Releases differ in how they cut the text between the braces."""
    out.append("JoinedStr(")
    text = ""
    for value in node.values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            text += value.value
            continue
        out.append(ascii(text))
        text = ""
        _write(value, out)
    out.append(ascii(text))
    out.append(")")


def _constant(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return hex(value)  # decimal digits of long integers are refused by newer releases
    return ascii(value)
