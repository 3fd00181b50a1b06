"""Who may ask for predictions: bearers of a token out of a private file or the environment.

Tokens are kept as digests. What stands in a log of a token is the beginning of its digest: enough
to tell two clients apart, and no help to anybody.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from snapbook.errors import NotFound, Refused, Unreachable, Usage

VARIABLE = "SNAPBOOK_SERVE_TOKEN"
_LEAST = 16
_SCHEME = b"bearer "
_SHOWN = 8


class Tokens:
    """The tokens that count; none: everybody may ask."""

    def __init__(self, tokens: Iterable[str] = ()) -> None:
        self._digests: dict[bytes, str] = {}
        for token in tokens:
            if len(token) < _LEAST or not token.isascii() or not token.isprintable():
                raise Usage(
                    "Not served: a token is too short or has odd characters",
                    act=f"It takes {_LEAST} characters or more",
                    hint="openssl rand -hex 24",
                )
            digest = hashlib.sha256(token.encode()).digest()
            self._digests[digest] = digest.hex()[:_SHOWN]

    def __bool__(self) -> bool:
        return bool(self._digests)

    def who(self, authorization: bytes) -> str | None:
        """The bearer that a header names; "" where everybody may ask, None for a stranger."""
        if not self._digests:
            return ""
        if authorization[: len(_SCHEME)].lower() != _SCHEME:
            return None
        # Looked up by digest, so the time that it takes tells nothing of a token.
        given = hashlib.sha256(authorization[len(_SCHEME) :].strip()).digest()
        return self._digests.get(given)


def tokens(file: Path | None, environment: Mapping[str, str] = os.environ) -> Tokens:
    """The tokens of ``file``, one a line, "#" begins a comment, and that of the environment.

    Raises NotFound, Unreachable, Usage, and Refused where others may read the file.
    """
    found = [environment[VARIABLE]] if environment.get(VARIABLE) else []
    if file is not None:
        lines = _private(file).splitlines()
        found += [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        if not found:
            raise Usage(f"Not served: {file.name} has no token in it", act="Put one a line there")
    return Tokens(found)


def _private(file: Path) -> str:
    try:
        mode = file.stat().st_mode
        text = file.read_text("utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"Not served: there is no file {file.name}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Unreachable(f"Not served: {file.name} cannot be read") from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Refused(
            f"Not served: others may read {file.name}",
            act="Keep the tokens to yourself",
            hint=f"chmod 600 {file.name}",
        )
    return text
