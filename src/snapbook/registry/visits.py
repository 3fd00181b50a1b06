"""The routes of a visit, signed in with a token and out again; whether a request is the page's own.

A browser sends its cookie with whatever other pages make it ask. So a request that has nothing but
the cookie counts only if the page itself sent it: it carries a header that no other origin may set,
and what the browser says of its origin agrees.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from snapbook.errors import Refused, Usage
from snapbook.registry import sessions
from snapbook.registry.asked import Asked

routes = APIRouter(tags=["visits"])
PAGE = "x-snapbook-page"
_LOOKING = ("GET", "HEAD")


@routes.post("/session", status_code=201)
def sign_in(request: Request, asked: Asked) -> Response:
    """Begin a session for whom the token in the header names; the cookie is all that stays."""
    if "authorization" not in request.headers:
        # With the cookie alone a session would never end.
        raise Refused("Not signed in: a session begins with a token", kind="unauthenticated")
    if asked.body:
        raise Usage(
            "A session begins with the token in its header, and nothing else", kind="argument"
        )
    service = asked.service
    if service.tokens.holder(asked.who.token) is None:
        raise Refused(
            "Not signed in: the page takes a token of this registry",
            act="Ask its administrator for one",
            kind="unauthenticated",
        )
    if old := request.cookies.get(sessions.COOKIE):
        service.sessions.end(old)
    text = service.sessions.begin(asked.who)
    return Response(
        status_code=201, headers={"Set-Cookie": sessions.cookie(text, secure=is_secure(request))}
    )


@routes.delete("/session")
def sign_out(request: Request, asked: Asked) -> Response:
    """End the session of the cookie: it is refused from now on, wherever it is."""
    asked.service.sessions.end(request.cookies.get(sessions.COOKIE, ""))
    return Response(
        status_code=204, headers={"Set-Cookie": sessions.cookie("", secure=is_secure(request))}
    )


def is_own(request: Request) -> bool:
    """Whether the page itself sent ``request``, not another one by way of its reader's browser."""
    if request.headers.get(PAGE) != "1":
        return False
    if site := request.headers.get("sec-fetch-site"):
        return site == "same-origin"
    # A browser tells no site where it does not trust the address (http): it tells the origin then.
    origin = request.headers.get("origin")
    if origin is None:
        return request.method in _LOOKING
    return urlsplit(origin).netloc == request.headers.get("host")


def is_secure(request: Request) -> bool:
    """Whether the browser speaks HTTPS, to us or to a proxy that nobody told us of."""
    return request.url.scheme == "https" or request.headers.get("origin", "").startswith("https:")
