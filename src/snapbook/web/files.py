"""The files of the page, the same for everybody: markup, script, style, and what they may do.

They are built from labextension/src/web by scripts/bundle and lie in the package. All they name is
relative, so the page works below whatever path a proxy gives it. What the page knows it asks for.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources

from fastapi import Request, Response

from snapbook import canonical

_TYPES = {
    "index.html": "text/html; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "licenses.txt": "text/plain; charset=utf-8",
}
PATHS = ("/", *(f"/page/{name}" for name in _TYPES if name != "index.html"))
# Styles inline: stored outputs have their own, and frames inherit what is said here. Whatever a
# style names is not fetched from elsewhere. Scripts are the page's file alone.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it is sent; ``packed`` for browsers that take it so, as all do."""

    type: str
    data: bytes
    packed: bytes
    tag: str

    def answer(self, request: Request) -> Response:
        """The file, or that the browser has it."""
        headers = {**HEADERS, "ETag": self.tag, "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == self.tag:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(self.packed, 200, headers, self.type)
        return Response(self.data, 200, headers, self.type)


def routes() -> dict[str, Callable[[Request], Response]]:
    """What answers at each of `PATHS`; the files are read here, once."""
    names = [path.removeprefix("/page/").strip("/") or "index.html" for path in PATHS]
    return {path: _answering(_read(name)) for path, name in zip(PATHS, names, strict=True)}


def _answering(file: _File) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        return file.answer(request)

    return answer


def _read(name: str) -> _File:
    data = resources.files("snapbook.web").joinpath("static", name).read_bytes()
    packed = gzip.compress(data, 9, mtime=0)
    return _File(_TYPES[name], data, packed, f'"{canonical.digest(data)[:16]}"')
