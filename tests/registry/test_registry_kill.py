"""A server or a client that is killed at any moment of a push: nothing is half there."""

import os
import subprocess
import sys
from contextlib import suppress

import pytest
from faults import driver
from wires import Line, Served

from snapbook import places
from snapbook.errors import Unreachable
from snapbook.refs import parse
from snapbook.registry import http, store
from snapbook.registry.known import Book
from snapbook.registry.remote import Remote
from snapbook.registry.tokens import Tokens
from snapbook.repository import Author
from snapbook.transfer import Local, transfer
from snapbook.verify import verify

pytestmark = pytest.mark.slow  # it waits for what runs beside it


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Tries follow each other at once, so that a server that is gone is given up soon."""
    monkeypatch.setattr(http, "_WAIT_S", 0.01)
    monkeypatch.setattr(store, "_WAIT_S", 0.01)


@pytest.fixture
def served(tmp_path):
    """A registry in a process of its own, and the token of its administrator."""
    folder = tmp_path / "registry"
    places.create(folder)
    served = Served(folder)
    served.token = Tokens(folder).make("root", ("admin",))
    yield served
    served.kill()


@pytest.fixture
def line(served):
    line = Line(served.url)
    yield line
    line.close()


def push(folder, url, token, seed):
    with places.make_repository(folder) as here, Remote(url, token) as remote:
        version = driver.save(here, f"m{seed}", seed).version
        return transfer(Local(here), remote, version, Author("x")).accepted


def whole(folder, seeds):
    """Each version once and each byte of it, and nothing that is half there."""
    with places.open_folder(folder) as repository:
        found = verify(repository, None, lambda *_: None)
        assert (found.problems, found.broken) == ((), ())
        rows = list(repository.every_version())
        assert sorted(driver.seed_of(repository, row.manifest) for row in rows) == sorted(seeds)
        assert repository.catalog.head().n == len(seeds)
        assert repository.catalog.head().n == len(list(repository.catalog.read()))


def test_a_server_that_is_killed_at_any_moment_of_a_push(served, line, tmp_path):
    push(tmp_path / "here", line.url, served.token, 0)
    up, down = line.passed["up"], line.passed["down"]
    seeds = [0]
    moments = [("up", up * n // 5) for n in (1, 2, 3, 4)]
    moments += [("up", up - 300), ("up", up - 1), ("down", down - 1)]
    for way, at in moments:
        seeds.append(len(seeds) * 4)
        line.cut(way, at, for_good=True, then=served.kill)
        with suppress(Unreachable):
            push(tmp_path / "here", line.url, served.token, seeds[-1])
        # As it stands on the disk, and before anything has looked after it.
        with places.open_folder(served.folder) as there:
            assert list(there.catalog.verify()) == []
            for row in there.every_version():
                assert there.whole(row), row.ref
        served.kill()
        served.start()
        line.mend()
        assert push(tmp_path / "here", line.url, served.token, seeds[-1]).version.number
        whole(served.folder, seeds)


def test_a_client_that_is_killed_at_any_moment_of_a_push(served, line, tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    Book(tmp_path / "config").add("team", line.url)
    project = tmp_path / "here"
    project.mkdir()
    seeds, passed = [0, 4], []
    for seed in seeds:
        line.count()
        push(project, line.url, served.token, seed)
        passed.append(dict(line.passed))
    # The smaller one: on a busy machine a request may have been made twice.
    up, down = (min(each[way] for each in passed) for way in ("up", "down"))
    for way, at in [("up", up // 3), ("up", up - 300), ("down", down - 1)]:
        seeds.append(len(seeds) * 4)
        with places.make_repository(project) as here:
            driver.save(here, f"m{seeds[-1]}", seeds[-1])
        started = []
        line.cut(way, at, then=lambda: started[0].kill())  # noqa: B023
        command = [sys.executable, "-m", "snapbook", "push", "--yes", f"m{seeds[-1]}"]
        environment = {**os.environ, "SNAPBOOK_TOKEN": served.token}
        started.append(
            subprocess.Popen(
                command, cwd=project, env=environment, stdout=subprocess.PIPE, text=True
            )
        )
        started[0].communicate(timeout=60)
        assert line.cuts == len(seeds) - 2
        ended = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, timeout=60
        )
        assert ended.returncode == 0, ended.stderr
        whole(served.folder, seeds)
        # What the client noted of it is noted once, too.
        with places.find_repository(project) as here:
            row = here.resolve(parse(f"m{seeds[-1]}"))
            assert row.shared == (f"team::m{seeds[-1]}:0.1.0",)


def test_a_client_that_is_killed_at_any_moment_of_a_pull(served, line, tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPBOOK_CONFIG", str(tmp_path / "config"))
    Book(tmp_path / "config").add("team", line.url)
    push(tmp_path / "here", served.url, served.token, 7)
    line.count()
    with (
        places.make_repository(tmp_path / "first") as first,
        Remote(line.url, served.token) as remote,
    ):
        transfer(remote, Local(first), remote.resolve("m7"), Author("x"))
    down = line.passed["down"]
    command = [sys.executable, "-m", "snapbook", "pull", "team::m7"]
    environment = {**os.environ, "SNAPBOOK_TOKEN": served.token}
    for number, at in enumerate((down // 3, down - 1)):
        project = tmp_path / f"project-{number}"
        project.mkdir()
        started = []
        line.cut("down", at, then=lambda: started[0].kill())  # noqa: B023
        started.append(subprocess.Popen(command, cwd=project, env=environment))
        started[0].wait(60)
        assert line.cuts == number + 1
        with places.find_repository(project) as there:
            assert list(there.catalog.read()) == []
        ended = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, timeout=60
        )
        assert ended.returncode == 0, ended.stderr
        with places.find_repository(project) as there:
            (row,) = there.every_version()
            assert driver.seed_of(there, row.manifest) == 7
            assert [event.type for event in there.catalog.read()] == ["version", "shared"]
            assert verify(there, None, lambda *_: None).problems == ()
