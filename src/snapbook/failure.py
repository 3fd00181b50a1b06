"""Errors on the wire: a status by what the caller would do, and one JSON object.

One sentence each, never a traceback, never a path of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from snapbook.errors import (
    Conflict,
    Damaged,
    Hint,
    Interrupted,
    NewerFormat,
    NotFound,
    NotKept,
    NotRestorable,
    Refused,
    SnapbookError,
    Unreachable,
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
_OWN = {"too-large": 413}


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
