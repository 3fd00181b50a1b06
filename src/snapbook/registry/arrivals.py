"""Signing in at the page through an OpenID provider: its reader goes there, and comes back.

The authorization code flow, whose secrets this server makes and checks: state, nonce and the
verifier of PKCE are all drawn from 256 bits of chance in a cookie that no script reads and no other
site sends, so nothing is kept here of who only began. The provider sends the reader back to the
page itself; the page brings state and code here, once. Nobody is known on these routes: so they
answer to the page alone, and few at a time ask the provider.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from typing import TypeGuard
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from snapbook import canonical
from snapbook.errors import NotFound, Refused, Unreachable, Usage
from snapbook.registry import exchange, sessions, visits, wire
from snapbook.registry.asked import json_object, limited, service_of
from snapbook.registry.people import People
from snapbook.registry.service import Service
from snapbook.registry.signin import offer_of

routes = APIRouter(tags=["visits"])
PATHS = frozenset({f"{wire.PATH}/oidc-begin", f"{wire.PATH}/oidc-back"})
COOKIE = "snapbook-arriving"
_LASTS_S = 600
_MOST = 16_384
_LONGEST = 4096
_asking = threading.BoundedSemaphore(4)


@routes.post("/oidc-begin")
async def begin(request: Request) -> Response:
    """Where the reader of the page is to go, and what has to come back with him."""
    said = json_object(await limited(request, _MOST))
    people, back = _people(service_of(request)), _own_address(request, said.get("back"))
    issuer, secret = people.issuer, secrets.token_urlsafe(32)
    state, nonce, verifier = (_drawn(secret, what) for what in ("state", "nonce", "verifier"))
    address = exchange.address(
        issuer.provider, issuer.client, back,
        state=state, nonce=nonce, verifier=verifier, keep=False,
    )  # fmt: skip
    answer = JSONResponse({"address": address, "state": state})
    answer.headers.append("set-cookie", _cookie(request, secret, _LASTS_S))
    return answer


@routes.post("/oidc-back")
async def back(request: Request) -> Response:
    """Begin a session for who came back with a code, to the browser that went there for it."""
    said = json_object(await limited(request, _MOST))
    service = service_of(request)
    people, address = _people(service), _own_address(request, said.get("back"))
    secret, code, state = request.cookies.get(COOKIE, ""), said.get("code"), said.get("state")
    if not _is_word(code) or not _is_word(state):
        raise Usage("A sign-in comes back with a code and a state", kind="argument")
    if not secret or not hmac.compare_digest(_drawn(secret, "state").encode(), state.encode()):
        raise Refused(
            "Not signed in: that sign-in was not begun in this browser, or is over",
            act="Begin again",
            kind="unauthenticated",
        )
    old = request.cookies.get(sessions.COOKIE, "")
    text = await run_in_threadpool(_session, service, people, secret, code, address, old)
    answer = JSONResponse({"status": "in"}, 201)
    secure = visits.is_secure(request)
    answer.headers.append("set-cookie", sessions.cookie(text, secure=secure))
    answer.headers.append("set-cookie", _cookie(request, "", 0))
    return answer


def _session(service: Service, people: People, secret: str, code: str, back: str, old: str) -> str:
    """A session for whom the provider names for ``code``, in place of the ``old`` one, if any.

    Raises Refused, Unreachable.
    """
    if not _asking.acquire(blocking=False):
        raise Unreachable("Too many sign in at once", act="Try again", kind="too-many")
    try:
        offer = offer_of(people.issuer.shown)
        assert offer is not None
        given = exchange.exchanged(people.issuer.provider, {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": _drawn(secret, "verifier"),
            **offer.form,
        })  # fmt: skip
    finally:
        _asking.release()
    who, known_as = people.arrived(str(given.get("id_token", "")), _drawn(secret, "nonce"))
    if old:
        service.sessions.end(old)
    return service.sessions.begin(who, known_as)


def _people(service: Service) -> People:
    if service.people is None:
        raise NotFound("Nobody signs in elsewhere here", act="Use a token", kind="not-found")
    return service.people


def _own_address(request: Request, text: object) -> str:
    """The page's own address, as the browser knows it. Raises Usage for that of another page."""
    try:
        parts = urlsplit(text if _is_word(text) else "")
    except ValueError:
        parts = urlsplit("")
    origin = f"{parts.scheme}://{parts.netloc}"
    if not parts.netloc or origin != request.headers.get("origin") or parts.query or parts.fragment:
        raise Usage("A sign-in comes back to the page that began it", kind="argument")
    return parts.geturl()


def _is_word(value: object) -> TypeGuard[str]:
    """Whether it is a text that can stand in an address."""
    return isinstance(value, str) and len(value) <= _LONGEST and value.isascii()


def _drawn(secret: str, what: str) -> str:
    """A number for one use, that says nothing of the others."""
    return canonical.digest(f"{what} {secret}".encode())


def _cookie(request: Request, text: str, lasts_s: int) -> str:
    """Without a path, as that of a session: it holds for the routes that lie here."""
    words = [f"{COOKIE}={text}", "HttpOnly", "SameSite=Strict", f"Max-Age={lasts_s}"]
    return "; ".join([*words, *["Secure"] * visits.is_secure(request)])
