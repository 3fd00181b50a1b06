"""An error of ours as the answer to a request."""

from __future__ import annotations

import math

from fastapi.responses import JSONResponse

from snapbook import failure
from snapbook.errors import SnapbookError, Unreachable


def refusal(error: SnapbookError) -> JSONResponse:
    """One sentence in JSON, with the status that says what to do about it."""
    status = 401 if error.kind == "unauthenticated" else failure.status_of(error)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    told = failure.told(error)
    if status == 401:
        told["error_code"] = "UNAUTHENTICATED"  # what MLflow's client goes by
    return JSONResponse(told, status, headers)


def later(wait_s: float) -> JSONResponse:
    """The answer to who asks too often: when to ask again."""
    seconds = max(math.ceil(wait_s), 1)
    error = Unreachable(
        "Too many requests at once", act=f"Try again in {seconds} s", kind="too-many"
    )
    return JSONResponse(
        failure.told(error), failure.status_of(error), {"Retry-After": str(seconds)}
    )
