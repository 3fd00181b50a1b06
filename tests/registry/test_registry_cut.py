"""A line that is cut at any byte, up or down: one version or none, and it goes on."""

import random
import socket
from contextlib import contextmanager

import pytest
from faults import driver
from wires import Line

from snapbook import canonical, places
from snapbook.capture import Draft
from snapbook.errors import Unreachable
from snapbook.parts.base import Part
from snapbook.registry import http, store
from snapbook.registry.remote import Remote
from snapbook.repository import Author, Wish
from snapbook.transfer import Local, transfer
from snapbook.verify import verify

pytestmark = pytest.mark.slow  # it waits for what runs beside it

PUSHER = Author("push")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Tries follow each other at once: what is tested is that they are made."""
    monkeypatch.setattr(http, "_WAIT_S", 0.01)
    monkeypatch.setattr(store, "_WAIT_S", 0.01)


@pytest.fixture
def line(registry):
    line = Line(registry.url)
    yield line
    line.close()


@pytest.fixture
def here(tmp_path):
    with places.make_repository(tmp_path / "here") as repository:
        yield repository


def push(here, url, token, version):
    with Remote(url, token, version.model) as remote:
        return transfer(Local(here), remote, version, PUSHER).accepted


def pull(there, url, token, ref):
    with Remote(url, token) as remote:
        return transfer(remote, Local(there), remote.resolve(ref), PUSHER).accepted


def large(repository, size, seed=1):
    """A version of ``size`` bytes that do not compress, in four blobs."""
    writer = repository.store.writer()
    try:
        rng = random.Random(seed)
        blobs = tuple(writer.add(rng.randbytes(size // 4)) for _ in range(4))
        part = Part("model", "model", {"class_name": "Hand", "digest": blobs[0]}, blobs)
        digests = (writer.add(part.encode()),)
        draft = Draft("large", (part,), digests, canonical.digest(blobs[0].encode()))
        return repository.save(draft, writer, Wish(), PUSHER).version
    finally:
        writer.close()


def whole(folder, seeds):
    """The repository in ``folder`` holds these versions, each once and each byte of it."""
    with places.open_folder(folder) as repository:
        found = verify(repository, None, lambda *_: None)
        assert (found.problems, found.broken) == ((), ())
        rows = list(repository.every_version())
        assert sorted(driver.seed_of(repository, row.manifest) for row in rows) == sorted(seeds)
        assert repository.catalog.head().n == len(seeds)


def places_to_cut(total, count):
    """Positions all over ``total`` bytes, its first and last ones among them."""
    spread = {1 + n * (total - 1) // (count - 1) for n in range(count)}
    return sorted(spread | {1, 2, total - 1, total})


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_push_that_is_cut_anywhere_goes_on_and_makes_one_version(registry, line, here, way):
    line.count()
    push(here, line.url, registry.token, driver.save(here, "m0", 0).version)
    seeds = [0]
    for at in places_to_cut(line.passed[way], 16):
        seeds.append(len(seeds) * 4)
        version = driver.save(here, f"m{seeds[-1]}", seeds[-1]).version
        line.cut(way, at)
        accepted = push(here, line.url, registry.token, version)
        assert accepted.version.manifest == version.manifest
    assert line.cuts >= 16
    whole(registry.folder, seeds)


@contextmanager
def unless_at_the_end(at, total):
    """It fails; but two versions differ by some bytes, and the last one may have arrived."""
    try:
        yield
    except Unreachable:
        return
    assert at > total - 400


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_push_that_is_cut_for_good_made_one_version_or_none(registry, line, here, way):
    line.count()
    push(here, line.url, registry.token, driver.save(here, "m0", 0).version)
    total, seeds, none = line.passed[way], [0], 0
    for at in places_to_cut(total, 6):
        seeds.append(len(seeds) * 4)
        version = driver.save(here, f"m{seeds[-1]}", seeds[-1]).version
        line.cut(way, at, for_good=True)
        with unless_at_the_end(at, total):
            push(here, line.url, registry.token, version)
        with places.open_folder(registry.folder) as there:
            made = [row.manifest for row in there.every_version() if row.model == version.model]
            assert made in ([], [version.manifest])
            none += not made
        line.mend()
        again = push(here, line.url, registry.token, version)
        assert again.new is (not made)
    assert none >= 4
    assert line.cuts >= 5
    whole(registry.folder, seeds)


@pytest.mark.parametrize("for_good", [False, True])
def test_a_pull_that_is_cut_anywhere(registry, line, here, tmp_path, for_good):
    push(here, registry.url, registry.token, driver.save(here, "m", 1).version)
    line.count()
    with places.make_repository(tmp_path / "first") as first:
        pull(first, line.url, registry.token, "m")
    total = line.passed["down"]
    for number, at in enumerate(places_to_cut(total, 8)):
        with places.make_repository(tmp_path / f"there-{number}") as there:
            line.cut("down", at, for_good=for_good)
            if for_good:
                with unless_at_the_end(at, total):
                    pull(there, line.url, registry.token, "m")
                assert there.catalog.head().n == 0 or at > total - 400
                line.mend()
            pull(there, line.url, registry.token, "m")
            folder = there.folder
        whole(folder, [1])
    assert line.cuts >= 7


def test_a_large_push_goes_on_where_it_was(registry, line, here):
    size = 8 << 20
    # What the system holds for a busy server is lost with the line, and may be megabytes.
    registry.listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
    version = large(here, size)
    line.cut("up", size * 3 // 4)
    assert push(here, line.url, registry.token, version).new
    # Without going on it would be one and three quarters.
    assert size < line.passed["up"] < size * 1.2
    assert line.cuts == 1


def test_a_large_pull_goes_on_where_it_was(registry, line, here, tmp_path):
    size = 8 << 20
    push(here, registry.url, registry.token, large(here, size))
    with places.make_repository(tmp_path / "there") as there:
        line.cut("down", size * 3 // 4)
        assert pull(there, line.url, registry.token, "large").new
    assert size < line.passed["down"] < size * 1.2
    assert line.cuts == 1


def test_many_cuts_of_one_push(registry, line, here):
    size = 4 << 20
    version = large(here, size, 2)
    line.cut("up", size // 10)
    original = line._counted

    def again(way, data):
        then = original(way, data)
        if then is not None and line.cuts < 8:
            line._plan = ("up", line.passed["up"] + size // 10, False, lambda: None)
        return then

    line._counted = again
    assert push(here, line.url, registry.token, version).new
    assert line.cuts == 8
    assert line.passed["up"] < size * 1.8
