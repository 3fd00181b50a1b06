"""What MLflow's client is told: its error codes, and names and times in its form.

Its client asks again after statuses that pass (429 and most of 5xx), and goes by ``error_code`` for
the rest; so what will not pass has a status of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi.responses import JSONResponse

from snapbook import events, failure
from snapbook.errors import Conflict, Damaged, NotFound, Refused, SnapbookError, Unreachable, Usage

EXISTS = "exists"  # the kind of a Conflict with what is there already
UNKNOWN_CALL = "no-such-call"
_CODES: tuple[tuple[type[SnapbookError], str, int], ...] = (
    (Usage, "INVALID_PARAMETER_VALUE", 400),
    (Refused, "PERMISSION_DENIED", 403),
    (NotFound, "RESOURCE_DOES_NOT_EXIST", 404),
    (Conflict, "RESOURCE_CONFLICT", 409),
    (Damaged, "DATA_LOSS", 422),
    (Unreachable, "TEMPORARILY_UNAVAILABLE", 503),
)
_KINDS = {
    EXISTS: ("RESOURCE_ALREADY_EXISTS", 400),
    UNKNOWN_CALL: ("ENDPOINT_NOT_FOUND", 404),
    "unauthenticated": ("UNAUTHENTICATED", 401),
    "under-way": ("RESOURCE_CONFLICT", 409),
    "too-large": ("INVALID_PARAMETER_VALUE", 413),
}


def code(error: SnapbookError) -> tuple[str, int]:
    """MLflow's error code for ``error``, and the status."""
    if error.kind in _KINDS:
        return _KINDS[error.kind]
    found = next(((name, status) for cls, name, status in _CODES if isinstance(error, cls)), None)
    return found or ("BAD_REQUEST", 400)


def refusal(error: SnapbookError) -> JSONResponse:
    """``error`` as MLflow's client reads it, beside what ours does: the sentence and the act."""
    name, status = code(error)
    said = failure.told(error)
    act = f"{error.act}: {said['typed']}" if said["typed"] else error.act
    message = f"{said['message']} {act}".rstrip()
    return JSONResponse({"error_code": name, **said, "message": message}, status)


def milliseconds(time: str) -> int:
    """A time as events write it, in milliseconds since 1970; 0 for none."""
    try:
        return int(events.parse_time(time).timestamp() * 1000)
    except ValueError:
        return 0


def pairs(table: Mapping[str, str]) -> list[dict[str, str]]:
    """Names and texts as MLflow lists tags and parameters."""
    return [{"key": name, "value": value} for name, value in table.items()]


def present(**members: Any) -> dict[str, Any]:
    """``members`` without those that are empty, as protobuf writes an object."""
    return {name: value for name, value in members.items() if value not in ("", None, [], {})}
