"""A registry of images over the OCI distribution protocol: what it has, and who asks.

HTTP without encryption is for this machine, or for who says so. Our login goes to the registry
itself and to nobody to whom it leads. What is waited for is progress: one that falls silent is told
of, and what goes on may take as long as it takes. See `export.upload` for the way of blobs into it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from snapbook import listening
from snapbook.errors import Damaged, NotFound, Refused, Unreachable
from snapbook.export import logins
from snapbook.export.address import Address
from snapbook.export.artifact import MANIFEST
from snapbook.export.layer import Blob

INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
_HUB, _HUB_HOST = "docker.io", "registry-1.docker.io"
_TOO_MANY = 429
TRIES = 5
_PAUSE_S = 0.2
_MOST_JSON = 16 << 20
_CONNECT_S = 10.0
SILENT_S = 30.0  # in which nothing comes, and nothing more is taken: then it hangs
_WHOLE_S = 120.0  # an answer that is no blob
_PUT_BYTES_S = 10e6  # at which a registry puts a blob together at the end, before it answers
# What was given away lies in buffers on its way, and may still be going: so much, as slowly.
_BUFFERED_BYTES, _LINE_BYTES_S = 8 << 20, 100e3
_SLOW_S, _SLOW_BYTES = 60.0, 60_000  # less than that in a minute of a blob is nothing


class Registry:
    """One registry. A context: its connections end with it. ``silent_s`` is for how long it may
    take no byte and give none.
    """

    def __init__(
        self,
        host: str,
        plain_http: bool = False,
        pause_s: float = _PAUSE_S,
        silent_s: float = SILENT_S,
    ) -> None:
        self.host = host
        self.pause_s = pause_s
        self._silent_s = silent_s
        reached = _HUB_HOST if host == _HUB else host
        self._url = httpx.URL(f"https://{reached}")
        if plain_http or listening.is_here(self._url.host):
            self._url = self._url.copy_with(scheme="http")
        times = httpx.Timeout(silent_s, connect=min(_CONNECT_S, silent_s))
        self._client = httpx.Client(timeout=times, headers={"Accept-Encoding": "identity"})
        self._login = logins.login(host)
        self._headers: dict[tuple[str, bool], str] = {}

    def __enter__(self) -> Registry:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def manifest(self, at: Address) -> tuple[bytes, str]:
        """The bytes and the media type of a manifest or an index. Raises NotFound."""
        ref = at.digest or at.tag or "latest"
        accept = ", ".join((MANIFEST, INDEX, DOCKER, DOCKER_LIST))
        answer = self.ask("GET", f"/v2/{at.name}/manifests/{ref}", at.name, {"Accept": accept})
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise NotFound(f"There is no image {at}", act="Look at its name and its tag")
        right(answer, httpx.codes.OK, f"{at} was not read")
        return answer.content, answer.headers.get("Content-Type", "").partition(";")[0]

    def put_manifest(self, at: Address, made: Blob) -> None:
        """Put a manifest whose blobs are there, under its tag."""
        path = f"/v2/{at.name}/manifests/{at.tag or made.digest}"
        data = b"".join(made.read())
        answer = self.ask("PUT", path, at.name, {"Content-Type": made.media}, data, push=True)
        right(answer, httpx.codes.CREATED, f"{at} was not sent")

    def has(self, name: str, digest: str) -> bool:
        """Whether the repository ``name`` has that blob."""
        answer = self.ask("HEAD", f"/v2/{name}/blobs/{digest}", name)
        return answer.is_success or answer.has_redirect_location  # to where its bytes are

    def blob(self, name: str, digest: str) -> Iterator[bytes]:
        """The bytes of a blob, as they come: nobody has compared them."""
        self.has(name, digest)  # whoever we have to be for it, we are by now
        url = self._url.join(f"/v2/{name}/blobs/{digest}")
        try:
            for _ in range(TRIES):
                who = self._who(name, False, url)
                with self._client.stream("GET", url, headers=who) as answer:
                    if answer.has_redirect_location:  # a store of files, which knows no login
                        url = self.safe(url.join(answer.headers["Location"]))
                        continue
                    if answer.is_error:
                        answer.read()
                    right(answer, httpx.codes.OK, f"{digest} was not read")
                    yield from self._flowing(answer)
                    return
        except httpx.HTTPError as error:
            why = f"{url.host} broke off ({error})"
            if isinstance(error, httpx.TimeoutException):
                why = self.silence(url.host)
            raise Unreachable(f"{digest} was not read", why) from error
        raise Unreachable(f"{digest} was not read", f"{self.host} sends from place to place")

    def ask(
        self,
        method: str,
        where: str | httpx.URL,
        name: str,
        headers: Mapping[str, str] | None = None,
        data: bytes = b"",
        *,
        push: bool = False,
        puts_bytes: int = 0,
    ) -> httpx.Response:
        """One question, asked again where that may help. ``puts_bytes`` are those that it has to
        put together before it can answer. Raises Unreachable, Refused, and Damaged for an answer
        that does not end.
        """
        for count in range(1, TRIES + 1):
            last = count == TRIES
            try:
                words = (method, where, name, headers or {}, data)
                answer = self.once(*words, push=push, puts_bytes=puts_bytes)
            except httpx.TimeoutException as error:
                raise Unreachable(f"{self.host} does not answer", self.silence("it")) from error
            except httpx.TransportError as error:
                if last or isinstance(error, httpx.ConnectError):
                    raise Unreachable(f"{self.host} does not answer", _plain(error)) from error
            else:
                if last or not (answer.is_server_error or answer.status_code == _TOO_MANY):
                    return answer
            time.sleep(self.pause_s * 2**count)
        raise AssertionError("the last one returns or raises")

    def once(
        self,
        method: str,
        where: str | httpx.URL,
        name: str,
        headers: Mapping[str, str],
        data: bytes,
        *,
        push: bool,
        puts_bytes: int = 0,
    ) -> httpx.Response:
        """The same without a second try: what is sent with it may not be sent twice."""
        times = httpx.Timeout(self._client.timeout)
        going_s = min(len(data), _BUFFERED_BYTES) / _LINE_BYTES_S
        times.read = self._silent_s + going_s + puts_bytes / _PUT_BYTES_S
        url = self._url.join(where)
        for _ in range(2):
            who = self._who(name, push, url)
            told = {**headers, **who}
            with self._client.stream(method, url, headers=told, content=data, timeout=times) as got:
                answer = self._whole(got)
            if answer.status_code != httpx.codes.UNAUTHORIZED or self._login.token:
                return answer
            asks = answer.headers.get("WWW-Authenticate", "")
            self._headers[name, push] = logins.fetched(self._client, asks, self._login)
        return answer

    def _whole(self, got: httpx.Response) -> httpx.Response:
        """An answer that is no blob, read within bounds of bytes and of time."""
        until = time.monotonic() + _WHOLE_S
        held = bytearray()
        for piece in got.iter_raw():
            held += piece
            if len(held) > _MOST_JSON:
                raise Damaged(f"{self.host} gave no answer", "what it says does not end")
            if time.monotonic() > until:
                raise httpx.ReadTimeout("it trickles")
        headers = got.headers.copy()
        headers.pop("Content-Encoding", None)  # none was asked for
        return httpx.Response(
            got.status_code, headers=headers, content=bytes(held), request=got.request
        )

    def _flowing(self, answer: httpx.Response) -> Iterator[bytes]:
        """The bytes of a blob while they come at some pace. Raises httpx.ReadTimeout."""
        since, came = time.monotonic(), 0
        for piece in answer.iter_raw():
            yield piece
            came += len(piece)
            if (now := time.monotonic()) - since > _SLOW_S:
                if came < _SLOW_BYTES:
                    raise httpx.ReadTimeout("it trickles")
                since, came = now, 0

    def silence(self, who: str) -> str:
        """That ``who`` hangs, in words."""
        return f"{who} took and gave next to nothing for {self._silent_s:g} s"

    def _who(self, name: str, push: bool, url: httpx.URL) -> dict[str, str]:
        """The header that says who we are; for the registry itself, and for nobody else."""
        here = (url.scheme, url.host, url.port) == (
            self._url.scheme,
            self._url.host,
            self._url.port,
        )
        token = f"Bearer {self._login.token}" if self._login.token else ""
        said = token or self._headers.get((name, push), "")
        return {"Authorization": said} if said and here else {}

    def safe(self, url: httpx.URL) -> httpx.URL:
        """``url``, to which the registry leads. Raises Refused for one that gives encryption up."""
        if self._url.scheme == "https" and url.scheme != "https":
            raise Refused("Not sent", f"{self.host} leads to an address without encryption")
        return url


def right(answer: httpx.Response, wanted: int, what: str) -> None:
    """Raise what the registry means unless it says ``wanted``."""
    code = answer.status_code
    if code == wanted:
        return
    why = _said(answer)
    if code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise Refused(what, f"the registry does not allow it{why}", act=logins.ACT)
    if code == httpx.codes.NOT_FOUND:
        raise NotFound(what, f"the registry does not have it{why}")
    raise Unreachable(what, f"the registry says {code}{why}")


def _plain(error: httpx.TransportError) -> str:
    """What the system says of a connection, without the number that it has for it."""
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error))


def _said(answer: httpx.Response) -> str:
    """What a registry says went wrong, as one short line."""
    try:
        first: Any = answer.json()["errors"][0]
        text = f"{first['code']} {first.get('message', '')}"
    except (ValueError, KeyError, IndexError, TypeError, httpx.ResponseNotRead):
        return ""
    return f" ({''.join(c for c in text[:160] if c.isprintable()).strip()})"
