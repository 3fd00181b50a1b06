"""The artifact proxy: files of versions go out as streams, files of drafts come in and go out.

A version's folder is made of its blobs while it is sent. Only drafts take files, and only from
whoever made them.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from snapbook.catalog.rows import VersionRow
from snapbook.errors import NotFound, Usage
from snapbook.export import mlflow
from snapbook.export.files import File
from snapbook.registry.mlflow import drafts, logged, places
from snapbook.registry.mlflow.call import Call, called
from snapbook.registry.mlflow.drafts import Draft
from snapbook.registry.roles import READ
from snapbook.store import durable

Answer = dict[str, Any]
_OCTETS = "application/octet-stream"


def find(call: Call) -> Answer:
    """What is directly in a folder."""
    path = call.text("path").strip("/")
    folder, inside = _folder(call, path)
    start = f"{inside}/" if inside else ""
    listed: dict[str, dict[str, Any]] = {}
    for name, file in folder.items():
        if not name.startswith(start):
            continue
        first, slash, _ = name.removeprefix(start).partition("/")
        listed[first] = {"path": first, "is_dir": bool(slash)}
        if not slash and file.size is not None:
            listed[first]["file_size"] = file.size
    return {"files": [listed[name] for name in sorted(listed)]}


def download(call: Call) -> Response:
    """The bytes of one file."""
    folder, inside = _folder(call, call.text("path"))
    if inside not in folder:
        raise NotFound("There is no such artifact here", kind="no-artifact")
    file = folder[inside]
    stream = file.read()
    # The first piece is read here: what cannot be read is a status then, and no cut stream.
    begun = [*itertools.islice(stream, 1)]
    headers = {"Content-Length": str(file.size)} if file.size is not None else {}
    return StreamingResponse(itertools.chain(begun, stream), media_type=_OCTETS, headers=headers)


async def upload(request: Request) -> None:
    """Take the bytes of a file of a draft: whole, or not at all."""
    call = await called(request)
    draft, path = await run_in_threadpool(_asked, call)
    service = call.service
    gathered = service.folder / "uploads"
    with durable.told(service.folder, what="Not logged"):
        gathered.mkdir(mode=0o700, exist_ok=True)
        fd, sent = durable.new_temporary(gathered)
        size = 0
        try:
            async for piece in request.stream():
                if size + len(piece) > service.limits.pack_bytes:
                    raise Usage("The file is larger than this registry takes", kind="too-large")
                await run_in_threadpool(durable.write_all, fd, piece, size)
                size += len(piece)
            await run_in_threadpool(drafts.take, draft, path, sent)
        finally:
            sent.unlink(missing_ok=True)
            os.close(fd)


def _asked(call: Call) -> tuple[Draft, str]:
    """The draft that a file is sent to, and the file's path in it."""
    place = places.at(call.text("path"))
    if not place.draft or not place.path:
        raise Usage("Files are sent to a run or a logged model", kind="argument")
    draft = drafts.load(call, place.draft)
    drafts.room_for(draft, place.path)
    return draft, place.path


def _folder(call: Call, path: str) -> tuple[Mapping[str, File], str]:
    """The files of the version or draft that ``path`` lies in, and the path within it."""
    place = places.at(path)
    if place.manifest:
        return _of_version(call, _readable(call, place.manifest)), place.path
    try:
        draft = drafts.load(call, place.draft)
    except NotFound:
        row = logged.version_of(call, place.draft)
        if row is None:
            raise
        return _of_version(call, row), place.path
    found = drafts.files(draft)
    if not found and (row := logged.version_of(call, place.draft)) is not None:
        return _of_version(call, row), place.path
    return found, place.path


def _readable(call: Call, manifest: str) -> VersionRow:
    for row in call.repository.index.of_manifest(manifest):
        if not row.deleted and call.who.may(READ, row.model):
            return row
    raise NotFound("There is no such artifact here", kind="no-artifact")


def _of_version(call: Call, row: VersionRow) -> Mapping[str, File]:
    repository = call.repository
    manifest = repository.manifest(row.manifest)
    parts = manifest.load(repository.store.get)
    files = mlflow.folder(row.manifest, manifest.time, parts, repository.store.get)
    return {file.path: file for file in files}
