"""What a server of predictions says when it does not predict: one sentence, a status, the column.

Knows the errors of requests. The key "error" is what the V2 protocol asks for; the rest is for
programs that correct themselves. Nothing of the model's own words goes out: they stand in the log
by their type and place alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from snapbook import failure
from snapbook.errors import NotFound, Refused, SnapbookError, Unreachable, Usage
from snapbook.serve.reply import Reply

REFUSED = (b"snapbook-refused", b"model")  # of an answer: the model said so, and not the checks
_STATUS = {
    "unauthenticated": 401,
    "method": 405,
    "slow": 408,
    "too-large": 413,
    "encoding": 415,
    "model": 500,
    "late": 504,
}


class Unfit(Usage):
    """The request is not what the model takes; ``column`` and ``row`` (from 0) where it is one."""

    kind = "unfit"

    def __init__(
        self,
        why: str,
        column: str | None = None,
        row: int | None = None,
        what: str = "Not predicted",
    ) -> None:
        super().__init__(what, why)
        self.column = column
        self.row = row


class Failed(SnapbookError):
    """The model itself raised, or gave what is no answer; ``cause`` is what it raised."""

    kind = "model"

    def __init__(self, cause: BaseException) -> None:
        super().__init__("Not predicted", "the model failed on it; what it said is in the log")
        self.cause = cause


def busy(why: str) -> SnapbookError:
    """More is asked than can be answered now."""
    return Unreachable("Not predicted", why, act="Try again in 1 s", kind="busy")


def stopping() -> SnapbookError:
    """The end has come, and this was not here before."""
    return busy("the server is about to stop")


def fatal() -> SnapbookError:
    """Processes ended that were answering it."""
    return SnapbookError("Not predicted", "the model's process ended on it, twice", kind="model")


def late(seconds: float) -> SnapbookError:
    """The answer did not come in time."""
    return Unreachable("Not predicted", f"it took longer than {seconds:g} s", kind="late")


def slow(seconds: float) -> SnapbookError:
    """The request did not arrive in time."""
    return Usage("Not predicted", f"the request did not arrive within {seconds:g} s", kind="slow")


def too_large(most: int) -> SnapbookError:
    """The body is larger than one may be."""
    return Usage("Not predicted", f"a request may have {most:,} bytes", kind="too-large")


def packed() -> SnapbookError:
    """The body is compressed."""
    return Usage("Not predicted", "the body is compressed; send it as it is", kind="encoding")


def stranger() -> SnapbookError:
    """No token, or one that is not known here."""
    return Refused(
        "Not answered",
        "this needs a token",
        act="Send it as",
        hint="Authorization: Bearer TOKEN",
        kind="unauthenticated",
    )


def nothing_here() -> SnapbookError:
    """No such path."""
    return NotFound("There is nothing here", act="What there is", hint="/openapi.json")


def untaken(why: str) -> Unfit:
    """An outcome that is none."""
    return Unfit(why, what="Not taken")


def nobody_asked() -> SnapbookError:
    """No request has that id, or it was not kept."""
    return NotFound("Not taken: no request with that id was kept here", kind="unknown-request")


def wrong_method(allowed: Iterable[str]) -> SnapbookError:
    """The path is there for other methods."""
    return Usage("Not answered: this is asked in another way", act="By", hint=", ".join(allowed),
                 kind="method")  # fmt: skip


def refusal(error: SnapbookError) -> Reply:
    """``error`` as an answer."""
    status = _STATUS.get(error.kind) or failure.status_of(error)
    told: dict[str, object] = {"error": _text(error), "kind": error.kind}
    if isinstance(error, Unfit):
        if error.column is not None:
            told["column"] = error.column
        if error.row is not None:
            told["row"] = error.row
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if isinstance(error.__cause__, Failed):
        headers = (REFUSED,)
    if status == 401:
        headers = ((b"www-authenticate", b"Bearer"),)
    elif status == 503:
        headers = ((b"retry-after", b"1"),)
    elif status == 405:
        headers = ((b"allow", str(error.hint).encode()),)
    elif error.kind in ("slow", "too-large"):
        headers = ((b"connection", b"close"),)  # the rest of the body is not waited for
    return Reply(json.dumps(told).encode(), status, headers=headers)


def _text(error: SnapbookError) -> str:
    typed = error.hint if isinstance(error.hint, str) else ""
    tail = f" {error.act}: {typed}" if typed else f" {error.act}." if error.act else ""
    return error.sentence + tail
