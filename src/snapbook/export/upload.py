"""A blob on its way into a registry of images.

What is there already is not sent again; what another repository of the same registry has is mounted
out of it; large blobs go in pieces, and what was cut goes on where it was cut, or from the start
where the registry forgot it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import httpx

from snapbook.errors import Unreachable
from snapbook.export.distribution import TRIES, Registry, right
from snapbook.export.layer import Blob

PIECE = 16 << 20
_BYTES = "application/octet-stream"
_OTHER_PLACE = 416
_MOST_SILENT = 2  # once it may have been the connection alone


def put(registry: Registry, name: str, one: Blob, done: Callable[[int], None]) -> str:
    """Put a blob: "there" where it was, "mounted", or "sent". ``done`` hears of its bytes."""
    if registry.has(name, one.digest):
        done(one.size)
        return "there"
    host, _, origin = one.origin.partition("/")
    where = f"/v2/{name}/blobs/uploads/"
    if origin and host == registry.host:
        where += f"?mount={one.digest}&from={origin}"
    for _ in range(TRIES):
        answer = registry.ask("POST", where, name, push=True)
        if answer.status_code == httpx.codes.CREATED:
            done(one.size)
            return "mounted"
        right(answer, httpx.codes.ACCEPTED, f"{one.digest} was not sent")
        if _sent(registry, name, answer, one, done):
            return "sent"
    raise Unreachable(f"{one.digest} was not sent", f"{registry.host} keeps breaking off")


def _sent(
    registry: Registry, name: str, begun: httpx.Response, one: Blob, done: Callable[[int], None]
) -> bool:
    """Send a blob by an upload that was begun; False where the registry lost what it had."""
    least = begun.headers.get("OCI-Chunk-Min-Length", "")
    piece = max(PIECE, int(least) if least.isdecimal() else 0)
    place, data = _next(registry, begun), b""
    if one.size > piece:
        if (end := _in_pieces(registry, name, place, one, piece, done)) is None:
            return False
        place = end
    else:
        data = b"".join(one.read())
        done(len(data))
    whole = place.copy_merge_params({"digest": one.digest})
    said = {"Content-Type": _BYTES}
    answer = registry.ask("PUT", whole, name, said, data, push=True, puts_bytes=one.size)
    if answer.status_code != httpx.codes.CREATED and not registry.has(name, one.digest):
        right(answer, httpx.codes.CREATED, f"{one.digest} was not sent")
    return True


def _in_pieces(
    registry: Registry,
    name: str,
    place: httpx.URL,
    one: Blob,
    piece: int,
    done: Callable[[int], None],
) -> httpx.URL | None:
    """Send a blob in pieces, from where it was cut on; gives where its end is told, None where
    the registry does not know how far it came, or gave it up.
    """
    sent = failed = silent = 0
    while sent < one.size:
        for data in _cut(one.read(), piece, sent):
            said = {"Content-Type": _BYTES, "Content-Range": f"{sent}-{sent + len(data) - 1}"}
            try:
                answer = registry.once(
                    "PATCH", place, name, said, data, push=True, puts_bytes=len(data)
                )
            except httpx.TransportError as error:
                answer = None
                silent = silent + 1 if isinstance(error, httpx.TimeoutException) else 0
                if silent == _MOST_SILENT:
                    raise Unreachable(
                        f"{one.digest} was not sent", registry.silence(registry.host)
                    ) from error
            if answer is None or answer.status_code == _OTHER_PLACE or answer.is_server_error:
                failed += 1
                time.sleep(registry.pause_s * failed)
                asked = registry.ask("GET", place, name, push=True)
                if asked.status_code != httpx.codes.NO_CONTENT or failed == TRIES:
                    done(-sent)
                    return None
                place, arrived = _next(registry, asked), _arrived(asked)
                done(arrived - sent)
                sent = arrived
                break
            if answer.status_code == httpx.codes.NOT_FOUND:
                # Given up there, as where bytes of a piece that was cut arrive after it was asked.
                done(-sent)
                return None
            right(answer, httpx.codes.ACCEPTED, f"{one.digest} was not sent")
            place, sent, failed, silent = _next(registry, answer), sent + len(data), 0, 0
            done(len(data))
        else:
            break
    return place


def _next(registry: Registry, answer: httpx.Response) -> httpx.URL:
    """Where an upload goes on."""
    return registry.safe(answer.request.url.join(answer.headers.get("Location", "")))


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
