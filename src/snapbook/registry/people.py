"""Who somebody is that an OpenID provider vouches for, and what was granted to him.

Grants stand among the tokens (`Tokens.grant`), by email address, group or subject: one that was
taken back counts no more with the next request.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from typing import Any

from snapbook import canonical
from snapbook.errors import BadName, Refused
from snapbook.registry.oidc import Issuer
from snapbook.registry.roles import Principal
from snapbook.registry.tokens import Tokens

GROUP, SUBJECT = "group:", "sub:"


class People:
    """Those whom ``issuer`` knows, and to whom something was granted in ``tokens``."""

    def __init__(self, issuer: Issuer, tokens: Tokens) -> None:
        self.issuer = issuer
        self._tokens = tokens

    def principal(self, token: str) -> Principal | None:
        """Whom the provider's ``token`` names; None for one that is none.

        Raises Refused for one to whom nothing is granted, and Unreachable.
        """
        claims = self.issuer.claims(token)
        return None if claims is None else self._principal(claims)

    def arrived(self, token: str, nonce: str) -> tuple[Principal, tuple[str, ...]]:
        """Whom ``token`` names, made for the sign-in of that ``nonce``; and all he is known as.

        Raises Refused, and Unreachable.
        """
        claims = self.issuer.claims(token)
        if claims is None or not hmac.compare_digest(
            str(claims.get("nonce")).encode(), nonce.encode()
        ):
            raise Refused(
                "Not signed in: the provider's answer is not to what was asked",
                act="Begin again",
                kind="unauthenticated",
            )
        return self._principal(claims), tuple(_known_as(claims))

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        name = _name(claims)
        grants = self._tokens.granted(set(_known_as(claims)))
        if not grants:
            raise Refused(
                f"Nothing is granted to {name} here", act="Ask its administrator", kind="role"
            )
        return Principal(name, grants, f"oidc-{canonical.digest(claims['sub'].encode())[:12]}")


def checked_who(text: str) -> str:
    """An email address, group:NAME or sub:ID, in the form that is compared. Raises BadName."""
    plain = text if text.startswith((GROUP, SUBJECT)) else text.casefold()
    name = plain.removeprefix(GROUP).removeprefix(SUBJECT)
    is_mail = plain != name or "@" in plain
    if not name or not is_mail or not text.isprintable() or len(text) > 256:
        raise BadName(
            f"{text!r} names nobody who can sign in",
            act="Like these: ada@example.com, group:risk, sub:00u1a2b3",
        )
    return plain


def _known_as(claims: Mapping[str, Any]) -> Iterator[str]:
    """All that he is known as: what a provider did not look at itself does not count."""
    yield f"{SUBJECT}{claims['sub']}"
    address = claims.get("email")
    if claims.get("email_verified") is True and isinstance(address, str) and "@" in address:
        yield address.casefold()
    groups = claims.get("groups")
    for group in groups if isinstance(groups, list) else ():
        yield f"{GROUP}{group}"


def _name(claims: Mapping[str, Any]) -> str:
    """What stands in events: the address that was verified, else the subject."""
    known = [name for name in _known_as(claims) if not name.startswith((GROUP, SUBJECT))]
    return known[0] if known else f"{SUBJECT}{claims['sub']}"
