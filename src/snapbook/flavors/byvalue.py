"""Classes and functions that exist only in a notebook: what they are made of.

Knows which of their parts carry meaning (code, constants, defaults, what is read of the globals)
and which belong to a place or a moment (file names, line numbers, identities).
"""

from __future__ import annotations

import dis
import sys
import types
from collections.abc import Iterator
from typing import Any

_GLOBALS = frozenset({"LOAD_GLOBAL", "STORE_GLOBAL", "DELETE_GLOBAL"})
_OF_THE_MOMENT = frozenset(
    {
        "__dict__",
        "__weakref__",
        "__module__",
        "__firstlineno__",
        "__static_attributes__",
        "__annotate__",
        "__annotate_func__",
        "__annotations_cache__",
        "_abc_impl",
        "__abstractmethods__",
    }
)


def by_name(obj: Any) -> bool:
    """Whether another kernel finds ``obj`` (a class or function) where its name says."""
    name = obj.__module__
    if name == "__main__" or type(name) is not str:
        return False
    found: Any = sys.modules.get(name)
    if found is None:
        return False
    for step in obj.__qualname__.split("."):
        found = getattr(found, step, None)
        if found is None:
            return False
    return found is obj


def function_parts(function: types.FunctionType) -> tuple[Any, ...]:
    """What a function does: code, defaults, closure, and the globals that it reads."""
    space = function.__globals__
    read = {name: space[name] for name in sorted(set(_read(function.__code__))) if name in space}
    return (
        function.__code__,
        function.__defaults__,
        function.__kwdefaults__,
        function.__closure__,
        read,
        {key: function.__dict__[key] for key in sorted(function.__dict__)},
    )


def class_parts(cls: type) -> tuple[Any, ...]:
    """What a class is: its bases, its metaclass, what stands in its body."""
    body = {
        key: value
        for key, value in sorted(vars(cls).items(), key=lambda item: str(item[0]))
        if key not in _OF_THE_MOMENT
        and not isinstance(value, (types.GetSetDescriptorType, types.MemberDescriptorType))
    }
    return cls.__bases__, type(cls), body


def code_parts(code: types.CodeType) -> tuple[Any, ...]:
    """A code object without file, lines and columns."""
    return (
        code.co_name,
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        code.co_flags,
        code.co_code,
        list(code.co_consts),
        list(code.co_names),
        list(code.co_varnames),
        list(code.co_freevars),
        list(code.co_cellvars),
    )


def cell_parts(cell: types.CellType) -> tuple[Any, ...]:
    """The content of a closure's cell; nothing for an empty one."""
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()


def _read(code: types.CodeType) -> Iterator[str]:
    """Names of globals that ``code`` and the functions in it look up."""
    for step in dis.get_instructions(code):
        if step.opname in _GLOBALS and type(step.argval) is str:
            yield step.argval
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _read(constant)
