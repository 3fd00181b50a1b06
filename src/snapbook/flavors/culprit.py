"""Which attribute of an object cannot be pickled, and what it is, in the user's words.

Looks only after a pickle has failed: goes down through attributes and items to the innermost one
that fails by itself. Bounded, for what failed may be large, or may answer differently each time.
"""

from __future__ import annotations

import time
from typing import Any

from snapbook.errors import NotKept
from snapbook.flavors import facts, pickler

_SECONDS = 1.0
_DEEPEST = 12
_WIDEST = 200
_WORDS = {
    "_io": "an open file",
    "_thread.lock": "a lock",
    "_thread.RLock": "a lock",
    "socket": "an open socket",
    "_socket": "an open socket",
    "ssl": "an open socket",
    "generator": "a running generator",
    "coroutine": "a running coroutine",
    "async_generator": "a running generator",
    "sqlite3": "an open connection",
    "psycopg": "an open connection",
    "sqlalchemy": "an open connection",
    "module": "a module",
    "threading": "a thread or its lock",
    "subprocess": "a running process",
    "_asyncio": "a running task",
    "weakref": "a weak reference",
    "weakref.ReferenceType": "a weak reference",
    "_ctypes": "memory of a C library",
    "ctypes": "memory of a C library",
}


def explained(model: object, error: NotKept) -> NotKept:
    """``error`` again, saying which attribute stands in the way and what it is."""
    if error.why == pickler.ENDLESS:  # each look would take as long again
        return NotKept(f"The {facts.class_name(model)} cannot be kept", error.why)
    path, found, why = _descend(model, error, time.monotonic() + _SECONDS)
    name = facts.class_name(model)
    if not path:
        return NotKept(f"The {name} cannot be kept", in_words(found, why))
    return NotKept(f"The {name} cannot be kept", f"its {path} is {in_words(found, why)}")


def in_words(obj: object, why: str) -> str:
    """What ``obj`` is ("an open file"), or what its pickling said."""
    kind = type(obj)
    module, name = str(kind.__module__), str(kind.__qualname__)
    for key in (f"{module}.{name}", name if module == "builtins" else "", module.split(".")[0]):
        if key in _WORDS:
            return _WORDS[key]
    article = "an" if name[:1].lower() in "aeiou" else "a"
    return f"{article} {name} that does not pickle ({why})"


def _descend(obj: object, error: NotKept, deadline: float) -> tuple[str, object, str]:
    """(path, what lies there, why) of the innermost object that fails by itself."""
    path, why = "", error.why
    for _ in range(_DEEPEST):
        for step, child in _children(obj):
            if time.monotonic() > deadline:
                return path, obj, why
            if (reason := _fails(child)) is not None:
                path, obj, why = (path + step).lstrip("."), child, reason
                break
        else:
            break
    return path, obj, why


def _fails(obj: object) -> str | None:
    """Why ``obj`` alone does not pickle; None if it does."""
    if type(obj) in (type(None), bool, int, float, str, bytes):
        return None
    try:
        pickler.dump(obj)
    except NotKept as error:
        return error.why
    return None


def _children(obj: Any) -> list[tuple[str, Any]]:
    """What ``obj`` holds, as (step of the path, object): attributes and items, never properties."""
    kind = type(obj)
    if kind is dict:
        pairs = list(obj.items())[:_WIDEST]
        return [(f"[{key!r}]" if type(key) in (str, int) else "[...]", item) for key, item in pairs]
    if kind in (list, tuple):
        return [(f"[{number}]", item) for number, item in enumerate(obj[:_WIDEST])]
    if kind in (set, frozenset):
        return [("{...}", item) for item in list(obj)[:_WIDEST]]
    return [(f".{name}", item) for name, item in list(facts.attributes(obj).items())[:_WIDEST]]
