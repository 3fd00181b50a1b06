"""Signing in at a registry's OpenID provider without a browser on this machine (RFC 8628).

The provider gives a short code, which the user types in wherever he has a browser; here it is asked
until he did, as slowly as the provider wants. What comes is kept as any other sign-in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from snapbook.errors import BadOption, Refused, Unreachable
from snapbook.registry import exchange, oidc
from snapbook.registry.signin import Offer, Signed

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_INTERVAL_S = 5.0  # where the provider names none; and how much slower it may want it
_LONGEST_S = 1800.0  # however long the provider would wait
_ENDS = {
    "access_denied": "it was refused there",
    "expired_token": "nobody typed in the code in time",
}


def sign_in(
    offer: Offer,
    show: Callable[[str, str], object],
    pause: Callable[[float], object] = time.sleep,
) -> Signed:
    """Let the user sign in elsewhere; ``show`` gets the address and the code to type in there.

    Raises Refused where he, or the provider, does not want to, BadOption where the provider knows
    no such way, and Unreachable.
    """
    provider = oidc.discovered(offer.issuer)
    begun, wait_s, until = _begun(provider, offer)
    show(str(begun["verification_uri"]), str(begun["user_code"]))
    form = {"grant_type": _GRANT, "device_code": str(begun["device_code"]), **offer.form}
    while time.monotonic() < until:
        pause(wait_s)
        try:
            given, said = exchange.answered(str(provider["token_endpoint"]), form)
        except Unreachable:
            wait_s *= 2  # it may be too much for it (3.5)
            continue
        if not said:
            return Signed(
                offer, str(given.get("id_token", "")), str(given.get("refresh_token", ""))
            )
        if said == "slow_down":
            wait_s += _INTERVAL_S
        elif said != "authorization_pending":
            raise Refused(f"Not signed in: {_ENDS.get(said, said)}", kind="unauthenticated")
    raise Refused(f"Not signed in: {_ENDS['expired_token']}", kind="unauthenticated")


def _begun(provider: Mapping[str, Any], offer: Offer) -> tuple[Mapping[str, Any], float, float]:
    """What the provider begins with: its words, seconds between two questions, and the end."""
    where = str(provider.get("device_authorization_endpoint", ""))
    if not where:
        raise BadOption(
            "--device cannot be used: the provider knows no sign-in without a browser",
            act="Log in without it, or with a token",
        )
    form = {"scope": exchange.scopes(provider), **offer.form}
    begun, refused = exchange.answered(oidc.checked_issuer(where), form)
    if refused:
        raise Refused(f"Not signed in: {refused}", kind="unauthenticated")
    try:
        oidc.checked_issuer(str(begun["verification_uri"]))  # it is shown, and opened
        code = str(begun["user_code"])
        if not code or not code.isprintable() or not begun["device_code"]:
            raise ValueError
        wait_s, lasts_s = float(begun.get("interval", _INTERVAL_S)), float(begun["expires_in"])
        if not (0 <= wait_s <= _LONGEST_S and lasts_s >= 0):
            raise ValueError
    except (BadOption, KeyError, TypeError, ValueError) as error:
        raise Unreachable("The sign-in answers, and not as it should (RFC 8628)") from error
    return begun, max(wait_s, 1.0), time.monotonic() + min(lasts_s, _LONGEST_S)
