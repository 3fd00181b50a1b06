"""People who sign in elsewhere: what an OpenID provider says of them, checked.

Knows the provider's keys, which a thread of its own fetches, so that no request waits for another
house; a token that names a key not seen yet asks for them once more. PyJWT checks signature,
issuer, audience and times; only keys that can be public are taken, so neither "none" nor a public
key used as a secret passes (RFC 8725). What a person may do is not the provider's to say.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from snapbook.errors import BadOption, Unreachable

if TYPE_CHECKING:
    from jwt import PyJWK

_ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip
_NEEDED = ("exp", "iat", "iss", "aud", "sub")
_LEEWAY_S = 60
_EVERY_S = 300.0
_AGAIN_S = 5.0  # between two fetches that unknown keys asked for
_TIMEOUT_S = 10.0
_LONGEST = 16_384


class Issuer:
    """The OpenID provider at ``url``, at which this registry is ``client``. `watch` it first.

    ``secret`` is what some providers give to programs on people's machines, where it is none.
    """

    def __init__(self, url: str, client: str, secret: str = "") -> None:
        self.url = checked_issuer(url)
        self.client = client
        self._secret = secret
        self._keys: Mapping[str, PyJWK] = {}
        self._provider: Mapping[str, Any] = {}
        self._fetched_s = 0.0
        self._wanted = threading.Event()
        self._ended = False
        self._watching: threading.Thread | None = None

    @property
    def shown(self) -> str:
        """What whoever wants to sign in has to know."""
        return " ".join(filter(None, (self.url, self.client, self._secret)))

    @property
    def provider(self) -> Mapping[str, Any]:
        """What the provider says of itself. Raises Unreachable as long as it never answered."""
        if not self._provider:
            self._wanted.set()
            raise Unreachable("The sign-in cannot be reached", act="Try again")
        return self._provider

    def watch(self) -> None:
        """Fetch the keys now and then from here on; `close` ends it."""
        with suppress(Unreachable):  # tokens of the registry's own go on meanwhile
            self._fetch()
        self._watching = threading.Thread(target=self._watch, name="snapbook-oidc", daemon=True)
        self._watching.start()

    def close(self) -> None:
        """End the thread."""
        self._ended = True
        self._wanted.set()
        if self._watching is not None:
            self._watching.join()

    def claims(self, token: str) -> Mapping[str, Any] | None:
        """What the provider says with ``token``; None for a token that is not its own, or is over.

        Raises Unreachable while the key that it names is being fetched.
        """
        import jwt

        if len(token) > _LONGEST:
            return None
        try:
            name = jwt.get_unverified_header(token).get("kid")
            if (key := self._key(name)) is None:
                return None
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                audience=self.client,
                issuer=self.url,
                leeway=_LEEWAY_S,
                options={"require": list(_NEEDED)},
            )
        except jwt.PyJWTError:
            return None
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        # One that was made for others as well has to be given to us (OpenID Connect Core, 3.1.3.7).
        return None if several and claims.get("azp") != self.client else claims

    def _key(self, name: object) -> PyJWK | None:
        keys = self._keys
        if name is None:
            return next(iter(keys.values())) if len(keys) == 1 else None
        found = keys.get(name) if isinstance(name, str) else None
        if found is None and time.monotonic() - self._fetched_s > _AGAIN_S:
            self._wanted.set()
            raise Unreachable("The keys of the sign-in are being fetched", act="Try again")
        return found

    def _watch(self) -> None:
        while not self._ended:
            self._wanted.wait(_EVERY_S)
            self._wanted.clear()
            if not self._ended:
                with suppress(Unreachable):
                    self._fetch()

    def _fetch(self) -> None:
        """Take the provider's keys as they are now. Raises Unreachable; then the old ones stay."""
        import jwt

        self._fetched_s = time.monotonic()
        provider = discovered(self.url)
        found = fetched(str(provider["jwks_uri"]))
        keys: dict[str, PyJWK] = {}
        for number, value in enumerate(found.get("keys", ())):
            if value.get("kty") == "oct" or value.get("use", "sig") != "sig":
                continue
            with suppress(jwt.PyJWTError):  # of a kind that is not known here
                keys[str(value.get("kid", number))] = jwt.PyJWK(value)
        self._keys, self._provider = keys, provider


def checked_issuer(url: str) -> str:
    """The address of a provider, or of one of its pages. Raises BadOption.

    http is for this machine alone: what comes over it is believed.
    """
    parts = urlsplit(url)
    here = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if not parts.hostname or parts.username or parts.scheme not in ("https", "http"):
        raise BadOption("That is no address of a sign-in", act="Like: https://login.example.com")
    if parts.scheme == "http" and not here:
        raise BadOption("A sign-in over http is not believed", act="Name one of https")
    return url


def discovered(issuer: str) -> Mapping[str, Any]:
    """What the provider says of itself (OpenID Connect Discovery). Raises Unreachable."""
    found = fetched(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        raise Unreachable(
            "The sign-in does not answer as itself",
            f"it calls itself {found.get('issuer')}",
            act=f"Name it as it does, and not {issuer}",
        )
    for name in ("jwks_uri", "authorization_endpoint", "token_endpoint"):
        try:
            checked_issuer(str(found.get(name, "")))
        except BadOption as error:
            raise Unreachable(f"The sign-in has no {name} that is believed") from error
    return found


def fetched(url: str) -> Mapping[str, Any]:
    """The JSON object at ``url``. Raises Unreachable."""
    import httpx

    try:
        answer = httpx.get(url, timeout=_TIMEOUT_S)
        answer.raise_for_status()
        value = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
        raise Unreachable(
            f"The sign-in at {urlsplit(url).hostname} cannot be reached", act="Try again later"
        ) from error
    if not isinstance(value, dict):
        raise Unreachable(f"{urlsplit(url).hostname} answers, and not as a sign-in does")
    return value
