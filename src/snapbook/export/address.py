"""Where an image lies: HOST/NAME:TAG or HOST/NAME@sha256:DIGEST, as tools of containers write it.

Grammar of the OCI distribution specification; short names mean what they mean to those tools.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from snapbook.errors import BadOption

_NAME = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_HOST = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LOGIN = re.compile(r"(?s).*@(?!sha256:)")  # USER:PASSWORD@ before the rest
_LONGEST = 255
_HUB = "docker.io"


@dataclass(frozen=True, slots=True)
class Address:
    """One image in one registry. ``tag`` and ``digest`` may be "": not said."""

    host: str
    name: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        """As people write it."""
        tail = f"@{self.digest}" if self.digest else f":{self.tag}" if self.tag else ""
        return f"{self.place}{tail}"

    @property
    def place(self) -> str:
        """The repository: its registry and name."""
        return f"{self.host}/{self.name}"

    def tagged(self, default: str) -> Address:
        """The same with the tag ``default`` where it has neither tag nor digest."""
        return self if self.tag or self.digest else replace(self, tag=default)


def address(text: str) -> Address:
    """Read one. Raises BadOption with what is wrong."""
    rest, _, digest = text.partition("@")
    first, _, last = rest.rpartition("/")
    last, _, tag = last.partition(":")
    host, name = "", f"{first}/{last}" if first else last
    head, _, tail = name.partition("/")
    if tail and ("." in head or ":" in head or head == "localhost"):
        host, name = head, tail
    elif not host:
        host, name = _HUB, name if tail else f"library/{name}"
    good = (
        _HOST.fullmatch(host)
        and _NAME.fullmatch(name)
        and len(name) <= _LONGEST
        and (not tag or _TAG.fullmatch(tag))
        and (not digest or _DIGEST.fullmatch(digest))
    )
    if not good:
        shown, logins = _LOGIN.subn("…@", text)
        raise BadOption(
            f"No image can be called {shown[:100]!r}",
            act="Log in with docker login or podman login, and name the image alone"
            if logins
            else "It is like registry.example.com/team/churn:1.4.0, in small letters",
        )
    return Address(host, name, tag, digest)


def named(text: str, scheme: str) -> Address | None:
    """What stands behind ``scheme``:// in ``text``; None where that does not begin it.

    The registry has to be named there: what is sent goes to no default.
    """
    head, found, rest = text.partition("://")
    if not found or head != scheme:
        return None
    told = address(rest)
    if not rest.startswith(f"{told.host}/"):
        raise BadOption(
            f"{text[:100]} names no registry",
            act=f"It is like {scheme}://registry.example.com/team/churn:1.4.0",
        )
    return told
