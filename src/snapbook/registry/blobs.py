"""The routes of bytes: which are missing, packs that come in, blobs that go out.

Bytes are streams in both directions and never whole in memory. A pack comes in pieces, and goes on
where it was cut; nothing of it can be read before all of it was looked at.
"""

from __future__ import annotations

import base64
import itertools
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from snapbook import canonical
from snapbook.errors import Conflict, NotFound, Usage
from snapbook.registry import wire
from snapbook.registry.asked import Asked, service_of
from snapbook.registry.finding import resolved
from snapbook.registry.roles import Principal
from snapbook.registry.service import Service
from snapbook.store import durable, receive, send

routes = APIRouter(tags=["blobs"])
_ID = re.compile(r"[0-9a-f]{64}")
_UPLOADS = "uploads"
_OCTETS = "application/octet-stream"


@routes.post("/missing")
def missing(asked: Asked) -> dict[str, Any]:
    """Those of ``digests`` that have to be uploaded for a version of ``model``.

    The first question of a push, but where another ended a moment before: its answer says at which
    head the chain stands, so that nobody sends anything to a registry that is not where it was.
    """
    digests = asked.digests()
    model = asked.text("model")
    asked.need("write", model)
    asked.service.chain.head()
    asked.service.ledger.check_room(asked.service.repository, model)
    absent = asked.service.store.lacking(digests)
    known = asked.service.reachable(asked.who, model)
    hidden = set() if known is None else {digest for digest in digests if digest not in known}
    return {"missing": sorted(absent | hidden), wire.ALONG: wire.MOST_ALONG}


@routes.get("/digests")
def digests(asked: Asked, prefix: str = "") -> dict[str, Any]:
    """All digests that are here, or the few that begin with ``prefix``."""
    asked.need("read")
    store = asked.service.store
    if not prefix:
        return {"digests": list(store.digests())}
    if not re.fullmatch(r"[0-9a-f]{8,64}", prefix):
        raise Usage("A prefix is 8 to 64 of 0-9 and a-f", kind="argument")
    return {"digests": store.find(prefix)}


@routes.post("/blobs")
def blobs(asked: Asked, start: int = Query(0, ge=0, le=wire.MOST)) -> Response:
    """A pack of ``digests``, all of the version ``ref``, from the byte ``start`` on.

    Without ``ref`` for those who may read everything.
    """
    wanted = asked.digests()
    service = asked.service
    if ref := asked.text("ref"):
        row = resolved(service, asked.who, ref)
        if not service.needed(row).issuperset(wanted):
            raise NotFound("That is no part of this version", kind="not-found")
    else:
        asked.need("read")
    stream = send.stream(service.store, wanted, start)
    # The first bytes after the pack's own are asked for here: what is not there is a status then,
    # and no cut stream. Further on it cuts the stream, and whoever goes on there gets the status.
    begun = [*itertools.islice(stream, 2)]
    return StreamingResponse(itertools.chain(begun, stream), media_type=_OCTETS)


@routes.head("/packs/{name}")
def upload_state(asked: Asked, name: str) -> Response:
    """How much of a pack is here: as many bytes, or all of it (status 200 without an offset)."""
    path = _upload(asked.service, asked.who, name)
    if asked.service.store.has_pack(name):
        return Response(status_code=200)
    size = path.stat().st_size if path.exists() else 0
    return Response(status_code=204, headers={wire.OFFSET: str(size)})


@routes.put("/packs/{name}")
async def upload(request: Request, name: str) -> Response:
    """Take the bytes of a pack from ``Upload-Offset`` on; with the last one it is looked at."""
    service, who = service_of(request), request.state.who
    path = _upload(service, who, name)
    offset, length = _count(request, wire.OFFSET), _count(request, wire.LENGTH)
    if length > service.limits.pack_bytes:
        raise Usage("The pack is larger than this registry takes", kind="too-large")
    with _alone(service, path) as fd:
        size = os.fstat(fd).st_size
        if size != offset:
            return _state(409, size)
        with durable.told(service.folder, length - size, what="Not taken"):
            async for piece in request.stream():
                if size + len(piece) > length:
                    raise Usage("More bytes came than were announced", kind="argument")
                await run_in_threadpool(durable.write_all, fd, piece, size)
                size += len(piece)
        if size < length:
            return _state(202, size)
        try:
            await run_in_threadpool(_take, service, path, name)
        finally:
            if _named(fd, path):  # not taken: it is of no use. What came after it is not ours
                path.unlink(missing_ok=True)
    return Response(status_code=201)


def take_along(service: Service, text: str) -> None:
    """Take the small pack that came whole with an offer, as base64. Raises Usage, Damaged."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Usage("pack is no base64", kind="argument") from error
    if len(data) > wire.MOST_ALONG:
        raise Usage("The pack is larger than may come along", kind="too-large")
    with durable.told(service.folder, len(data), what="Not taken"):
        folder = _uploads(service)
        fd, path = durable.new_temporary(folder)
        try:
            durable.write_all(fd, data)
            _take(service, path)
        finally:
            path.unlink(missing_ok=True)  # unless it was taken, and has another name
            durable.unlock(fd)
            os.close(fd)


def _take(service: Service, path: Path, name: str = "") -> None:
    pack = receive.opened(os.open(path, os.O_RDONLY | os.O_CLOEXEC), name)
    receive.check(pack, service.limits.unpacked_bytes)
    service.store.adopt(path, pack)


def _upload(service: Service, who: Principal, name: str) -> Path:
    """Where the pieces of a pack are gathered: nobody goes on with somebody else's."""
    if not _ID.fullmatch(name):
        raise Usage("That is no pack's id", kind="argument")
    if not any(who.may("write", grant.pattern) for grant in who.grants):
        raise NotFound("There is no such pack here", kind="not-found")
    own = canonical.digest(who.name.encode())[:12]
    return service.folder / _UPLOADS / f"{own}-{name}"


def _uploads(service: Service) -> Path:
    """The folder of packs that are not whole yet."""
    folder = service.folder / _UPLOADS
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextmanager
def _alone(service: Service, path: Path) -> Iterator[int]:
    """The gathered pieces, open and ours alone. Raises Conflict where another request has them."""
    with durable.told(service.folder, what="Not taken"):
        _uploads(service)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # Whoever had them last may have made them a pack of the store, or thrown them away: what
        # has another name by now is not ours to write to.
        if not durable.try_lock(fd) or not _named(fd, path):
            raise Conflict("Another request sends this pack", act="Try again", kind="busy")
        yield fd
    finally:
        durable.unlock(fd)
        os.close(fd)


def _named(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False


def _count(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise Usage(f"{header} is no count", kind="argument")
    return int(text)


def _state(status: int, size: int) -> Response:
    return Response(status_code=status, headers={wire.OFFSET: str(size)})
