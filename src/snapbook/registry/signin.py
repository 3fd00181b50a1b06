"""Signing in at a registry's OpenID provider: a browser, a listener on this machine, and back.

The authorization code flow for programs (RFC 8252) with PKCE (RFC 7636): the code that the browser
brings is worth nothing without what never left this process. What is kept is the provider's word
for who somebody is, and what gets a fresh one; both are kept as a registry's token is. Without a
browser here it is `device`'s.
"""

from __future__ import annotations

import html
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

from snapbook.errors import Refused
from snapbook.registry import exchange, oidc

_PATIENCE_S = 300.0
_FRESH_S = 60  # before it ends a new one is fetched


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
    """What signing in gave; ``got_s`` is when, by this machine's clock (seconds since 1970)."""

    offer: Offer
    id_token: str
    refresh_token: str
    got_s: float = field(default_factory=time.time)

    def __str__(self) -> str:
        own = {
            "id_token": self.id_token, "refresh_token": self.refresh_token, "got_s": self.got_s,
        }  # fmt: skip
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
        browse(exchange.address(
            provider, offer.client, listener.address, state=state, nonce=nonce, verifier=verifier
        ))  # fmt: skip
        code = listener.wait(patience_s)
        given = exchange.exchanged(provider, {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": listener.address,
            "code_verifier": verifier,
            **offer.form,
        })  # fmt: skip
    found = Signed(offer, str(given.get("id_token", "")), str(given.get("refresh_token", "")))
    if exchange.claims(found.id_token).get("nonce") != nonce:
        raise Refused("Not signed in: the answer is not to what was asked", kind="unauthenticated")
    return found


def signed_of(text: str) -> Signed | None:
    """What `Signed` spelled; None for a token of another kind."""
    if not text.startswith("{"):
        return None
    try:
        value = json.loads(text)
        offer = Offer(*(str(value[name]) for name in ("issuer", "client", "secret")))
        got_s = float(value.get("got_s", 0))
        return Signed(offer, str(value["id_token"]), str(value["refresh_token"]), got_s)
    except (ValueError, KeyError, TypeError):
        return None


def fresh(signed: Signed) -> Signed:
    """The same for as long as it lasts, else a new one. Raises Refused, Unreachable."""
    claims = exchange.claims(signed.id_token)
    lasts_s = _number(claims, "exp") - _number(claims, "iat")
    # By how long it is here: whether the clock is the provider's does not matter.
    if 0 <= time.time() - signed.got_s < lasts_s - _FRESH_S:
        return signed
    if not signed.refresh_token:
        raise exchange.ended()
    given = exchange.exchanged(oidc.discovered(signed.offer.issuer), {
        "grant_type": "refresh_token",
        "refresh_token": signed.refresh_token,
        "scope": exchange.SCOPES,
        **signed.offer.form,
    })  # fmt: skip
    if not given.get("id_token"):
        raise exchange.ended()
    refresh = str(given.get("refresh_token") or signed.refresh_token)
    return Signed(signed.offer, str(given["id_token"]), refresh)


def _number(claims: Mapping[str, object], name: str) -> float:
    value = claims.get(name)
    return value if isinstance(value, int | float) else 0.0


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
