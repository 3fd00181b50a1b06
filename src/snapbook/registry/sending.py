"""One event sent to one webhook: signed, to an address that was looked at, and nowhere else.

In the form of Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over id, time and body. The
host's name is resolved once, every address it has is checked, and the connection goes to the one
that was checked, so that a name cannot point elsewhere in between. No redirect is followed, no
proxy is asked, and of an answer only its status counts.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import SplitResult, urlsplit

from snapbook import canonical
from snapbook.errors import Refused, Unreachable
from snapbook.registry.hooks import Hook

_CONNECT_S, _LONGEST_S = 10.0, 20.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def body_of(news: Mapping[str, Any]) -> bytes:
    """What is sent of a piece of news."""
    kind, when = f"snapbook.{news['kind']}", news["time"]
    return canonical.encode({"type": kind, "timestamp": when, "data": dict(news)})


def headers_of(hook: Hook, news: Mapping[str, Any], body: bytes, now: int) -> dict[str, str]:
    """The headers that sign ``body``; an event keeps its id however often it is sent."""
    id_ = f"evt_{str(news['digest'])[:32]}"
    key = base64.b64decode(hook.secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{id_}.{now}.".encode() + body, hashlib.sha256).digest()
    return {
        "host": urlsplit(hook.url).netloc,
        "content-type": "application/json",
        "user-agent": "snapbook",
        "webhook-id": id_,
        "webhook-timestamp": str(now),
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


def send(hook: Hook, news: Mapping[str, Any], now: int) -> int:
    """Post a piece of news; the status of the answer.

    Raises Refused where the address is none that may be asked, Unreachable where none answers.
    """
    parts = urlsplit(hook.url)
    host, port = str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)
    address = resolved(host, port, private=hook.private)
    body = body_of(news)
    try:
        return _post(parts, (address, port), body, headers_of(hook, news, body, now))
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{host} does not answer", type(error).__name__) from error


def resolved(host: str, port: int, *, private: bool) -> str:
    """An address of ``host``. Raises Refused where any of them is private, Unreachable for none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{host} has no address", type(error).__name__) from error
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    for address in addresses:
        if not private and not is_public(address):
            raise Refused(
                f"Not sent: {host} is an address of a private network",
                act="Allow it with --private",
                kind="private-address",
            )
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether the address is one of the internet, also where another address stands in it."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            found = inner
    return found.is_global and not found.is_multicast and not found.is_reserved


def _post(
    parts: SplitResult, where: tuple[str, int], body: bytes, headers: Mapping[str, str]
) -> int:
    line = socket.create_connection(where, timeout=_CONNECT_S)
    # An answer that comes byte by byte is not waited for.
    held = [line]
    timer = threading.Timer(_LONGEST_S, _cut, (held,))
    timer.daemon = True
    timer.start()
    connection = http.client.HTTPConnection(str(parts.hostname), where[1], timeout=_CONNECT_S)
    try:
        if parts.scheme == "https":
            context = ssl.create_default_context()
            held[0] = context.wrap_socket(line, server_hostname=parts.hostname)
        connection.sock = held[0]
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, dict(headers))
        return connection.getresponse().status
    finally:
        timer.cancel()
        connection.close()
        held[0].close()


def _cut(held: list[socket.socket]) -> None:
    with suppress(OSError):
        held[0].shutdown(socket.SHUT_RDWR)
