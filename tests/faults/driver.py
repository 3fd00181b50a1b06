"""Acts on a repository in a process of its own, which tests kill, starve and cut off.

`python driver.py` waits for requests, one JSON a line, and forks a child for each: so a hundred
deaths cost one start of Python. The child stops itself before it acts, so that strace can attach
and count its calls from the first. Drafts are made by hand from a seed: no kernel, no framework.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import sys
from contextlib import nullcontext
from pathlib import Path

# Whatever is imported late is imported here: each child's calls must be the same. An import looks
# afresh into a folder of sys.path where anything came or went, which is one call more.
import platformdirs  # noqa: F401

from snapbook import (
    canonical,
    compare,  # noqa: F401
    gc,
    places,
)
from snapbook.capture import Draft
from snapbook.catalog import files, index, memory  # noqa: F401
from snapbook.gates import known  # noqa: F401
from snapbook.parts.base import Part
from snapbook.promote import moving
from snapbook.refs import parse
from snapbook.repository import Author, Made, Repository, Wish
from snapbook.store import local  # noqa: F401

AUTHOR = Author("tester")


def content(seed: int) -> list[bytes]:
    """The bytes of the hand-made model ``seed``: neighbours share some, as real models do."""
    own, shared = random.Random(seed), random.Random(seed // 4)
    large = [shared.randbytes(20_000), own.randbytes(9_000)]
    return [*large, *(own.randbytes(200) for _ in range(3)), shared.randbytes(500)]


def draft(model: str, seed: int, writer) -> Draft:
    """A Draft whose blobs are `content`."""
    blobs = tuple(writer.add(blob) for blob in content(seed))
    facts = {"class_name": "Hand", "digest": canonical.digest("".join(blobs).encode())}
    parts = (
        Part("model", "model", facts, blobs),
        Part("params", "params", {"values": {"seed": seed}}),
        Part("metrics", "metrics", {"values": {"accuracy": seed / 1000}, "main": "accuracy"}),
    )
    digests = tuple(writer.add(part.encode()) for part in parts)
    return Draft(model, parts, digests, canonical.digest(str(seed).encode()))


def save(repository: Repository, model: str, seed: int, **wish) -> Made:
    """Version ``seed`` of ``model``."""
    writer = repository.store.writer()
    try:
        return repository.save(draft(model, seed, writer), writer, Wish(**wish), AUTHOR)
    finally:
        writer.close()


def seed_of(repository: Repository, manifest: str) -> int:
    """Read a version whole, byte for byte; gives the seed that it was made from."""
    parts = {part.kind: part for part in repository.parts(manifest)}
    seed = parts["params"].facts["values"]["seed"]
    assert [repository.store.get(blob) for blob in parts["model"].blobs] == content(seed)
    return seed


# Acts: each gives what the test is told. They are all that a child runs.


def act_save(folder: Path, model: str = "m", seed: int = 1, **wish) -> dict:
    """Save one version, making the repository if need be."""
    made = save(places.make_repository(folder), model, seed, **wish)
    return {"ref": made.version.ref, "unchanged": made.unchanged}


def act_saves(folder: Path, model: str, seeds: list[int], tell: str = "") -> dict:
    """Save many; each is told in the file ``tell`` as soon as it has returned."""
    repository = places.make_repository(folder)
    out = os.open(tell, os.O_WRONLY | os.O_APPEND | os.O_CREAT) if tell else -1
    refs = []
    for seed in seeds:
        made = save(repository, model, seed)
        refs.append(made.version.ref)
        if tell:
            os.write(out, f"{made.version.ref} {seed}\n".encode())
    return {"refs": refs}


def act_restore(folder: Path, ref: str) -> dict:
    """Read a version whole."""
    repository = places.find_repository(folder)
    return {"seed": seed_of(repository, repository.resolve(parse(ref)).manifest)}


def act_delete(folder: Path, ref: str) -> dict:
    """Delete a version."""
    repository = places.find_repository(folder)
    repository.delete(repository.resolve(parse(ref)), AUTHOR)
    return {}


def act_promote(folder: Path, ref: str) -> dict:
    """Promote a version to production."""
    repository = places.find_repository(folder)
    row = repository.resolve(parse(ref))
    moved = moving.promote(repository, row, "production", AUTHOR, text="why")
    return {"ref": moved.version.ref}


def act_gc(folder: Path) -> dict:
    """Free what no version needs."""
    freed = gc.gc(places.find_repository(folder), AUTHOR)
    return {"bytes": freed.bytes, "packs": freed.packs, "debris": freed.debris}


def act_create(folder: Path) -> dict:
    """Make the repository."""
    places.create(folder / places.NAME)
    return {}


def act_nothing(folder: Path) -> dict:
    """Answer: the process has started."""
    return {"folder": folder.name}


def act_saves_and_deletes(folder: Path, model: str, seeds: list[int]) -> dict:
    """Save many and delete every second version but one; tells what is left."""
    repository = places.make_repository(folder)
    kept: dict[str, int] = {}
    for seed in seeds:
        made = save(repository, model, seed)
        kept[made.version.ref] = seed
        if seed % 2 == 0:
            old = next(ref for ref in kept if ref.startswith(f"{model}:"))
            repository.delete(repository.resolve(parse(old)), AUTHOR)
            # What has just died is wanted again, while a sweep may be taking it.
            again = save(repository, f"{model}-again", kept.pop(old))
            kept[again.version.ref] = seed_of(repository, again.version.manifest)
    return {"kept": kept}


def act_gc_without_end(folder: Path, until: str) -> dict:
    """Free again and again until the file ``until`` is there."""
    sweeps = packs = 0
    while not os.path.exists(until):
        freed = gc.gc(places.find_repository(folder), AUTHOR)
        sweeps, packs = sweeps + 1, packs + freed.packs
    return {"sweeps": sweeps, "packs": packs}


def run(request: dict) -> dict:
    """Do what is asked; an error of ours is told by its kind and text."""
    from snapbook.errors import SnapbookError

    if request.get("turns") is False:
        files.FileCatalog.turn = lambda self: nullcontext()
    if limit := request.get("file_bytes"):
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        return globals()["act_" + request["act"]](Path(request["folder"]), **request["args"])
    except SnapbookError as error:
        return {"error": error.kind, "text": str(error)}
    except Exception as error:
        return {"error": "internal", "text": f"{type(error).__name__}: {error}"}


def _child(request: dict, answer: socket.socket) -> None:
    if request.get("stop"):
        os.kill(os.getpid(), signal.SIGSTOP)
    # By send() alone: writing may be what is refused.
    answer.send(json.dumps(run(request)).encode())
    os._exit(0)


def main() -> None:
    """Requests on stdin; on stdout first the child's pid, then its wait status and its answer."""
    import gc as collector

    collector.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        ours, childs = socket.socketpair()
        pid = os.fork()
        if not pid:
            _child(request, childs)
        childs.close()
        if request.get("stop"):
            os.waitpid(pid, os.WUNTRACED)
        print(pid, flush=True)
        status = os.waitpid(pid, 0)[1]
        said = ours.makefile("rb").read()
        ours.close()
        print(json.dumps([status, json.loads(said or b"null")]), flush=True)


if __name__ == "__main__":
    main()
