"""A name and a password in place of a token, for clients that know nothing else: MLflow's.

The password is the token. The name says nothing: who somebody is stands with the token. Knows the
header alone, and no token.
"""

from __future__ import annotations

import base64
import binascii

from starlette.requests import Request


def is_basic(header: str) -> bool:
    """Whether the header "Authorization" is a name and a password."""
    return header.partition(" ")[0].lower() == "basic"


def as_bearer(header: str) -> str:
    """The header that says the same with a token; one that names nobody where it is malformed."""
    try:
        text = base64.b64decode(header.partition(" ")[2].strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    return f"Bearer {text.partition(':')[2]}"


def is_browsers(request: Request) -> bool:
    """Whether a page made a browser send ``request``.

    A browser that was once given a name and a password sends them with whatever other pages ask.
    """
    return "origin" in request.headers or "sec-fetch-site" in request.headers
