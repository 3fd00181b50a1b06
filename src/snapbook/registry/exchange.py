"""What is asked of an OpenID provider for who signs in, and what its token endpoint gives.

Knows the words of the authorization code flow (OpenID Connect Core 3.1, PKCE of RFC 7636), and
neither browsers nor what is kept of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from snapbook.errors import Refused, Unreachable

SCOPES = "openid email profile"
_TIMEOUT_S = 15.0


def address(
    provider: Mapping[str, Any],
    client: str,
    back: str,
    *,
    state: str,
    nonce: str,
    verifier: str,
    keep: bool = True,
) -> str:
    """Where a browser goes at the provider, so that it comes ``back`` with a code.

    With ``keep`` a sign-in is asked for that can be renewed.
    """
    challenge = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": back,
        "scope": scopes(provider, keep=keep),
        "state": state,
        "nonce": nonce,
        "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    where = str(provider["authorization_endpoint"])  # some have words of their own in it
    return f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}"


def scopes(provider: Mapping[str, Any], *, keep: bool = True) -> str:
    """What is to be known of a person, of what the provider tells."""
    known = provider.get("scopes_supported")
    wanted = ("groups", "offline_access") if keep else ("groups",)
    return " ".join([SCOPES, *(n for n in wanted if isinstance(known, list) and n in known)])


def exchanged(provider: Mapping[str, Any], form: Mapping[str, str]) -> Mapping[str, Any]:
    """What the provider gives for ``form``. Raises Refused, Unreachable."""
    given, refused = answered(str(provider["token_endpoint"]), form)
    if refused == "invalid_grant":
        raise ended()
    if refused:
        raise Refused(f"Not signed in: {refused}", kind="unauthenticated")
    return given


def answered(url: str, form: Mapping[str, str]) -> tuple[Mapping[str, Any], str]:
    """What is answered at ``url``, and the word with which it was refused, or "".

    Raises Unreachable.
    """
    import httpx

    try:
        answer = httpx.post(url, data=form, timeout=_TIMEOUT_S)
        value = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
        raise Unreachable("The sign-in cannot be reached", act="Try again later") from error
    if answer.is_success and isinstance(value, dict):
        return value, ""
    said = value.get("error") if isinstance(value, dict) else None
    return {}, str(said or answer.status_code)


def ended() -> Refused:
    """The error where the provider does not know any more what it gave."""
    return Refused(
        "The sign-in has ended", act="Sign in again: snapbook login", kind="unauthenticated"
    )


def claims(token: str) -> Mapping[str, Any]:
    """What stands in a token that came from the provider itself; the registry checks it."""
    try:
        middle = token.split(".")[1]
        value = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (IndexError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
