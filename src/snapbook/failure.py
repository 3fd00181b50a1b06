"""Errors on the wire, there and back: a status by what the caller would do, and one JSON object.

One sentence each, never a traceback, never a path of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from snapbook.errors import (
    BadExpression,
    BadName,
    BadOption,
    BadRef,
    Conflict,
    Damaged,
    DiskFull,
    Hint,
    Interrupted,
    NewerFormat,
    NotFound,
    NotKept,
    NotRestorable,
    ReadOnly,
    Refused,
    SnapbookError,
    Unclear,
    Unreachable,
    Untrusted,
    Usage,
)

_STATUS: tuple[tuple[type[SnapbookError], int], ...] = (
    (Usage, 400),
    (Refused, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Interrupted, 409),
    (Damaged, 422),
    (NewerFormat, 422),
    (NotRestorable, 422),
    (NotKept, 422),
    (Unreachable, 503),
)
_KINDS = {400: "usage", 401: "refused", 403: "refused", 404: "not-found", 405: "method"}
_OWN = {"too-large": 413, "too-many": 429, "under-way": 409}


def status_of(error: SnapbookError) -> int:
    """The HTTP status of ``error``."""
    if error.kind in _OWN:
        return _OWN[error.kind]
    return next((status for cls, status in _STATUS if isinstance(error, cls)), 500)


def told(error: SnapbookError) -> dict[str, Any]:
    """``error`` as JSON data; a hint that is no verb of ours is text in ``typed``."""
    hint = error.hint
    verb = {"verb": hint.verb, "args": list(hint.args)} if isinstance(hint, Hint) else None
    return {
        "kind": error.kind,
        "message": _line(error.sentence),
        "what": _line(error.what),
        "why": _line(error.why),
        "act": _line(error.act),
        "hint": verb,
        "typed": hint if isinstance(hint, str) else "",
    }


def told_status(status: int, reason: str = "") -> Mapping[str, Any]:
    """What a plain HTTP status says, for errors that are none of ours."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Failed"
    kind = _KINDS.get(status, "http")
    return told(SnapbookError(reason or phrase, kind=kind))


def internal() -> SnapbookError:
    """A bug of ours; what happened stands in the server's log."""
    return SnapbookError("snapbook failed inside", "details are in the server's log")


def _line(text: str) -> str:
    return " ".join(text.split())


_CLASSES: tuple[type[SnapbookError], ...] = (
    BadName, BadRef, BadOption, BadExpression, Unclear, Untrusted, DiskFull, ReadOnly,
    Usage, NotFound, Conflict, Refused, Unreachable, Damaged, NewerFormat, NotRestorable,
    NotKept, Interrupted,
)  # fmt: skip


def raised(status: int, value: object) -> SnapbookError:
    """The error that `told` wrote, of the class that the caller can act upon.

    Whatever else an HTTP status came with becomes an error by the status alone.
    """
    said: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
    kind = str(said.get("kind") or _KINDS.get(status, ""))
    by_kind = next((cls for cls in _CLASSES if cls.kind == kind), None)
    by_status = next((cls for cls, code in _STATUS if code == status), Unreachable)
    if status == HTTPStatus.UNAUTHORIZED:
        by_status = Refused
    hint: Hint | str | None = str(said.get("typed") or "") or None
    verb = said.get("hint")
    if isinstance(verb, Mapping) and isinstance(verb.get("args"), list):
        hint = Hint(str(verb.get("verb")), tuple(map(str, verb["args"])))
    return (by_kind or by_status)(
        str(said.get("what") or f"The server answered {status}"),
        str(said.get("why") or ""),
        act=str(said.get("act") or ""),
        hint=hint,
        kind=kind or None,
    )
