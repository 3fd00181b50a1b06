"""Signing in at a registry's OpenID provider: a browser, a listener on this machine, and back.

The authorization code flow for programs (RFC 8252) with PKCE (RFC 7636): the code that the browser
brings is worth nothing without what never left this process. What is kept is the provider's word
for who somebody is, and what gets a fresh one; both are kept as a registry's token is.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from snapbook.errors import Refused, Unreachable
from snapbook.registry import oidc

_PATIENCE_S = 300.0
_FRESH_S = 60  # before it ends a new one is fetched
_TIMEOUT_S = 15.0
_SCOPES = "openid email profile"
_MORE_SCOPES = ("groups", "offline_access")  # asked for where the provider has them


@dataclass(frozen=True, slots=True)
class Offer:
    """Where the people of a registry sign in, and what it is called there.

    ``secret`` is what some providers give to programs on people's machines, where it is none.
    """

    issuer: str
    client: str
    secret: str = ""

    @property
    def form(self) -> Mapping[str, str]:
        """Who asks, for the provider."""
        own = {"client_id": self.client}
        return {**own, "client_secret": self.secret} if self.secret else own


@dataclass(frozen=True, slots=True)
class Signed:
    """What signing in gave."""

    offer: Offer
    id_token: str
    refresh_token: str

    def __str__(self) -> str:
        own = {"id_token": self.id_token, "refresh_token": self.refresh_token}
        return json.dumps({**asdict(self.offer), **own})


def offer_of(text: str) -> Offer | None:
    """What a registry shows of its sign-in; None for nothing."""
    issuer, _, rest = text.partition(" ")
    client, _, secret = rest.partition(" ")
    return Offer(oidc.checked_issuer(issuer), client, secret) if client else None


def sign_in(
    offer: Offer, browse: Callable[[str], object], patience_s: float = _PATIENCE_S
) -> Signed:
    """Let the user sign in; ``browse`` gets the address that he is to open.

    Raises Refused where he, or the provider, does not want to, and Unreachable.
    """
    provider = oidc.discovered(offer.issuer)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    with _Listener(state) as listener:
        challenge = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": offer.client,
            "redirect_uri": listener.address,
            "scope": _scopes(provider),
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        browse(f"{provider['authorization_endpoint']}?{urlencode(asked)}")
        code = listener.wait(patience_s)
        given = _exchanged(provider, {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": listener.address,
            "code_verifier": verifier,
            **offer.form,
        })  # fmt: skip
    found = Signed(offer, str(given.get("id_token", "")), str(given.get("refresh_token", "")))
    if _claims(found.id_token).get("nonce") != nonce:
        raise Refused("Not signed in: the answer is not to what was asked", kind="unauthenticated")
    return found


def signed_of(text: str) -> Signed | None:
    """What `Signed` spelled; None for a token of another kind."""
    if not text.startswith("{"):
        return None
    try:
        value = json.loads(text)
        offer = Offer(*(str(value[name]) for name in ("issuer", "client", "secret")))
        return Signed(offer, str(value["id_token"]), str(value["refresh_token"]))
    except (ValueError, KeyError, TypeError):
        return None


def fresh(signed: Signed) -> Signed:
    """The same for as long as it lasts, else a new one. Raises Refused, Unreachable."""
    ends = _claims(signed.id_token).get("exp")
    if isinstance(ends, int | float) and ends - _FRESH_S > time.time():
        return signed
    if not signed.refresh_token:
        raise _ended()
    given = _exchanged(oidc.discovered(signed.offer.issuer), {
        "grant_type": "refresh_token",
        "refresh_token": signed.refresh_token,
        "scope": _SCOPES,
        **signed.offer.form,
    })  # fmt: skip
    if not given.get("id_token"):
        raise _ended()
    refresh = str(given.get("refresh_token") or signed.refresh_token)
    return Signed(signed.offer, str(given["id_token"]), refresh)


def _ended() -> Refused:
    return Refused(
        "The sign-in has ended", act="Sign in again: snapbook login", kind="unauthenticated"
    )


def _scopes(provider: Mapping[str, Any]) -> str:
    known = provider.get("scopes_supported")
    more = [name for name in _MORE_SCOPES if isinstance(known, list) and name in known]
    return " ".join([_SCOPES, *more])


def _exchanged(provider: Mapping[str, Any], form: Mapping[str, str]) -> Mapping[str, Any]:
    """What the provider gives for ``form``. Raises Refused, Unreachable."""
    import httpx

    try:
        answer = httpx.post(str(provider["token_endpoint"]), data=form, timeout=_TIMEOUT_S)
        value = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Unreachable("The sign-in cannot be reached", act="Try again later") from error
    if not answer.is_success or not isinstance(value, dict):
        said = value.get("error", "") if isinstance(value, dict) else ""
        if said == "invalid_grant":
            raise _ended()
        raise Refused(f"Not signed in: {said or answer.status_code}", kind="unauthenticated")
    return value


def _claims(token: str) -> Mapping[str, Any]:
    """What stands in a token that came from the provider itself; the registry checks it."""
    try:
        middle = token.split(".")[1]
        value = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (IndexError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


class _Listener:
    """One port of this machine, which the browser comes back to with the code for ``state``."""

    def __init__(self, state: str) -> None:
        listener = self
        self._state = state
        self._given: Mapping[str, str] | None = None

        class Handler(BaseHTTPRequestHandler):
            timeout = 5  # of one that connects and says nothing

            def do_GET(self) -> None:
                """Take what the browser brings, if it is ours; anything else learns nothing."""
                query = parse_qs(urlsplit(self.path).query)
                given = {name: values[0] for name, values in query.items()}
                if not secrets.compare_digest(given.get("state", "").encode(), state.encode()):
                    self.send_error(404)
                    return
                listener._given = given
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                failed = html.escape(given.get("error", ""))
                said = f"Not signed in: {failed}." if failed else "Signed in."
                self.wfile.write(f"<p>{said} You can close this page.</p>".encode())

            def log_message(self, *_: object) -> None:
                """Nothing: the code stands in the path."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> _Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()

    def wait(self, patience_s: float) -> str:
        """The code that the browser brought. Raises Refused."""
        until = time.monotonic() + patience_s
        while self._given is None and (left := until - time.monotonic()) > 0:
            self._server.timeout = left
            self._server.handle_request()
        if self._given is None:
            raise Refused(
                "Not signed in: nobody came back from the browser", kind="unauthenticated"
            )
        if code := self._given.get("code"):
            return code
        why = self._given.get("error", "no code came back")
        raise Refused(f"Not signed in: {why}", kind="unauthenticated")
