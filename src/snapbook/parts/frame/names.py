"""Names of columns, rows and levels as JSON: any type survives, and text stays readable.

Text, integers, finite floats, booleans and None stand as themselves; a tuple (a label of a
MultiIndex) as {"tuple": [...]}; other values as {"text": what a reader sees, "tagged": their bytes
in hex}.
"""

from __future__ import annotations

import math
from typing import Any

from snapbook.canonical import Json
from snapbook.parts.frame import tagged
from snapbook.parts.frame.values import NotCanonical

_LONGEST_TEXT = 80


def name_json(name: Any) -> Json:
    """``name`` as JSON. Raises NotCanonical for objects that have no canonical form."""
    kind = type(name)
    if name is None or type(name) is bool or type(name) is int:
        return name
    if kind is str:
        return name if _writable(name) else _other(name)
    if type(name) is float and math.isfinite(name):
        return name
    if kind is tuple:
        return {"tuple": [name_json(part) for part in name]}
    return _other(name)


def json_name(value: Any) -> Any:
    """The name that `name_json` was given. Raises ValueError for other JSON."""
    if isinstance(value, dict):
        if "tuple" in value:
            return tuple(json_name(part) for part in value["tuple"])
        if isinstance(value.get("tagged"), str):
            return tagged.decode(bytes.fromhex(value["tagged"]))
        raise ValueError("no name")
    return value


def name_text(value: Any) -> str:
    """A stored name as a person reads it."""
    if isinstance(value, dict):
        if "tuple" in value:
            return "(" + ", ".join(name_text(part) for part in value["tuple"]) + ")"
        return str(value.get("text", "?"))
    return str(value)


def _writable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _other(name: Any) -> Json:
    raw = tagged.encode(name)  # of a known exact type from here on: str() is safe
    try:
        text = str(name).encode("utf-8", "backslashreplace").decode()[:_LONGEST_TEXT]
    except Exception as error:
        raise NotCanonical("a name that cannot be written") from error
    return {"text": text, "tagged": raw.hex()}
