"""A registry of images over the OCI distribution protocol: blobs and manifests, both ways.

What is there already is not sent again; what another repository of the same registry has is mounted
out of it; large blobs go in pieces, and what was cut goes on where it was cut, or from the start
where the registry forgot it. HTTP without encryption is for this machine, or for who says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
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
PIECE = 16 << 20
_HUB, _HUB_HOST = "docker.io", "registry-1.docker.io"
_BYTES = "application/octet-stream"
_OTHER_PLACE, _TOO_MANY = 416, 429
_TRIES = 5
_PAUSE_S = 0.2
_MOST_JSON = 16 << 20
_TIMES = httpx.Timeout(60, connect=10)


class Registry:
    """One registry. A context: its connections end with it."""

    def __init__(self, host: str, plain_http: bool = False, pause_s: float = _PAUSE_S) -> None:
        self.host = host
        self._pause_s = pause_s
        reached = _HUB_HOST if host == _HUB else host
        self._url = httpx.URL(f"https://{reached}")
        if plain_http or listening.is_here(self._url.host):
            self._url = self._url.copy_with(scheme="http")
        self._client = httpx.Client(timeout=_TIMES)
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
        answer = self._ask("GET", f"/v2/{at.name}/manifests/{ref}", at.name, {"Accept": accept})
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise NotFound(f"There is no image {at}", act="Look at its name and its tag")
        _right(answer, httpx.codes.OK, f"{at} was not read")
        if len(answer.content) > _MOST_JSON:
            raise Damaged(f"{at} is no image", "its manifest is too large to be one")
        return answer.content, answer.headers.get("Content-Type", "").partition(";")[0]

    def put_manifest(self, at: Address, made: Blob) -> None:
        """Put a manifest whose blobs are there, under its tag."""
        path = f"/v2/{at.name}/manifests/{at.tag or made.digest}"
        data = b"".join(made.read())
        answer = self._ask("PUT", path, at.name, {"Content-Type": made.media}, data, push=True)
        _right(answer, httpx.codes.CREATED, f"{at} was not sent")

    def has(self, name: str, digest: str) -> bool:
        """Whether the repository ``name`` has that blob."""
        return self._ask("HEAD", f"/v2/{name}/blobs/{digest}", name).status_code == httpx.codes.OK

    def blob(self, name: str, digest: str) -> Iterator[bytes]:
        """The bytes of a blob, as they come: nobody has compared them."""
        self.has(name, digest)  # whoever we have to be for it, we are by now
        url = self._url.join(f"/v2/{name}/blobs/{digest}")
        try:
            for _ in range(_TRIES):
                who = self._who(name, False, url)
                with self._client.stream("GET", url, headers=who) as answer:
                    if answer.has_redirect_location:  # a store of files, which knows no login
                        url = self._safe(url.join(answer.headers["Location"]))
                        continue
                    if answer.is_error:
                        answer.read()
                    _right(answer, httpx.codes.OK, f"{digest} was not read")
                    yield from answer.iter_raw()
                    return
        except httpx.HTTPError as error:
            raise Unreachable(
                f"{digest} was not read", f"{url.host} broke off ({error})"
            ) from error
        raise Unreachable(f"{digest} was not read", f"{self.host} sends from place to place")

    def put(self, name: str, one: Blob, done: Callable[[int], None]) -> str:
        """Put a blob: "there" where it was, "mounted", or "sent". ``done`` hears of its bytes."""
        if self.has(name, one.digest):
            done(one.size)
            return "there"
        host, _, origin = one.origin.partition("/")
        where = f"/v2/{name}/blobs/uploads/"
        if origin and host == self.host:
            where += f"?mount={one.digest}&from={origin}"
        for _ in range(_TRIES):
            answer = self._ask("POST", where, name, push=True)
            if answer.status_code == httpx.codes.CREATED:
                done(one.size)
                return "mounted"
            _right(answer, httpx.codes.ACCEPTED, f"{one.digest} was not sent")
            if self._sent(name, answer, one, done):
                return "sent"
        raise Unreachable(f"{one.digest} was not sent", f"{self.host} keeps breaking off")

    def _sent(
        self, name: str, begun: httpx.Response, one: Blob, done: Callable[[int], None]
    ) -> bool:
        """Send a blob by an upload that was begun; False where the registry lost what it had."""
        least = begun.headers.get("OCI-Chunk-Min-Length", "")
        piece = max(PIECE, int(least) if least.isdecimal() else 0)
        place, data = self._next(begun), b""
        if one.size > piece:
            if (end := self._in_pieces(name, place, one, piece, done)) is None:
                return False
            place = end
        else:
            data = b"".join(one.read())
            done(len(data))
        whole = place.copy_merge_params({"digest": one.digest})
        answer = self._ask("PUT", whole, name, {"Content-Type": _BYTES}, data, push=True)
        if answer.status_code != httpx.codes.CREATED and not self.has(name, one.digest):
            _right(answer, httpx.codes.CREATED, f"{one.digest} was not sent")
        return True

    def _in_pieces(
        self, name: str, place: httpx.URL, one: Blob, piece: int, done: Callable[[int], None]
    ) -> httpx.URL | None:
        """Send a blob in pieces, from where it was cut on; gives where its end is told, None where
        the registry does not know how far it came.
        """
        sent = failed = 0
        while sent < one.size:
            for data in _cut(one.read(), piece, sent):
                said = {"Content-Type": _BYTES, "Content-Range": f"{sent}-{sent + len(data) - 1}"}
                try:
                    answer = self._once("PATCH", place, name, said, data, push=True)
                except httpx.TransportError:
                    answer = None
                if answer is None or answer.status_code == _OTHER_PLACE or answer.is_server_error:
                    failed += 1
                    time.sleep(self._pause_s * failed)
                    asked = self._ask("GET", place, name, push=True)
                    if asked.status_code != httpx.codes.NO_CONTENT or failed == _TRIES:
                        done(-sent)
                        return None
                    place, arrived = self._next(asked), _arrived(asked)
                    done(arrived - sent)
                    sent = arrived
                    break
                _right(answer, httpx.codes.ACCEPTED, f"{one.digest} was not sent")
                place, sent, failed = self._next(answer), sent + len(data), 0
                done(len(data))
            else:
                break
        return place

    def _ask(
        self,
        method: str,
        where: str | httpx.URL,
        name: str,
        headers: Mapping[str, str] | None = None,
        data: bytes = b"",
        *,
        push: bool = False,
    ) -> httpx.Response:
        """One question, asked again where that may help. Raises Unreachable, Refused."""
        for count in range(1, _TRIES + 1):
            last = count == _TRIES
            try:
                answer = self._once(method, where, name, headers or {}, data, push=push)
            except httpx.TransportError as error:
                if last or isinstance(error, httpx.ConnectError):
                    raise Unreachable(f"{self.host} does not answer", str(error)) from error
            else:
                if last or not (answer.is_server_error or answer.status_code == _TOO_MANY):
                    return answer
            time.sleep(self._pause_s * 2**count)
        raise AssertionError("the last one returns or raises")

    def _once(
        self,
        method: str,
        where: str | httpx.URL,
        name: str,
        headers: Mapping[str, str],
        data: bytes,
        *,
        push: bool,
    ) -> httpx.Response:
        url = self._url.join(where)
        for _ in range(2):
            who = self._who(name, push, url)
            answer = self._client.request(method, url, headers={**headers, **who}, content=data)
            if answer.status_code != httpx.codes.UNAUTHORIZED or self._login.token:
                return answer
            asks = answer.headers.get("WWW-Authenticate", "")
            self._headers[name, push] = logins.fetched(self._client, asks, self._login)
        return answer

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

    def _next(self, answer: httpx.Response) -> httpx.URL:
        """Where an upload goes on."""
        return self._safe(answer.request.url.join(answer.headers.get("Location", "")))

    def _safe(self, url: httpx.URL) -> httpx.URL:
        if self._url.scheme == "https" and url.scheme != "https":
            raise Refused("Not sent", f"{self.host} leads to an address without encryption")
        return url


def _cut(pieces: Iterator[bytes], size: int, skip: int) -> Iterator[bytes]:
    """The same bytes in pieces of ``size``, without the first ``skip``."""
    held = bytearray()
    for data in pieces:
        held += data[skip:]
        skip = max(0, skip - len(data))
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)


def _arrived(answer: httpx.Response) -> int:
    """How many bytes of an upload are there: "0-0" is said of none, too."""
    last = answer.headers.get("Range", "").rpartition("-")[2]
    return int(last) + 1 if last.isdecimal() and int(last) else 0


def _right(answer: httpx.Response, wanted: int, what: str) -> None:
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


def _said(answer: httpx.Response) -> str:
    """What a registry says went wrong, as one short line."""
    try:
        first: Any = answer.json()["errors"][0]
        text = f"{first['code']} {first.get('message', '')}"
    except (ValueError, KeyError, IndexError, TypeError, httpx.ResponseNotRead):
        return ""
    return f" ({''.join(c for c in text[:160] if c.isprintable()).strip()})"
