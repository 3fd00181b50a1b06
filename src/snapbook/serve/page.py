"""The page to try a model in the browser: three files, the same for every model.

It asks openapi.json what the columns are, so without a token it shows nothing. All it is told is
text to it, and it may fetch from its own server alone.
"""

from __future__ import annotations

from importlib import resources

from snapbook.serve.reply import Reply

_FILES = {
    "/": ("index.html", b"text/html; charset=utf-8"),
    "/page.js": ("page.js", b"text/javascript; charset=utf-8"),
    "/page.css": ("page.css", b"text/css; charset=utf-8"),
}
_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    b" base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


def replies() -> dict[str, Reply]:
    """The files by their paths, read once."""
    folder = resources.files("snapbook.serve").joinpath("static")
    return {
        path: Reply(folder.joinpath(name).read_bytes(), type=type, headers=_HEADERS)
        for path, (name, type) in _FILES.items()
    }
